"""Payment providers' bills against what is on record here: differences by kind, until somebody has looked into them."""
