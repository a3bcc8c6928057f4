"""A person's own affairs: addresses, consents, their name and language, and the data kept of them.

`registry.py` lists every personal column of every room; `belongings.py` finds every row of a person by walking the
tables, so that `export.py` and `erasure.py` cannot forget one.
"""
