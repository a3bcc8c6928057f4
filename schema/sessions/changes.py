"""How sessions are changed: each mutation is one use case."""

from datetime import datetime
from typing import Annotated

import strawberry

from market.kernel.permissions import Permission
from market.sessions.bulk import close_sessions, reopen_sessions
from market.sessions.capacity import CapacityChange, change_capacity
from market.sessions.manage import SessionDraft, schedule_session
from market.sessions.moves import cancel_session, close_session, reopen_session
from schema.enums import CloseReason, SaveOutcome
from schema.mutations import IdempotencyKey, Info, changed, mutation
from schema.permissions import ruled
from schema.sessions.inputs import CapacityBelowTaken, SeatsTaken, SessionScopeArgument
from schema.sessions.queries import ONE_SESSION
from schema.sessions.session import TourSession

RULE = Permission.SESSION_MANAGE

SessionId = Annotated[strawberry.ID, strawberry.argument(description="The session's id.")]
Capacity = Annotated[int, strawberry.argument(description="How many people fit, 1 to 10,000.")]
Reason = Annotated[CloseReason, strawberry.argument(description="Why. SERIES is said by series alone.")]


@strawberry.input(description="One session of an option.")
class ScheduleSessionInput:
    option_id: strawberry.ID = strawberry.field(description="The option that takes place.")
    starts_at: datetime = strawberry.field(description="When it starts, on the minute.")
    capacity: int = strawberry.field(description="How many people fit, 1 to 10,000.")


ScheduleSession = Annotated[
    ScheduleSessionInput, strawberry.argument(name="input", description="The session to schedule.")
]


@strawberry.type(description="The session was changed.")
@ruled(RULE)
class SessionPayload:
    session_id: strawberry.Private[str]
    session: TourSession | None = changed(
        "The session now.", TourSession | None, lambda: ONE_SESSION, lambda payload: payload.session_id
    )


@strawberry.type(description="The option has this session.")
@ruled(RULE)
class ScheduleSessionPayload(SessionPayload):
    outcome: SaveOutcome = strawberry.field(description="Whether it is new.")


@strawberry.type(description="Sessions were moved, at most 500 at a time.")
@ruled(RULE)
class SessionsPayload:
    count: int = strawberry.field(description="How many.")
    has_more: bool = strawberry.field(
        description="Whether more are left: ask the same again with a new idempotency key."
    )


@strawberry.type(description="Changes of sessions.")
class SessionMutations:
    @mutation(
        "Schedule one session of an option, or give the one that it has at this moment another capacity.",
        rule=RULE,
        errors=(CapacityBelowTaken,),
    )
    async def schedule_session(
        self, info: Info, given: ScheduleSession, idempotency_key: IdempotencyKey
    ) -> ScheduleSessionPayload:
        draft = SessionDraft(str(given.option_id), given.starts_at, given.capacity)
        saved = await info.context.act(schedule_session, draft, idempotency_key=idempotency_key)
        return ScheduleSessionPayload(session_id=saved.session_id, outcome=saved.outcome)

    @mutation(
        "Change how many people fit in a session; never below what is held and confirmed.",
        rule=RULE,
        errors=(CapacityBelowTaken,),
    )
    async def change_session_capacity(
        self, info: Info, session_id: SessionId, capacity: Capacity, idempotency_key: IdempotencyKey
    ) -> SessionPayload:
        change = CapacityChange(str(session_id), capacity)
        made = await info.context.act(change_capacity, change, idempotency_key=idempotency_key)
        return SessionPayload(session_id=made)

    @mutation("Take no more bookings of a session. Seats already held can still be confirmed.", rule=RULE)
    async def close_session(
        self, info: Info, session_id: SessionId, reason: Reason, idempotency_key: IdempotencyKey
    ) -> SessionPayload:
        made = await info.context.act(close_session, str(session_id), reason=reason, idempotency_key=idempotency_key)
        return SessionPayload(session_id=made)

    @mutation("Take bookings of a closed session again.", rule=RULE)
    async def reopen_session(
        self, info: Info, session_id: SessionId, idempotency_key: IdempotencyKey
    ) -> SessionPayload:
        made = await info.context.act(reopen_session, str(session_id), idempotency_key=idempotency_key)
        return SessionPayload(session_id=made)

    @mutation(
        "Say that a session does not take place, for good, while nobody has a seat in it.",
        rule=RULE,
        errors=(SeatsTaken,),
    )
    async def cancel_session(
        self, info: Info, session_id: SessionId, reason: Reason, idempotency_key: IdempotencyKey
    ) -> SessionPayload:
        made = await info.context.act(cancel_session, str(session_id), reason=reason, idempotency_key=idempotency_key)
        return SessionPayload(session_id=made)

    @mutation(
        "Close the open sessions of a package, an organisation or a region on some days: a typhoon, a broken bridge. 500 "
        "at a time; it can stop and go on.",
        rule=RULE,
    )
    async def close_sessions(
        self, info: Info, scope: SessionScopeArgument, reason: Reason, idempotency_key: IdempotencyKey
    ) -> SessionsPayload:
        done = await info.context.act(close_sessions, scope.scope(), reason=reason, idempotency_key=idempotency_key)
        return SessionsPayload(count=done.count, has_more=done.has_more)

    @mutation(
        "Open sessions again that were closed for this reason, and no others. 500 at a time; it can stop and go on.",
        rule=RULE,
    )
    async def reopen_sessions(
        self, info: Info, scope: SessionScopeArgument, reason: Reason, idempotency_key: IdempotencyKey
    ) -> SessionsPayload:
        done = await info.context.act(reopen_sessions, scope.scope(), reason=reason, idempotency_key=idempotency_key)
        return SessionsPayload(count=done.count, has_more=done.has_more)
