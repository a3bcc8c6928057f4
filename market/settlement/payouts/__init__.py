"""Payouts: proposed in batches by one person, approved by another, and what became of each."""
