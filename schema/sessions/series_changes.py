"""How series are changed: each mutation is one use case."""

from datetime import date
from typing import Annotated

import strawberry

from market.kernel.permissions import Permission
from market.sessions.rules import days_of
from market.sessions.series import create_series, edit_series, end_series
from market.sessions.series.change import SeriesChanged
from schema.mutations import IdempotencyKey, Info, changed, mutation
from schema.permissions import ruled
from schema.sessions.inputs import SeriesPlanArgument
from schema.sessions.series import SERIES, SessionSeries

RULE = Permission.SESSION_MANAGE

SeriesId = Annotated[strawberry.ID, strawberry.argument(description="The series' id.")]


@strawberry.type(description="What a plan would come to. Nothing is made.")
@ruled(RULE)
class SeriesPreview:
    days: list[date] = strawberry.field(description="The days with sessions, in order.")
    session_count: int = strawberry.field(description="How many sessions those are.")


@strawberry.type(description="Reads of plans of series.")
class SeriesPreviews:
    @strawberry.field(  # type: ignore[untyped-decorator]  # its overloads do not cover plain methods
        description="The days that a plan means, or why it can never work."
    )
    def preview_series(self, plan: SeriesPlanArgument) -> SeriesPreview:
        made = plan.plan()
        days = list(days_of(made))
        return SeriesPreview(days=days, session_count=len(days) * len(made.times))


@strawberry.type(description="The series was made.")
@ruled(RULE)
class CreateSeriesPayload:
    series_id: strawberry.Private[str]
    made: int = strawberry.field(description="Sessions made, of the coming 120 days.")
    series: SessionSeries | None = changed(
        "The series.", SessionSeries | None, lambda: SERIES, lambda payload: payload.series_id
    )


@strawberry.type(description="The series was changed, and its sessions to come with it.")
@ruled(RULE)
class ChangeSeriesPayload:
    series_id: strawberry.Private[str]
    made: int = strawberry.field(description="Sessions made, of the coming 120 days.")
    changed_count: int = strawberry.field(description="Sessions with another capacity.")
    closed: int = strawberry.field(description="Sessions that it no longer has and that nobody had a seat in.")
    reopened: int = strawberry.field(description="Sessions that it has again.")
    left: list[strawberry.ID] = strawberry.field(
        description="Sessions left as they were though the series says otherwise: somebody has seats in them."
    )
    series: SessionSeries | None = changed(
        "The series now.", SessionSeries | None, lambda: SERIES, lambda payload: payload.series_id
    )

    @classmethod
    def of(cls, done: SeriesChanged) -> "ChangeSeriesPayload":
        """From what the use case tells."""
        return cls(
            series_id=done.series_id,
            made=done.made,
            changed_count=done.changed,
            closed=done.closed,
            reopened=done.reopened,
            left=[strawberry.ID(each) for each in done.left],
        )


@strawberry.type(description="Changes of series.")
class SeriesMutations:
    @mutation(
        "Make a series of an option by a recurrence rule, with its sessions of the coming 120 days; later ones follow in "
        "time. Where the option has a session at the same time already, that one stays as it is.",
        rule=RULE,
    )
    async def create_series(
        self,
        info: Info,
        option_id: Annotated[strawberry.ID, strawberry.argument(description="The option that takes place.")],
        plan: SeriesPlanArgument,
        idempotency_key: IdempotencyKey,
    ) -> CreateSeriesPayload:
        made = await info.context.act(create_series, str(option_id), plan.plan(), idempotency_key=idempotency_key)
        return CreateSeriesPayload(series_id=made.series_id, made=made.made)

    @mutation(
        "Let a series follow another plan from now on. Only sessions to come in which nobody has a seat change; the "
        "others are named.",
        rule=RULE,
    )
    async def edit_series(
        self, info: Info, series_id: SeriesId, plan: SeriesPlanArgument, idempotency_key: IdempotencyKey
    ) -> ChangeSeriesPayload:
        return ChangeSeriesPayload.of(
            await info.context.act(edit_series, str(series_id), plan.plan(), idempotency_key=idempotency_key)
        )

    @mutation(
        "End a series for good: sessions to come in which nobody has a seat are closed, the others stay and are named.",
        rule=RULE,
    )
    async def end_series(self, info: Info, series_id: SeriesId, idempotency_key: IdempotencyKey) -> ChangeSeriesPayload:
        return ChangeSeriesPayload.of(
            await info.context.act(end_series, str(series_id), idempotency_key=idempotency_key)
        )
