"""A clock that tests set."""

from datetime import UTC, datetime, timedelta


class FakeClock:
    """Stands still until it is moved. Passed to `Market` in place of the system's clock."""

    def __init__(self, now: datetime = datetime(2026, 6, 2, 1, 30, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The moment it shows."""
        return self.now

    def advance(self, **time: float) -> datetime:
        """Move on by so many days, hours, minutes, seconds; the new moment."""
        self.now += timedelta(**time)
        return self.now
