"""Prebuilt statements do what the session's own execution does, on both engines."""

from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlmodel import Session, SQLModel

from market.checkout.tables import Cart
from market.kernel.database import open_database
from market.kernel.database.prebuilt import Prebuilt
from market.kernel.errors import Unavailable
from market.kernel.market import Market
from market.kernel.outbox import OutboxMessage
from market.people.tables import Account
from market.vouchers.rules import CampaignState, DiscountKind, Funder
from market.vouchers.tables import VoucherCampaign
from tests.clock import FakeClock
from tests.databases import Databases

_CAMPAIGNS = SQLModel.metadata.tables[str(VoucherCampaign.__tablename__)]
_MESSAGES = SQLModel.metadata.tables[str(OutboxMessage.__tablename__)]
_ACCOUNTS = SQLModel.metadata.tables[str(Account.__tablename__)]
ADD_CAMPAIGN = Prebuilt(sa.insert(_CAMPAIGNS))
ADD_MESSAGE = Prebuilt(sa.insert(_MESSAGES))
CAMPAIGNS = sa.select(_CAMPAIGNS).where(_CAMPAIGNS.c.id.in_(sa.bindparam("ids", expanding=True))).order_by("id")
FIND = Prebuilt(CAMPAIGNS)
CLOCK = FakeClock()


@pytest.fixture(scope="module", name="shop")
def _shop(databases: Databases) -> Iterator[Market]:
    """For all of these: each uses rows of its own."""
    url = databases.create()
    with closing(Market(open_database(url), clock=CLOCK)) as market:
        yield market
    databases.drop(url)


def _campaign(campaign_id: str, **others: Any) -> dict[str, Any]:
    return {
        "id": campaign_id,
        "name": "开园节",
        "state": CampaignState.ACTIVE,
        "funder": Funder.PLATFORM,
        "kind": DiscountKind.FIXED,
        "amount_fen": 500,
        "starts_at": CLOCK.now,
        "ends_at": CLOCK.now + timedelta(days=1),
        "created_at": CLOCK.now,
        **others,
    }


def _message(name: str, payload: Any) -> dict[str, Any]:
    return {
        "id": name,
        "topic": "test",
        "aggregate": name,
        "seq": 1,
        "payload": payload,
        "created_at": CLOCK.now,
        "available_at": CLOCK.now,
        "attempts": 0,
    }


def test_rows_are_those_of_the_session_whatever_their_types_and_however_many(shop: Market) -> None:
    with shop.transaction() as session:
        ADD_CAMPAIGN.run(session, _campaign("a1"))
        ADD_CAMPAIGN.run_each(session, [_campaign("a2", code="A2"), _campaign("a3", code="A3")])
        ADD_MESSAGE.run(session, _message("a1", {"名": ["水蜜桃", 1, None]}))
    with shop.read() as session:
        for ids in ([], ["a1"], ["a1", "a3"], ["a1", "a2", "a3"]):
            assert [tuple(row) for row in FIND.all(session, {"ids": ids})] == [
                tuple(row) for row in session.execute(CAMPAIGNS, {"ids": ids})
            ]
        found = FIND.one(session, {"ids": ["a2"]})
        message = Prebuilt(sa.select(_MESSAGES).where(_MESSAGES.c.id == "a1")).one(session)
    assert (found.code, found.state, found.starts_at) == ("A2", CampaignState.ACTIVE, CLOCK.now)
    assert (found.used_count, found.percent) == (0, 0), "the defaults of columns that were not named"
    assert message.payload == {"名": ["水蜜桃", 1, None]}


def test_an_effect_says_how_many_rows_it_had_and_one_row_is_no_more_and_no_fewer(shop: Market) -> None:
    rename = Prebuilt(
        sa.update(_CAMPAIGNS)
        .where(_CAMPAIGNS.c.id.in_(sa.bindparam("ids", expanding=True)))
        .values(name=sa.bindparam("new"))
    )
    with shop.transaction() as session:
        ADD_CAMPAIGN.run_each(session, [_campaign("b1"), _campaign("b2")])
        assert rename.run(session, {"ids": ["b1", "b2", "none"], "new": "采摘节"}) == 2
        assert rename.run(session, {"ids": [], "new": "谁的节"}) == 0
        assert FIND.first(session, {"ids": ["none"]}) is None
        with pytest.raises(sa.exc.NoResultFound):
            FIND.one(session, {"ids": ["none"]})
        with pytest.raises(sa.exc.MultipleResultsFound):
            FIND.one(session, {"ids": ["b1", "b2"]})


