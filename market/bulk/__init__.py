"""Above stock and sessions: many things at once, from a spreadsheet and into one.

A sheet is declared once (`sheets/`); template, reading, error messages and export come from that. Imports go through
the other rooms' steps, so that a row is refused for the same reasons as a form. Read `rules.py` and
`sheets/columns.py` first, then `run.py`.
"""
