"""Floor 3: who sells. Cooperatives and producers, their people and papers, memberships with powers.

Start with `rules` (states and their moves), then `acting` (who does what for whom: every room above asks it), then
`manage` (the use cases). `steps` and `queries` are what other rooms join to their own transactions.
"""
