"""Which chaos runs there were on this machine, and in journals from elsewhere."""
