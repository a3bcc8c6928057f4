"""Writing sheets: for people to fill in, and what there is."""
