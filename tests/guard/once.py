"""The real `chaos` program with the tests' own fault family, once: `python -m tests.guard.once run FILE`."""

import importlib

importlib.import_module("tests.guard.faults_by_name")

if __name__ == "__main__":
    from chaostoolkit.__main__ import cli

    cli()
