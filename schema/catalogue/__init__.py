"""Categories, produce, tour packages and search."""
