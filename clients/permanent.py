"""Errors that stay."""


class PermanentError(Exception):
    """What no repetition mends: it takes a person, other rights or another configuration. Mixed into others."""
