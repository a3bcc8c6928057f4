"""Floor 8: money in and out. Payments, refunds, what providers say of them, and the gateways to providers."""
