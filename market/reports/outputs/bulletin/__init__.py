"""The monthly bulletin of a county: the same figures as a page to print and as PDF. Read `gather.py` first."""
