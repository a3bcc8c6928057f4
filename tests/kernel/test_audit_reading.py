"""Who may read the audit trail reads all that is theirs to read, the newest first, and nothing else."""

from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from market import migrations
from market.kernel.audit import ENTRIES, AuditEntry, AuditWhere, cursor_of, read_entries, record
from market.kernel.database import open_database
from market.kernel.errors import Forbidden, Invalid, InvalidCursor, MarketError, NotSignedIn
from market.kernel.market import Market
from market.kernel.pages import Page
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.organisations.audit import count_audit, read_audit
from market.places.manage import RegionRow, VillageDraft, add_regions, add_village
from tests.databases import SqliteDatabases

NOW = datetime(2026, 6, 2, 1, 30, tzinfo=UTC)
ADMIN = Actor(ActorKind.ADMIN, "acc_admin")
WORKER = Actor(ActorKind.SYSTEM)
FENGHUA, XIANGSHAN = "330213", "330225"
COOPERATIVE, FARM, FAR = (f"{kind}_{'0' * 25}{number}" for number, kind in enumerate(("cop", "pdr", "pdr"), start=1))

migrations.metadata()
_ORGANISATIONS = SQLModel.metadata.tables["organisation"]


def found(market: Market, where: AuditWhere | None = None, *, actor: Actor = ADMIN, **page: Any) -> list[int]:
    return [entry.seq for entry in read_audit(market, actor, where or AuditWhere(), **page).entries]


def note(market: Market, *entries: tuple[str, str, str, int], actor: str = "acc_1") -> None:
    """Entries of (action, subject, principal, minutes from NOW)."""
    with market.transaction() as session:
        for action, subject, principal, minutes in entries:
            who = Actor(ActorKind.CUSTOMER, actor)
            at = NOW + timedelta(minutes=minutes)
            record(session, who, action=action, subject=subject, principal=principal or None, now=at)


def organisations(market: Market) -> None:
    """Two in Fenghua, one in Xiangshan."""
    rows = [(f"{county}000000", f"{county}005000", f"{county}005208") for county in (FENGHUA, XIANGSHAN)]
    for county, township, village in rows:
        add_regions(
            market,
            ADMIN,
            [
                RegionRow(county, "县", None),
                RegionRow(township, "镇", county),
                RegionRow(village, "村", township),
            ],
        )
        home = add_village(
            market, ADMIN, VillageDraft(village, "村", None, "", None, 29.6, 121.4, is_place_checked=True)
        )
        ids = (COOPERATIVE, FARM) if county.startswith(FENGHUA) else (FAR,)
        with market.transaction() as session:
            for organisation_id in ids:
                values = {"id": organisation_id, "kind": "HOUSEHOLD", "state": "ACTIVE", "name": "家", "story": ""}
                place = {"village_id": home, "region_code": village, "latitude": 29.6, "longitude": 121.4}
                session.execute(sa.insert(_ORGANISATIONS), {**values, **place, "created_at": NOW})


def staff(*counties: str) -> Actor:
    codes = frozenset(f"{county}000000" for county in counties)
    return Actor(ActorKind.STAFF, "acc_s", staff_roles=frozenset({Role.STAFF_MODERATOR}), region_codes=codes)


def member(role: Role, *organisation_ids: str) -> Actor:
    return Actor(ActorKind.MEMBER, "acc_m", organisations={each: frozenset({role}) for each in organisation_ids})


def test_entries_come_the_newest_first_and_by_number_where_the_time_is_the_same(market: Market) -> None:
    note(market, ("a.x", "s", "", 1), ("a.x", "s", "", 3), ("a.x", "s", "", 2), ("a.x", "s", "", 2))

    assert found(market) == [2, 4, 3, 1]


