"""Floor 12: what was sold, to the fen of the ledger: the report catalogue, exports, submissions."""
