"""Fixtures of the tests of sets."""

from tests.runner.smoke.chaos_double import chaos_double

__all__ = ["chaos_double"]