def test_what_the_session_has_pending_is_written_before(shop: Market) -> None:
    names = Prebuilt(sa.select(_ACCOUNTS.c.name).where(_ACCOUNTS.c.id == sa.bindparam("account")))
    with shop.transaction() as session:
        session.add(Account(id="acc_pending", name="林顾客", created_at=CLOCK.now))
        assert names.one(session, {"account": "acc_pending"}).name == "林顾客"


def test_a_violation_is_sqlalchemys_tells_no_values_and_ends_at_its_savepoint(shop: Market) -> None:
    with shop.transaction() as session:
        ADD_CAMPAIGN.run(session, _campaign("c1"))
        with pytest.raises(sa.exc.IntegrityError) as refused, session.begin_nested():
            ADD_CAMPAIGN.run(session, _campaign("c2"))
            ADD_CAMPAIGN.run(session, _campaign("c1", name="秘密"))
    assert "秘密" not in str(refused.value)
    with shop.read() as session:
        assert [row.id for row in FIND.all(session, {"ids": ["c1", "c2"]})] == ["c1"]
    with pytest.raises(sa.exc.IntegrityError), shop.transaction() as session:
        ADD_CAMPAIGN.run(session, _campaign("c3"))
        ADD_CAMPAIGN.run(session, _campaign("c1"))
    with shop.read() as session:
        assert FIND.first(session, {"ids": ["c3"]}) is None, "the whole transaction was undone"


def test_after_a_transaction_has_failed_nothing_is_written_beside_it(shop: Market) -> None:
    def go_on(session: Session) -> None:
        ADD_CAMPAIGN.run(session, _campaign("d1"))
        session.add(Cart(id="car_nobodys", created_at=CLOCK.now, updated_at=CLOCK.now))
        with suppress(sa.exc.IntegrityError):
            session.flush()
        ADD_CAMPAIGN.run(session, _campaign("d2"))

    with pytest.raises(sa.exc.PendingRollbackError), shop.transaction() as session:
        go_on(session)
    with shop.read() as session:
        assert FIND.all(session, {"ids": ["d1", "d2"]}) == []


def test_whoever_listens_to_the_engine_hears_them(shop: Market) -> None:
    heard: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        heard.append(statement.split(maxsplit=1)[0])

    event.listen(shop.database.writer, "before_cursor_execute", note)
    try:
        with shop.transaction() as session:
            FIND.all(session, {"ids": []})
    finally:
        event.remove(shop.database.writer, "before_cursor_execute", note)
    assert heard[-1] == "SELECT"


def test_a_lost_connection_is_unavailable_once_and_the_next_transaction_has_another(market: Market) -> None:
    if market.database.engine.name == "sqlite":
        pytest.skip("a file is not cut off")
    mine = Prebuilt(sa.select(sa.func.pg_backend_pid().label("pid")))
    end = Prebuilt(sa.select(sa.func.pg_terminate_backend(sa.bindparam("pid", type_=sa.Integer))))
    with pytest.raises(Unavailable), market.transaction() as session:
        lost = mine.one(session).pid
        with market.read() as other:
            end.one(other, {"pid": lost})
        FIND.all(session, {"ids": []})
    with market.transaction() as session:
        assert mine.one(session).pid != lost


def test_a_server_that_was_restarted_costs_no_transaction(market: Market) -> None:
    if market.database.engine.name == "sqlite":
        pytest.skip("a file is not restarted")
    mine = Prebuilt(sa.select(sa.func.pg_backend_pid().label("pid")))
    end = Prebuilt(sa.select(sa.func.pg_terminate_backend(sa.bindparam("pid", type_=sa.Integer), 10_000)))
    with market.transaction() as session:
        lost = mine.one(session).pid
    with market.read() as other:
        end.one(other, {"pid": lost})
    with market.transaction() as session:
        assert mine.one(session).pid != lost
