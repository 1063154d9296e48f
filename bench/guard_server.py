"""A Prometheus of so many SLOs in a process of its own, so that its time is not counted as the guard's.

    python -m bench.guard_server NAME ...

Prints its address, and serves until its standard input ends.
"""

import sys

from tests.guard.slo_prometheus import SloScript, slo_prometheus

if __name__ == "__main__":
    with slo_prometheus(SloScript(tuple(sys.argv[1:]))) as url:
        print(url, flush=True)
        sys.stdin.read()
