"""Experiment files: what may be in one, and everything that is wrong with it, before anything is touched."""
