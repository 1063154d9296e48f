"""What chaos runs may spend of an error budget in a calendar month, and what they have spent of it."""
