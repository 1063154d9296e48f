"""`chaos recover` without the wait before its second look: nothing is in flight any more when tests call it.

python -m tests.crash.recover_once
"""

import sys

from runner.recover.decisions import Rules, Scope
from runner.recover.opening import Recoverable


def main() -> None:
    """Recover what is expired or dead; says on standard error what is done."""

    def say(what: object) -> None:
        sys.stderr.write(f"{what}\n")

    with Recoverable(say) as recoverable:
        report = recoverable.recover(Scope(), say, rules=Rules(verify_after=0.0))
    if report.stuck or report.unseen:
        sys.exit(f"stuck: {report.stuck}; unseen: {report.unseen}")


if __name__ == "__main__":
    main()
