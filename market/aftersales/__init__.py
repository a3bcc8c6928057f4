"""Floor 10: when it did not go as it should. Cancelled bookings and departures, refunds. Reckoned from what was sold."""
