"""A year of trade for the demo: `market seed --year`, after the demo itself. Read `live.seed_year` first."""
