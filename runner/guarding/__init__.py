"""What keeps a run within its limits: admission, watching, stopping, and taking out whatever went in."""
