"""Floor 10: what buyers say of what they had. Only of what they had."""
