"""Floor 1: where things are. Regions by 12-digit code, villages, distances."""
