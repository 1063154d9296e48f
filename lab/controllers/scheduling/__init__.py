"""The scheduler: which node each pod goes to."""
