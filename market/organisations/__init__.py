"""Floor 3: who sells. Cooperatives and producers, memberships, certificates."""
