"""Taking out what runs have left behind: which faults, when, and what came of it."""
