"""Statements: drafted from the ledger when a period is over, issued, then confirmed or disputed by the seller."""
