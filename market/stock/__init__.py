"""Floor 5: what is on hand and free to sell."""
