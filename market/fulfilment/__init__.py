"""Floor 8: how what was bought gets to whoever bought it. Delivery offers, shipments, pick-up points, tracking."""
