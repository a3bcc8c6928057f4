"""Use cases: pools that sessions share, what options draw from them, how much there is."""
