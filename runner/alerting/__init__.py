"""The page is part of the system under test: from the fault to the person who should be paged, and back to quiet."""
