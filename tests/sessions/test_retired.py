"""Sessions of an option that is offered no more take no more bookings; who has seats in them keeps them."""

from dataclasses import replace
from datetime import time
from functools import partial

import pytest
from sqlmodel import col, select

from market.catalogue.content.drafts import OptionDraft, PackageDraft
from market.catalogue.content.package_rows import OPTIONS_CHANGED
from market.kernel.market import Market
from market.kernel.outbox import OutboxMessage
from market.server.worker import delivery
from market.sessions.bulk import SessionScope, reopen_sessions
from market.sessions.errors import OptionRetired, SessionClosed
from market.sessions.holds import confirm_seats
from market.sessions.moves import close_session, reopen_session
from market.sessions.retired import follow_options
from market.sessions.rules import CloseReason, SeriesPlan, SessionEventKind, SessionState
from market.sessions.series.change import end_series
from market.sessions.series.create import create_series
from market.sessions.tables import SessionEvent, TourSession
from tests.catalogue.fair import Fair, a_key
from tests.sessions.farm import DAY, add_session, hold, row_of


class Orchard(Fair):
    """A fair with a package of two options, morning and afternoon."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.package_id = self.live(self.package())
        self.content: PackageDraft = self.saying(self.package_id)
        self.morning, self.afternoon = (str(each.id) for each in self.content.options)

    def offer(self, *options: OptionDraft) -> None:
        """A revision that offers these options is approved, and the worker comes by."""
        self.save(replace(self.content, options=options), listing_id=self.package_id)
        self.decide(self.submit(self.package_id).revision_id)
        duty = delivery({OPTIONS_CHANGED: partial(follow_options, self.market)})
        while duty.act(self.market):
            pass

    def only_morning(self) -> None:
        self.offer(self.content.options[0])

    def both(self) -> None:
        self.offer(*self.content.options)

    def standing(self, *session_ids: str) -> list[SessionState]:
        return [row_of(self.market, each).state for each in session_ids]

    def told(self, session_id: str) -> list[tuple[SessionEventKind, str]]:
        with self.market.read() as session:
            rows = session.exec(
                select(SessionEvent).where(SessionEvent.session_id == session_id).order_by(col(SessionEvent.id))
            ).all()
            return [(row.kind, row.actor) for row in rows]


@pytest.fixture(name="orchard")
def _orchard(market: Market) -> Orchard:
    return Orchard(market)


def test_they_close_with_their_option_and_open_with_it_again(orchard: Orchard) -> None:
    market = orchard.market
    stays, goes = add_session(market, orchard.morning), add_session(market, orchard.afternoon)
    taken = add_session(market, orchard.afternoon, day=DAY.replace(day=11))
    hold(market, {taken: 2}, holder="one")
    with market.transaction() as session:
        confirm_seats(session, [taken], holder="one", now=market.now())
    by_hand = add_session(market, orchard.afternoon, day=DAY.replace(day=12))
    close_session(market, orchard.owner, by_hand, reason=CloseReason.STAFF, idempotency_key=a_key())

    orchard.only_morning()

    assert orchard.standing(stays, goes, taken, by_hand) == ["OPEN", "CLOSED", "CLOSED", "CLOSED"]
    assert row_of(market, goes).closed_for is CloseReason.SERIES
    assert row_of(market, taken).taken == 2
    assert row_of(market, by_hand).closed_for is CloseReason.STAFF
    assert orchard.told(goes) == [(SessionEventKind.CLOSED, "SYSTEM")]
    with pytest.raises(SessionClosed):
        hold(market, {goes: 1}, holder="two")

    orchard.both()

    assert orchard.standing(stays, goes, taken, by_hand) == ["OPEN", "OPEN", "OPEN", "CLOSED"]
    assert row_of(market, goes).closed_for is None
    hold(market, {goes: 1}, holder="two")


def test_nobody_opens_them_meanwhile(orchard: Orchard) -> None:
    market = orchard.market
    session_id = add_session(market, orchard.afternoon)
    close_session(market, orchard.owner, session_id, reason=CloseReason.WEATHER, idempotency_key=a_key())
    orchard.only_morning()

    with pytest.raises(OptionRetired):
        reopen_session(market, orchard.owner, session_id, idempotency_key=a_key())
    scope = SessionScope(DAY, DAY, package_id=orchard.package_id)
    moved = reopen_sessions(market, orchard.owner, scope, reason=CloseReason.WEATHER, idempotency_key=a_key())

    assert moved.count == 0
    assert orchard.standing(session_id) == [SessionState.CLOSED]

    orchard.both()
    reopen_session(market, orchard.owner, session_id, idempotency_key=a_key())
    assert orchard.standing(session_id) == [SessionState.OPEN]


def test_a_series_that_ended_meanwhile_keeps_its_sessions_closed(orchard: Orchard) -> None:
    market = orchard.market
    plan = SeriesPlan("FREQ=DAILY;COUNT=3", DAY, (time(14),), 8)
    series = create_series(market, orchard.owner, orchard.afternoon, plan, idempotency_key=a_key())
    with market.read() as session:
        made = session.exec(select(TourSession.id).where(TourSession.option_id == orchard.afternoon)).all()
    assert len(made) == 3
    orchard.only_morning()
    end_series(market, orchard.owner, series.series_id, idempotency_key=a_key())

    orchard.both()

    assert set(orchard.standing(*made)) == {SessionState.CLOSED}


def test_the_message_again_changes_nothing_and_other_revisions_send_none(orchard: Orchard) -> None:
    session_id = add_session(orchard.market, orchard.afternoon)
    orchard.only_morning()
    orchard.offer(replace(orchard.content.options[0], name="清晨"))
    assert orchard.told(session_id) == [(SessionEventKind.CLOSED, "SYSTEM")]
    with orchard.market.read() as session:
        messages = session.exec(select(OutboxMessage).where(OutboxMessage.topic == OPTIONS_CHANGED)).all()
    assert len(messages) == 1

    follow_options(orchard.market, messages[0])  # type: ignore[arg-type]  # as much of a claim as it reads

    assert orchard.told(session_id) == [(SessionEventKind.CLOSED, "SYSTEM")]
