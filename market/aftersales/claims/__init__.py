"""Claims: something was wrong with what was bought, or it is sent back. Read `rules.py`, then `moves.py`."""
