"""What is given to change sessions, series and pools, and why not."""

import re
from datetime import date, time
from typing import Annotated

import strawberry
from strawberry import UNSET

from market.kernel.errors import Invalid
from market.sessions import errors
from market.sessions.bulk import SessionScope
from market.sessions.rules import SeriesPlan
from schema.mutations import UserError, told_as
from schema.permissions import PUBLIC, ruled

_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)


@told_as(errors.CapacityBelowTaken, lambda error, _language: {name: error.facts[name] for name in ("taken", "wanted")})
@strawberry.type(description="More is held or confirmed than would fit.")
@ruled(PUBLIC)
class CapacityBelowTaken(UserError):
    taken: int = strawberry.field(description="How many are held or confirmed: the least that the capacity can be.")
    wanted: int = strawberry.field(description="The capacity that was asked for.")


@told_as(errors.SeatsTaken, lambda error, _language: {"taken": error.facts["taken"]})
@strawberry.type(
    description="Somebody has seats in the session: it is cancelled by the operator cancellation, which refunds."
)
@ruled(PUBLIC)
class SeatsTaken(UserError):
    taken: int = strawberry.field(description="How many are held or confirmed.")


@strawberry.input(
    description="When a series has sessions, and how large. The rule is an RFC 5545 recurrence of FREQ (DAILY, WEEKLY, "
    "MONTHLY), INTERVAL, BYDAY, BYMONTHDAY, and UNTIL or COUNT, all within 366 days of the first day."
)
class SeriesPlanInput:
    rule: str = strawberry.field(description="On which days: FREQ=WEEKLY;BYDAY=SA,SU;COUNT=20.")
    first_day: date = strawberry.field(description="The day that the rule starts from, Shanghai's.")
    times: list[str] = strawberry.field(description='Start times of day in Shanghai, "09:30"; 1 to 24.')
    capacity: int = strawberry.field(description="How many people fit in each session, 1 to 10,000.")
    last_day: date | None = strawberry.field(
        default=UNSET, description="No session after this day; needed when the rule has no end of its own."
    )
    exceptions: list[date] | None = strawberry.field(default=UNSET, description="Days left out (EXDATE).")
    extra_days: list[date] | None = strawberry.field(default=UNSET, description="Further days (RDATE).")

    def plan(self) -> SeriesPlan:
        """What the use cases take, or refuses with Invalid a time of day that is none."""
        return SeriesPlan(
            rule=self.rule,
            first_day=self.first_day,
            times=tuple(map(_time, self.times)),
            capacity=self.capacity,
            last_day=self.last_day or None,
            exceptions=tuple(self.exceptions or ()),
            extra_days=tuple(self.extra_days or ()),
        )


def _time(text: str) -> time:
    found = _TIME.fullmatch(text)
    if found is None:
        raise Invalid(field="times", allowed='a time of day such as "09:30"', allowed_zh="时间的格式为 09:30")
    return time(int(found[1]), int(found[2]))


@strawberry.input(one_of=True, description="Whose sessions.")
class SessionsOfInput:
    tour_package: strawberry.ID | None = strawberry.field(default=UNSET, description="Of this package.")
    organisation: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Of this producer, or sold by this cooperative."
    )
    region: str | None = strawberry.field(
        default=UNSET,
        description="In this region's subtree, a 12-digit statistical code; what the caller manages there.",
    )


@strawberry.input(description="Sessions to come on some days.")
class SessionScopeInput:
    start: date = strawberry.field(name="from", description="From this day, Shanghai's.")
    end: date = strawberry.field(name="to", description="To this day, included; at most 92 days.")
    of: SessionsOfInput = strawberry.field(description="Whose.")

    def scope(self) -> SessionScope:
        """What the use cases take."""
        of = self.of
        return SessionScope(
            self.start,
            self.end,
            package_id=of.tour_package or None,
            organisation_id=of.organisation or None,
            region_code=of.region or None,
        )


SeriesPlanArgument = Annotated[SeriesPlanInput, strawberry.argument(description="When, and how large.")]
SessionScopeArgument = Annotated[SessionScopeInput, strawberry.argument(description="Which sessions.")]
