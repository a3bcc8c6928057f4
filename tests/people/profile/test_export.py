"""A copy of a person's data holds all that is theirs, opened, and nothing of anybody else."""

import json

import pytest
import sqlalchemy as sa

from market.kernel.errors import Forbidden, IdempotencyConflict, InvalidId, MarketError, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind
from market.kernel.personal import OnErasure, PersonalKind, part_of, personal
from market.people.profile.addresses import add_address
from market.people.profile.belongings import TECHNICAL, belongings
from market.people.profile.export import make_exports, read_export, request_export
from market.people.profile.requests import list_privacy_requests
from market.people.profile.rules import (
    AlreadyRequested,
    TooManyExports,
)
from tests.clock import FakeClock
from tests.people.profile.exporting import ALL, UNKNOWN, ask, live, made, states
from tests.people.profile.persons import KEY, draft, person, settle


def test_a_copy_has_everything_of_the_person_opened(market: Market) -> None:
    settle(market)
    owner = person(market)
    live(market, owner)

    copy = made(market, owner)

    assert (copy["format"], copy["version"], copy["account"]) == ("market.personal-data", 1, owner.id)
    own = copy["own"]
    assert [own["account"][0][name] for name in ("name", "phone")] == ["王小明", owner.phone]
    [address] = own["address"]
    assert (address["street"], address["recipient"], address["phone"], address["is_default"]) == (
        "滕头路 12 号",
        f"收件人{owner.phone}",
        owner.phone,
        True,
    )
    assert own["consent"][0]["version"] == "2026-01-01"
    assert own["identity"][0]["subject"] == owner.openid
    assert (own["device"][0]["name"], own["device"][0]["user_agent"]) == (owner.device_name, owner.user_agent)
    assert {entry["action"] for entry in copy["mentions"]["audit_entry"]} >= {"address.add", "consent.give"}


def test_a_copy_has_no_credentials_and_nothing_of_others(market: Market) -> None:
    settle(market)
    owner, other = person(market), person(market, "李四", "13912345678")
    live(market, owner)
    live(market, other)
    request_id = ask(market, owner)
    make_exports(market, ALL)

    text = read_export(market, owner.actor, request_id=request_id).decode()

    assert not any(each in text for each in (other.id, other.phone, other.openid, "李四", "收件人139"))
    assert not any(word in text for word in ("digest", "hash", "sealed", "secret"))


def test_every_table_that_leads_to_a_person_is_in_their_copy(market: Market) -> None:
    owner = person(market)

    copy = made(market, owner)

    reached = {each.table.name for each in belongings(ALL)} - TECHNICAL.keys()
    assert copy["own"].keys() | copy["mentions"].keys() == reached
    pointing = {
        table.name
        for table in ALL.tables.values()
        if any(key.target_fullname == "account.id" for key in table.foreign_keys)
        or ("account_id" in table.c and not table.c.account_id.foreign_keys)
    }
    assert pointing <= reached


def test_a_table_that_a_room_adds_later_is_in_the_copy_without_another_word(market: Market) -> None:
    owner, other = person(market), person(market, "李四", "13912345678")
    tables = sa.MetaData()
    sa.Table("account", tables, sa.Column("id", sa.String, primary_key=True))
    mark = personal(PersonalKind.PHONE, OnErasure.DELETE, sealed_for="order.phone")
    order = sa.Table(
        "purchase",
        tables,
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("account_id", sa.String),
        sa.Column("packed_by", sa.String),
        sa.Column("phone_sealed", sa.String, **mark),
    )
    line = sa.Table(
        "purchase_line",
        tables,
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("purchase_id", sa.String, sa.ForeignKey("purchase.id"), **part_of()),
        sa.Column("title", sa.String),
    )
    review = sa.Table(
        "judgement",
        tables,
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("reviewed_by", sa.String, sa.ForeignKey("account.id")),
        sa.Column("phone_sealed", sa.String, **mark),
    )
    with market.transaction() as session:
        for table in (order, line, review):
            table.create(session.connection())
        phones = [market.sealer.seal(each.phone, purpose="order.phone") for each in (owner, other)]
        session.execute(
            sa.insert(order),
            [
                {"id": "mine", "account_id": owner.id, "packed_by": other.id, "phone_sealed": phones[0]},
                {"id": "theirs", "account_id": other.id, "packed_by": owner.id, "phone_sealed": phones[1]},
            ],
        )
        session.execute(
            sa.insert(line),
            [
                {"id": "l1", "purchase_id": "mine", "title": "水蜜桃"},
                {"id": "l2", "purchase_id": "theirs", "title": "杨梅"},
            ],
        )
        session.execute(sa.insert(review), {"id": "r1", "reviewed_by": owner.id, "phone_sealed": phones[1]})

    request_id = ask(market, owner)
    make_exports(market, tables)
    copy = json.loads(read_export(market, owner.actor, request_id=request_id))

    assert copy["own"] == {
        "account": [{"id": owner.id}],
        "purchase": [{"id": "mine", "account_id": owner.id, "packed_by": other.id, "phone": owner.phone}],
        "purchase_line": [{"id": "l1", "purchase_id": "mine", "title": "水蜜桃"}],
    }
    assert copy["mentions"] == {"judgement": [{"id": "r1", "reviewed_by": owner.id}]}


def test_one_copy_is_made_at_a_time_and_three_within_a_day(market: Market, clock: FakeClock) -> None:
    owner = person(market)
    first = ask(market, owner)

    assert ask(market, owner) == first
    with pytest.raises(AlreadyRequested) as refused:
        ask(market, owner, 1)
    assert refused.value.facts == {"request": first}
    make_exports(market, ALL)
    for number in (2, 3):
        ask(market, owner, number)
        make_exports(market, ALL)
    with pytest.raises(TooManyExports):
        ask(market, owner, 4)
    clock.advance(days=1)

    assert ask(market, owner, 4)
    assert len(states(market, owner)) == 4


def test_somebody_elses_request_answers_as_one_that_is_not_there(market: Market) -> None:
    owner, other = person(market), person(market, "李四", "13912345678")
    theirs = ask(market, other)
    make_exports(market, ALL)

    told = []
    for request_id in (theirs, UNKNOWN):
        with pytest.raises(NotFound) as refused:
            read_export(market, owner.actor, request_id=request_id)
        told.append((str(refused.value), refused.value.facts))

    assert told[0] == told[1]
    with pytest.raises(InvalidId):
        read_export(market, owner.actor, request_id="acc_1")


def test_copies_are_for_people_who_are_signed_in(market: Market) -> None:
    cases: list[tuple[Actor, type[MarketError]]] = [(VISITOR, NotSignedIn), (Actor(ActorKind.SYSTEM), Forbidden)]
    for actor, refused in cases:
        with pytest.raises(refused):
            request_export(market, actor, key=KEY)
        with pytest.raises(refused):
            read_export(market, actor, request_id=UNKNOWN)
        with pytest.raises(refused):
            list_privacy_requests(market, actor)


def test_the_same_key_for_something_else_is_refused(market: Market) -> None:
    settle(market)
    owner = person(market)
    add_address(market, owner.actor, draft(), key=KEY)

    # Another operation has keys of its own.
    assert request_export(market, owner.actor, key=KEY)
    with pytest.raises(IdempotencyConflict):
        add_address(market, owner.actor, draft(label="公司"), key=KEY)
