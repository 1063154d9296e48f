"""The report of a run: one model made of its record, and the forms in which it is handed on."""
