"""Floor 5: what is on hand and free to sell. Lots and their certificates, movements, holds.

Read `tables.py` first; then `levels.py`, by which everything is changed, `journal.py`, which goes with it, and whichever
you came for: `holds.py` (selling), `steps.py` and `corrections.py` (receiving, counting), `manage.py` (use cases).
"""
