"""The write-ahead record of faults in effect: what was done to whom, and how to put it back."""
