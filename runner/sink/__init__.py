"""The sink: a receiver of notifications that keeps them, so that runs can see who was told what, and when."""
