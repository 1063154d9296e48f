"""A set of experiments, run one after the other under one error budget: smoke tests of staging, or in the lab."""
