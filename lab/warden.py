"""Waits for the supervisor to die, however it dies, then ends every process that still carries the lab's mark.

The supervisor holds the other end of this process's standard input: its end of file is the supervisor's death.
"""

import os
import sys

from lab.processes import MARK, sweep


def main() -> None:
    sys.stdin.buffer.read()
    sweep(os.environ[MARK])


if __name__ == "__main__":
    main()
