"""Floor 0: what every room stands on. It knows no room and no transport. Read `errors.py` and `market.py` first."""
