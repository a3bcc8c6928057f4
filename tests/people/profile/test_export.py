"""A copy of a person's data holds all that is theirs, opened, and nothing of anybody else."""

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select

from market import migrations
from market.kernel.audit import record
from market.kernel.errors import Forbidden, IdempotencyConflict, InvalidId, MarketError, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind
from market.kernel.personal import OnErasure, PersonalKind, part_of, personal
from market.people.profile import export
from market.people.profile.addresses import add_address
from market.people.profile.belongings import TECHNICAL, belongings
from market.people.profile.consents import give_consent
from market.people.profile.export import expire_exports, make_exports, read_export, request_export
from market.people.profile.requests import LEASE, LeaseLost, claim, list_privacy_requests, require_claimed
from market.people.profile.rules import (
    EXPORT_KEPT,
    AlreadyRequested,
    ConsentKind,
    ConsentSource,
    ExportNotReady,
    PrivacyKind,
    PrivacyState,
    TooManyExports,
)
from market.people.profile.tables import PrivacyExport, PrivacyRequest
from tests.clock import FakeClock
from tests.people.profile.persons import KEY, Person, draft, person, settle

UNKNOWN = "pvr_00000000000000000000000000"
ALL = migrations.metadata()


def ask(market: Market, owner: Person, number: int = 0) -> str:
    return request_export(market, owner.actor, key=f"{KEY}-{number}")


def made(market: Market, owner: Person, number: int = 0) -> dict[str, Any]:
    """A copy, asked for, made and read."""
    request_id = ask(market, owner, number)
    assert make_exports(market, ALL) == 1
    found: dict[str, Any] = json.loads(read_export(market, owner.actor, request_id=request_id))
    return found


def states(market: Market, owner: Person) -> list[PrivacyState]:
    return [each.state for each in list_privacy_requests(market, owner.actor)]


def parts(market: Market) -> list[PrivacyExport]:
    with market.read() as session:
        return list(session.exec(select(PrivacyExport)).all())


def live(market: Market, owner: Person) -> None:
    """Leave some traces."""
    add_address(market, owner.actor, draft(recipient=f"收件人{owner.phone}", phone=owner.phone), key=KEY)
    give_consent(market, owner.actor, kind=ConsentKind.PRIVACY, version="2026-01-01", source=ConsentSource.MINI_PROGRAM)


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
        if any(key.target_fullname == "account.id" for key in table.foreign_keys) or "account_id" in table.c
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


def test_a_long_copy_is_kept_in_sealed_parts(market: Market) -> None:
    owner = person(market)
    with market.transaction() as session:
        for number in range(1200):
            record(session, owner.actor, action="profile.edit", subject=f"{number:060}", now=market.now())

    copy = made(market, owner)

    assert len(copy["mentions"]["audit_entry"]) >= 1200
    assert len({entry["seq"] for entry in copy["mentions"]["audit_entry"]}) == len(copy["mentions"]["audit_entry"])
    kept = parts(market)
    assert len(kept) > 1
    assert not any("profile.edit" in part.content_sealed or owner.phone in part.content_sealed for part in kept)


def test_a_copy_is_kept_for_seven_days(market: Market, clock: FakeClock) -> None:
    owner = person(market)
    request_id = ask(market, owner)

    with pytest.raises(ExportNotReady) as early:
        read_export(market, owner.actor, request_id=request_id)
    make_exports(market, ALL)
    clock.advance(days=7, seconds=-1)
    assert read_export(market, owner.actor, request_id=request_id)
    assert expire_exports(market) == 0
    clock.advance(seconds=1)
    with pytest.raises(ExportNotReady) as late:
        read_export(market, owner.actor, request_id=request_id)
    assert expire_exports(market) == 1

    assert (early.value.facts, late.value.facts) == (
        {"state": PrivacyState.REQUESTED},
        {"state": PrivacyState.EXPIRED},
    )
    assert (states(market, owner), parts(market)) == ([PrivacyState.EXPIRED], [])
    with pytest.raises(ExportNotReady):
        read_export(market, owner.actor, request_id=request_id)


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


def test_a_copy_that_cannot_be_made_keeps_no_other_waiting_and_is_tried_again(market: Market, clock: FakeClock) -> None:
    settle(market)
    broken, other = person(market), person(market, "李四", "13912345678")
    live(market, broken)
    ask(market, broken)
    ask(market, other)
    with market.transaction() as session:
        session.execute(sa.text("UPDATE address SET street_sealed = 'not sealed'"))

    with pytest.raises(ExceptionGroup) as raised:
        make_exports(market, ALL)
    assert [type(error) for error in raised.value.exceptions] == [ValueError]
    assert (states(market, broken), states(market, other)) == ([PrivacyState.REQUESTED], [PrivacyState.READY])

    assert make_exports(market, ALL) == 0
    clock.now += LEASE
    with market.transaction() as session:
        session.execute(sa.text("DELETE FROM address"))
    assert make_exports(market, ALL) == 1
    assert states(market, broken) == [PrivacyState.READY]


def test_two_workers_do_not_make_the_same_copy(market: Market, clock: FakeClock) -> None:
    owner = person(market)
    ask(market, owner)

    with market.transaction() as session:
        [slow] = claim(session, PrivacyKind.EXPORT, now=market.now(), limit=10)
        assert claim(session, PrivacyKind.EXPORT, now=market.now(), limit=10) == []
    clock.now += LEASE
    assert make_exports(market, ALL) == 1

    with market.transaction() as session, pytest.raises(LeaseLost):
        require_claimed(session, slow)
    with pytest.raises(LeaseLost):
        export._make(market, ALL, slow)
    [request] = list_privacy_requests(market, owner.actor)
    assert (request.attempt, {part.attempt for part in parts(market)}) == (2, {2})
    assert json.loads(read_export(market, owner.actor, request_id=request.id))["account"] == owner.id


def test_a_request_says_when_it_was_made_and_until_when_it_is_kept(market: Market, clock: FakeClock) -> None:
    owner = person(market)
    asked_at = clock.now
    ask(market, owner)
    made_at = clock.advance(minutes=1)
    make_exports(market, ALL)

    [request] = list_privacy_requests(market, owner.actor)

    assert (request.kind, request.requested_at, request.finished_at, request.expires_at) == (
        PrivacyKind.EXPORT,
        asked_at,
        made_at,
        made_at + EXPORT_KEPT,
    )


def test_a_ready_copy_has_an_end_by_the_databases_own_rule(market: Market) -> None:
    owner = person(market)

    with pytest.raises(sa.exc.IntegrityError), market.transaction() as session:
        session.add(
            PrivacyRequest(
                id=UNKNOWN,
                account_id=owner.id,
                kind=PrivacyKind.EXPORT,
                state=PrivacyState.READY,
                requested_at=market.now(),
                due_at=market.now() + timedelta(days=1),
            )
        )


def test_the_same_key_for_something_else_is_refused(market: Market) -> None:
    settle(market)
    owner = person(market)
    add_address(market, owner.actor, draft(), key=KEY)

    # Another operation has keys of its own.
    assert request_export(market, owner.actor, key=KEY)
    with pytest.raises(IdempotencyConflict):
        add_address(market, owner.actor, draft(label="公司"), key=KEY)
