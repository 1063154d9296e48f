"""Which objects of a cluster a fault may take, and what hangs on them. All of it only reads."""
