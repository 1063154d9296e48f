"""`python -m lab.workloads.launcher MODULE`: start a rank as a child and end as it ends, as torchrun does it.

So the rank is not process 1 of its container, and can be killed and stopped from inside: the kernel keeps those signals
away from process 1. SIGTERM and SIGINT are passed on. Ends with the rank's exit status; 128+n when signal n killed it.
"""

import os
import signal
import sys
from collections.abc import Sequence

PASSED_ON = (signal.SIGTERM, signal.SIGINT)


def launch(command: Sequence[str]) -> int:
    """Run the command as a child, wait for its end and give its exit status; orphans that fall to us are reaped."""
    signal.pthread_sigmask(signal.SIG_BLOCK, PASSED_ON)  # none may come before there is somebody to pass it on to
    child = os.posix_spawn(command[0], tuple(command), os.environ, setsigmask=())
    for number in PASSED_ON:
        signal.signal(number, lambda number, _: os.kill(child, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
    while True:
        ended, status = os.wait()
        if ended == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(launch([sys.executable, "-m", *sys.argv[1:]]))
