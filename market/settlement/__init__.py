"""Floor 11: whose money is payable when, statements that sellers confirm, payouts that two people make, and whether
the ledger agrees with itself and with the payment providers.

- `release/`: pending becomes payable, and what was refunded afterwards is taken back.
- `statements/`: per party and period, from the ledger alone.
- `payouts/`: batches by a maker and a checker.
- `corrections.py`: the ledger put right by hand, by a maker and a checker.
- `bills/`: compared with the providers' bill files.
- `check.py`: everything that must agree, asked at once.
"""
