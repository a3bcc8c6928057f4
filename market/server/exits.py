"""What a process of the marketplace ends with, for whoever started it."""

OK = 0
FAILED = 1
"""A check found something."""
USAGE = 2
"""A wrong option or setting."""
DATABASE = 3
"""The database cannot be reached, or is not migrated."""
ADDRESS = 4
"""The address cannot be listened on."""
