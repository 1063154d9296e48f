"""SLO files: their formats, from text to the model, and everything that is wrong with them."""