@pytest.mark.parametrize(
    ("where", "seqs"),
    [
        (AuditWhere(), [5, 4, 3, 2, 1]),
        (AuditWhere(subject="prd_1"), [2, 1]),
        (AuditWhere(actor="acc_1"), [4, 3, 2, 1]),
        (AuditWhere(principal="cop_1"), [3, 1]),
        (AuditWhere(action="listing."), [2, 1]),
        (AuditWhere(action="listing.approve"), [2]),
        (AuditWhere(action="listing_old."), [3]),
        (AuditWhere(action="listing"), [3, 2, 1]),
        (AuditWhere(action="order."), []),
        (AuditWhere(since=NOW + timedelta(minutes=2)), [5, 4, 3, 2]),
        (AuditWhere(until=NOW + timedelta(minutes=2)), [1]),
        (AuditWhere(since=NOW + timedelta(minutes=2), until=NOW + timedelta(minutes=4)), [3, 2]),
        (AuditWhere(subject="prd_1", principal="cop_1", action="listing.s", actor="acc_1"), [1]),
        (AuditWhere(subject="prd_9"), []),
    ],
)
def test_filters_narrow_the_trail_and_combine(market: Market, where: AuditWhere, seqs: list[int]) -> None:
    note(
        market,
        ("listing.submit", "prd_1", "cop_1", 1),
        ("listing.approve", "prd_1", "", 2),
        ("listing_old.submit", "prd_2", "cop_1", 3),
        ("stock.adjust", "var_1", "pdr_1", 4),
    )
    note(market, ("zone.add", "rgn_1", "", 5), actor="acc_2")

    assert found(market, where) == seqs


