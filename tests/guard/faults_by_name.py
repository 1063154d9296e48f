"""Makes the tests' own family known under `actions`, where faults are looked for."""

import sys

import tests.guard.faults

sys.modules["actions.files_of_tests"] = tests.guard.faults
