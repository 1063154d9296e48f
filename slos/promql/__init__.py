"""PromQL as SLOs use it: parsed, read, and made to count events."""