def test_pages_follow_each_other_without_gaps_while_others_record(market: Market) -> None:
    note(market, *[("a.x", "s", "", minutes // 3) for minutes in range(10)])
    seen: list[AuditEntry] = []
    cursor = None

    while True:
        page = read_audit(market, ADMIN, AuditWhere(), page=Page(3), cursor=cursor)
        seen += page.entries
        cursor = cursor_of(page.entries[-1])
        note(market, ("a.x", "s", "", 99))
        if not page.has_more:
            break

    assert [entry.seq for entry in seen] == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]
    earlier = read_audit(market, ADMIN, AuditWhere(), page=Page(4, is_backward=True), cursor=cursor_of(seen[6]))
    assert (earlier.entries, earlier.has_more) == (tuple(seen[2:6]), True)


def test_a_last_page_that_is_full_has_none_after_it(market: Market) -> None:
    note(market, *[("a.x", "s", "", minutes) for minutes in range(3)])

    assert read_audit(market, ADMIN, AuditWhere(), page=Page(3)).has_more is False
    assert read_audit(market, ADMIN, AuditWhere(), page=Page(2)).has_more is True
    oldest = read_audit(market, ADMIN, AuditWhere(), page=Page(2, is_backward=True))
    assert ([entry.seq for entry in oldest.entries], oldest.has_more) == ([2, 1], True)
    assert read_audit(market, ADMIN, AuditWhere(subject="none")).entries == ()


def test_entries_are_counted_up_to_a_bound(market: Market) -> None:
    organisations(market)
    note(market, *[("a.x", "s", FARM, minutes) for minutes in range(5)], ("a.y", "s", FAR, 9))

    assert count_audit(market, ADMIN, AuditWhere(), most=10) == 6
    assert count_audit(market, ADMIN, AuditWhere(), most=4) == 4
    assert count_audit(market, staff(FENGHUA), AuditWhere(), most=10) == 5
    assert count_audit(market, ADMIN, AuditWhere(action="a.y"), most=10) == 1
    with pytest.raises(NotSignedIn):
        count_audit(market, VISITOR, AuditWhere(), most=10)


def test_each_reader_sees_what_was_done_for_whom_they_may_look_after(market: Market) -> None:
    organisations(market)
    note(
        market,
        ("a.x", "s", COOPERATIVE, 1),
        ("a.x", "s", FARM, 2),
        ("a.x", "s", FAR, 3),
        ("a.x", "s", "", 4),
        ("a.x", "s", f"pdr_{'0' * 26}", 5),
    )

    seen: dict[str, list[int]] = {
        name: found(market, actor=actor)
        for name, actor in {
            "admin": ADMIN,
            "fenghua": staff(FENGHUA),
            "both": staff(FENGHUA, XIANGSHAN),
            "ningbo": staff("330200"),
            "elsewhere": staff("330281"),
            "owner": member(Role.OWNER, FARM),
            "two": member(Role.OWNER, FARM, FAR),
        }.items()
    }

    assert seen == {
        "admin": [5, 4, 3, 2, 1],
        "fenghua": [2, 1],
        "both": [3, 2, 1],
        "ningbo": [3, 2, 1],
        "elsewhere": [],
        "owner": [2],
        "two": [3, 2],
    }
    assert found(market, AuditWhere(principal=FAR), actor=staff(FENGHUA)) == []
    assert found(market, AuditWhere(principal=FAR), actor=member(Role.OWNER, FARM)) == []


def test_who_has_no_business_with_the_trail_is_refused(market: Market) -> None:
    readers: Iterable[tuple[Actor, type[MarketError]]] = [
        (VISITOR, NotSignedIn),
        (Actor(ActorKind.CUSTOMER, "acc_1"), Forbidden),
        (member(Role.EDITOR, FARM), Forbidden),
        (member(Role.FINANCE, FARM), Forbidden),
        (Actor(ActorKind.STAFF, "acc_s", staff_roles=frozenset({Role.STAFF_ANALYST})), Forbidden),
        (WORKER, Forbidden),
    ]
    for actor, refused in readers:
        with pytest.raises(refused):
            read_audit(market, actor, AuditWhere())


@pytest.mark.parametrize(
    "action", ["", "%", "listing.%", "Listing.", "listing..x", "a'b", "a.b.c", "x" * 33, "listing.\n"]
)
def test_what_no_action_begins_with_is_refused(market: Market, action: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_audit(market, ADMIN, AuditWhere(action=action))

    assert refused.value.facts["field"] == "action"


def test_a_time_that_ends_before_it_begins_is_refused(market: Market) -> None:
    with pytest.raises(Invalid) as refused:
        read_audit(market, ADMIN, AuditWhere(since=NOW, until=NOW))

    assert refused.value.facts["field"] == "until"


@pytest.mark.parametrize(
    "cursor", ["", "a", "a~1", "b~1~1", "a~x~1", "a~1~1~1", "a~99999999999999999999~1", "a~9223372036854775807~1"]
)
def test_a_cursor_of_another_list_is_refused(market: Market, cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        read_audit(market, ADMIN, AuditWhere(), cursor=cursor)


@pytest.mark.parametrize("column", ["subject", "actor", "principal"])
def test_each_way_of_asking_has_an_index_in_the_order_of_the_list(
    sqlite_databases: SqliteDatabases, column: str
) -> None:
    """On SQLite, where the plan does not depend on how many rows there are: PostgreSQL reads a small table whole."""
    chosen = sa.select(ENTRIES).where(ENTRIES.c[column] == "x").order_by(ENTRIES.c.at.desc(), ENTRIES.c.seq.desc())
    with closing(open_database(sqlite_databases.create())) as database, database.read() as session:
        statement = str(chosen.limit(5).compile(session.connection(), compile_kwargs={"literal_binds": True}))
        plan = " ".join(str(row) for row in session.execute(sa.text(f"EXPLAIN QUERY PLAN {statement}")))

    assert f"USING INDEX audit_entry_{column} ({column}=?)" in plan
    assert "TEMP B-TREE" not in plan


def test_reading_is_a_step_for_whoever_has_another_reach(market: Market) -> None:
    note(market, ("a.x", "s", "cop_1", 1), ("a.x", "s", "cop_2", 2))

    with market.read() as session:
        page = read_entries(session, AuditWhere(), within=ENTRIES.c.principal == "cop_2", page=Page(10))

    assert [entry.seq for entry in page.entries] == [2]
