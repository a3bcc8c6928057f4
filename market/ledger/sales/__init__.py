"""Sales: what each line of an order sold and gave back, written with the ledger's own SALE and REFUND, and added up.

`post_sales` is the only way in. `tables.py` says what is kept; `fold.py` adds up; `check.py` finds what is off.
"""
