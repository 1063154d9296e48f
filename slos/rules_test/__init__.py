"""Unit tests for compiled rules, in promtool's format: what an SLO's rules must and must not do.

Nothing here looks at the rules: what they must give is worked out from the declaration alone, so that a wrong factor,
window or query in them fails a test.
"""
