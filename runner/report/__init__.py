"""What a run is told as: for people, for CI, for machines."""
