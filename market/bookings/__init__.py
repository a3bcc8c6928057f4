"""Floor 6: who comes when. Bookings of sessions, and a ticket for each unit booked (OCTO: Booking, UnitItem)."""
