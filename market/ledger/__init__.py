"""Floor 5: whose money it is. Double entry: every fen that moves is in two accounts, and nothing is ever rewritten."""
