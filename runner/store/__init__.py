"""The results store: every run that was, in SQLite or PostgreSQL. `runner.store.opening` opens it."""
