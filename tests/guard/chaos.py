"""The real `chaos` program with the tests' own fault family: `python -m tests.guard.chaos run FILE`."""

import sys

import tests.guard.faults

sys.modules["actions.files_of_tests"] = tests.guard.faults

if __name__ == "__main__":
    from chaostoolkit.__main__ import cli

    cli()
