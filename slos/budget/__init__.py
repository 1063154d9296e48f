"""What became of an error budget: its state now, its history, and what other objectives would have made of it."""
