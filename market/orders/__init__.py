"""Floor 7: what was bought. Orders, a part for each seller, lines with everything as it was sold."""
