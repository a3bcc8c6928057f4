"""Whoever asks to be erased is, and nothing that says who they were is left."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from market.kernel.audit import verify
from market.kernel.database import open_database
from market.kernel.errors import IllegalTransition, NotFound
from market.kernel.market import Market
from market.kernel.outbox import OutboxMessage
from market.kernel.personal import OnErasure, PersonalKind, part_of, personal
from market.people.profile.addresses import add_address, list_addresses
from market.people.profile.belongings import belongings
from market.people.profile.consents import give_consent
from market.people.profile.erasure import (
    ERASED,
    erase_people,
    withdraw_erasure,
)
from market.people.profile.export import request_export
from market.people.profile.preferences import edit_profile
from market.people.profile.rules import (
    COOLING_OFF,
    ConsentKind,
    ConsentSource,
    PrivacyState,
)
from market.people.rules import AccountState
from market.people.tables import Account, Device
from tests.clock import FakeClock
from tests.databases import SqliteDatabases
from tests.people.profile.erasing import ALL, ask, erase, live, state, traces
from tests.people.profile.persons import KEY, draft, dump, person, settle


def test_nothing_of_an_erased_person_is_left_anywhere(market: Market, clock: FakeClock) -> None:
    settle(market)
    owner, other = live(market), live(market, "李四", "13912345678")
    theirs, others = traces(market, owner), traces(market, other)
    before = dump(market)
    assert len(theirs) > 12
    assert [trace for trace in theirs | others if trace not in before] == []

    ask(market, owner)
    clock.now += COOLING_OFF
    assert erase(market) == 1

    left = dump(market)
    assert [trace for trace in theirs if trace in left] == []
    assert [trace for trace in others if trace not in left] == []
    for text in (owner.phone, owner.openid, "王小明", "收件人", "滕头路"):
        assert text not in left


def test_nothing_of_an_erased_person_is_left_in_the_pages_of_the_file(sqlite_databases: SqliteDatabases) -> None:
    """SQLite leaves what was deleted or overwritten in free space, unless it is told to wipe it."""
    url, clock = sqlite_databases.create(), FakeClock()
    with closing(Market(open_database(url), clock=clock)) as market:
        settle(market)
        owner = live(market)
        theirs = traces(market, owner)
        ask(market, owner)
        clock.now += COOLING_OFF
        erase(market)
        # As closing the database's last connection does.
        with market.database.writer.connect() as connection:
            connection.rollback()
            raw = connection.connection.dbapi_connection
            assert raw is not None
            assert raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall() == [(0, 0, 0)]

        file = Path(url.removeprefix("sqlite:///")).read_bytes()

    assert [trace for trace in theirs if trace.encode() in file] == []
    sqlite_databases.drop(url)


def test_what_stays_of_an_erased_person_leads_to_nobody(market: Market, clock: FakeClock) -> None:
    settle(market)
    owner = live(market)
    ask(market, owner)
    clock.now += COOLING_OFF
    erase(market)

    with market.read() as session:
        account = session.get_one(Account, owner.id)
        assert (account.state, account.phone_sealed, account.phone_digest) == (AccountState.ERASED, None, None)
        assert account.name == "已注销"
        mine = {
            each.table.name: session.execute(sa.select(sa.func.count()).where(each.where(owner.id))).scalar_one()
            for each in belongings(ALL)
        }
        devices = session.exec(select(Device.revoked_at).where(Device.account_id == owner.id)).all()
        assert len(devices) == 2 and all(devices)
        assert verify(session).is_intact
    kept = {name for name, count in mine.items() if count}
    assert kept == {"account", "device", "consent", "privacy_request", "audit_entry"}


def test_rooms_hear_of_it_by_the_id_alone(market: Market, clock: FakeClock) -> None:
    owner = person(market)
    ask(market, owner)
    clock.now += COOLING_OFF
    erase(market)

    with market.read() as session:
        [message] = session.exec(select(OutboxMessage).where(OutboxMessage.topic == ERASED)).all()
    assert (message.aggregate, message.payload) == (owner.id, {"account_id": owner.id})


def test_an_erased_person_is_gone_for_every_use_case(market: Market, clock: FakeClock) -> None:
    settle(market)
    owner = live(market)
    request_id = ask(market, owner)
    clock.now += COOLING_OFF
    erase(market)

    assert list_addresses(market, owner.actor) == []
    acts: list[Any] = [
        lambda: add_address(market, owner.actor, draft(), key=f"{KEY}-9"),
        lambda: give_consent(market, owner.actor, kind=ConsentKind.TERMS, version="1", source=ConsentSource.WEB),
        lambda: edit_profile(market, owner.actor, name="王小明"),
        lambda: request_export(market, owner.actor, key=f"{KEY}-9"),
        lambda: ask(market, owner, 9),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act()
    with pytest.raises(IllegalTransition):
        withdraw_erasure(market, owner.actor, request_id=request_id)
    again = person(market, owner.actor.account_id or "", owner.phone)
    assert again.id != owner.id, "the number opens another account"


def test_a_table_that_a_room_adds_later_is_erased_by_what_its_columns_say(market: Market, clock: FakeClock) -> None:
    owner, other = person(market), person(market, "李四", "13912345678")
    tables = sa.MetaData()
    for name in ("account", "device"):
        SQLModel.metadata.tables[name].to_metadata(tables)
    order = sa.Table(
        "purchase",
        tables,
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("account_id", sa.String),
        sa.Column("note", sa.String, **personal(PersonalKind.TEXT, OnErasure.CLEAR)),
        sa.Column("buyer_name", sa.String, **personal(PersonalKind.NAME, OnErasure.CLEAR, replacement="匿名")),
        sa.Column("invoice", sa.String, **personal(PersonalKind.TEXT, OnErasure.KEEP, reason="Accounting Law")),
    )
    line = sa.Table(
        "purchase_photo",
        tables,
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("purchase_id", sa.String, sa.ForeignKey("purchase.id"), **part_of()),
        sa.Column("caption", sa.String, **personal(PersonalKind.TEXT, OnErasure.DELETE)),
    )
    visit = sa.Table(
        "visit",
        tables,
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("guided_by", sa.String, sa.ForeignKey("account.id")),
        sa.Column("guest_phone", sa.String, **personal(PersonalKind.PHONE, OnErasure.DELETE)),
    )
    with market.transaction() as session:
        for table in (order, line, visit):
            table.create(session.connection())
        session.execute(sa.insert(visit), {"id": "v", "guided_by": owner.id, "guest_phone": "13700000000"})
        for each, person_id in (("mine", owner.id), ("theirs", other.id)):
            values = {"note": "请放门口", "buyer_name": "王小明", "invoice": "发票"}
            session.execute(sa.insert(order), {"id": each, "account_id": person_id, **values})
            session.execute(sa.insert(line), {"id": each, "purchase_id": each, "caption": "我家门口"})
    ask(market, owner)
    clock.now += COOLING_OFF

    assert erase_people(market, tables, ()) == 1

    with market.read() as session:
        kept = session.execute(sa.select(order).order_by(order.c.id)).all()
        photos = session.execute(sa.select(line.c.id)).scalars().all()
        visits = session.execute(sa.select(visit)).all()
    assert [tuple(row) for row in kept] == [
        ("mine", owner.id, None, "匿名", "发票"),
        ("theirs", other.id, "请放门口", "王小明", "发票"),
    ]
    assert photos == ["theirs"]
    assert [tuple(row) for row in visits] == [("v", owner.id, "13700000000")], "another's, who was guided by them"


def test_a_blocked_person_can_be_erased_all_the_same(market: Market, clock: FakeClock) -> None:
    owner = person(market)
    ask(market, owner)
    with market.transaction() as session:
        session.get_one(Account, owner.id).state = AccountState.BLOCKED
    clock.now += COOLING_OFF + timedelta(days=3)

    assert erase(market) == 1

    assert state(market, owner) is PrivacyState.ERASED
    with market.read() as session:
        assert session.exec(select(Account.id).where(col(Account.state) == AccountState.ERASED)).all() == [owner.id]
