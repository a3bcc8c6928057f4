"""A report's answer as something to keep or print: CSV and XLSX sheets, charts, the monthly bulletin of a county.

`sheets.py` streams rows and never holds them; `chart.py` says what is drawn; `drawing.py` has it drawn by a process of
its own, so that neither the server's memory nor its event loop feels it.
"""
