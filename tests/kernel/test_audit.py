"""The audit trail holds what was done, and shows when somebody meddles with it."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.kernel.audit import GENESIS, AuditEntry, AuditReport, Head, head, record, verify
from market.kernel.idempotency import canonical
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind
from market.kernel.triggers import append_only, free

NOW = datetime(2026, 6, 2, 1, 30, 0, 123456, tzinfo=UTC)
STAFF = Actor(ActorKind.STAFF, account_id="acc_1", request_id="req-1")
ENTRY = SQLModel.metadata.tables["audit_entry"]
HEAD = SQLModel.metadata.tables["audit_head"]


def add(session: Session, subject: str = "prd_1", after: dict[str, Any] | None = None) -> int:
    return record(session, STAFF, action="listing.approve", subject=subject, now=NOW, after=after)


def fill(market: Market, count: int = 5) -> Head:
    """So many entries; says the head."""
    for number in range(1, count + 1):
        with market.transaction() as session:
            add(session, f"prd_{number}", {"名": number})
    with market.read() as session:
        return head(session)


def run(session: Session, *statements: str) -> None:
    for statement in statements:
        session.execute(sa.text(statement))


@contextmanager
def meddling(market: Market) -> Iterator[Session]:
    """A transaction without the guard against change, all of it undone at the end."""
    with market.transaction() as session:
        run(session, *free("audit_entry", market.database.engine.name))
        yield session
        session.rollback()


def found(session: Session, exported: Head | None = None) -> list[tuple[int, str]]:
    return [(finding.seq, finding.kind.value) for finding in verify(session, exported=exported).findings]


def rehash(session: Session, seq: int) -> str:
    """Make an edited entry's hash agree with it again, as a careful meddler would; says the new one."""
    [row] = session.execute(sa.select(ENTRY).where(ENTRY.c.seq == seq)).mappings()
    fresh = canonical({name: value for name, value in row.items() if name != "hash"})
    session.execute(sa.update(ENTRY).where(ENTRY.c.seq == seq).values(hash=fresh))
    return fresh


def rewrite_from(session: Session, seq: int, *, last: int) -> None:
    """Make the chain agree again from this entry to the head."""
    for at in range(seq, last + 1):
        fresh = rehash(session, at)
        session.execute(sa.update(ENTRY).where(ENTRY.c.seq == at + 1).values(previous_hash=fresh))
    session.execute(sa.update(HEAD).values(hash=fresh))


def test_an_empty_trail_is_intact(market: Market) -> None:
    with market.read() as session:
        assert verify(session) == AuditReport(0, Head(0, GENESIS), (), 0)


def test_an_entry_says_who_did_what_for_whom(market: Market) -> None:
    with market.transaction() as session:
        seq = record(
            session,
            STAFF,
            action="stock.adjust",
            subject="var_1",
            now=NOW,
            principal="cop_1",
            before={"on_hand": 3, "at": NOW},
            after={"on_hand": 5, "lots": ("a", "b")},
        )

    with market.read() as session:
        entry = session.get_one(AuditEntry, seq)
    assert (entry.seq, entry.at, entry.actor, entry.principal) == (1, NOW, "acc_1", "cop_1")
    assert (entry.action, entry.subject, entry.request_id) == ("stock.adjust", "var_1", "req-1")
    assert entry.before == {"on_hand": 3, "at": "2026-06-02T01:30:00.123456+00:00"}
    assert entry.after == {"on_hand": 5, "lots": ["a", "b"]}


def test_who_has_no_account_is_named_by_kind_and_acts_for_itself(market: Market) -> None:
    with market.transaction() as session:
        record(session, Actor(ActorKind.SYSTEM), action="hold.expire", subject="ses_1", now=NOW)
        nothing = (ENTRY.c.before.is_(sa.null()), ENTRY.c.after.is_(sa.null()))
        [who] = session.execute(sa.select(ENTRY.c.actor, ENTRY.c.principal).where(*nothing))

    assert tuple(who) == ("SYSTEM", "SYSTEM")


@pytest.mark.parametrize("chunk", [1, 2, 5, 1000])
def test_a_trail_left_alone_is_intact(market: Market, chunk: int) -> None:
    newest = fill(market, 5)

    with market.read() as session:
        report = verify(session, exported=newest, chunk=chunk)

    assert (report.is_intact, report.entries, report.head) == (True, 5, newest)


@pytest.mark.parametrize("price", [1, float("nan")])
def test_what_was_undone_or_has_no_json_is_not_on_record(market: Market, price: float) -> None:
    before = fill(market, 2)

    with pytest.raises((ZeroDivisionError, ValueError)), market.transaction() as session:
        add(session, after={"price": price})
        raise ZeroDivisionError

    with market.read() as session:
        assert head(session) == before
        assert verify(session).is_intact


@pytest.mark.parametrize("column", ["at", "actor", "principal", "action", "subject", "request_id", "before", "after"])
def test_an_edit_is_found(market: Market, column: str) -> None:
    fill(market)
    other = {"at": NOW + timedelta(microseconds=1), "before": {}, "after": {"名": "3"}}.get(column, "other")

    with meddling(market) as session:
        session.execute(sa.update(ENTRY).where(ENTRY.c.seq == 3).values({column: other}))
        assert found(session) == [(3, "EDITED")]


@pytest.mark.parametrize("seq", [1, 3, 5])
def test_an_edit_with_its_hash_made_to_agree_is_found(market: Market, seq: int) -> None:
    fill(market)

    with meddling(market) as session:
        session.execute(sa.update(ENTRY).where(ENTRY.c.seq == seq).values(subject="prd_9"))
        rehash(session, seq)
        assert found(session) == [(min(seq + 1, 5), "RELINKED")]


@pytest.mark.parametrize(("seq", "kind"), [(1, "DELETED"), (3, "DELETED"), (5, "TRUNCATED")])
def test_a_deletion_is_found(market: Market, seq: int, kind: str) -> None:
    fill(market)

    with meddling(market) as session:
        session.execute(sa.delete(ENTRY).where(ENTRY.c.seq == seq))
        assert found(session) == [(seq, kind)]


def test_a_deletion_closed_up_by_renumbering_is_found(market: Market) -> None:
    fill(market)

    with meddling(market) as session:
        session.execute(sa.delete(ENTRY).where(ENTRY.c.seq == 3))
        for seq in (4, 5):
            session.execute(sa.update(ENTRY).where(ENTRY.c.seq == seq).values(seq=seq - 1))
            rehash(session, seq - 1)
        assert found(session) == [(3, "RELINKED"), (4, "RELINKED"), (5, "TRUNCATED")]


def test_a_cut_with_the_head_set_back_is_found_by_the_exported_head(market: Market) -> None:
    exported = fill(market)

    with meddling(market) as session:
        session.execute(sa.delete(ENTRY).where(ENTRY.c.seq > 3))
        kept = session.execute(sa.select(ENTRY.c.hash).where(ENTRY.c.seq == 3)).scalar_one()
        session.execute(sa.update(HEAD).values(seq=3, hash=kept))
        assert found(session) == []
        assert found(session, exported) == [(4, "TRUNCATED")]


def test_a_chain_rewritten_to_the_end_is_found_by_the_exported_head(market: Market) -> None:
    exported = fill(market)

    with meddling(market) as session:
        session.execute(sa.update(ENTRY).where(ENTRY.c.seq == 2).values(subject="prd_9"))
        rewrite_from(session, 2, last=5)
        add(session, "prd_6")
        assert found(session) == []
        assert found(session, exported) == [(5, "REWRITTEN")]


def test_an_emptied_trail_is_found(market: Market) -> None:
    exported = fill(market)

    with meddling(market) as session:
        session.execute(sa.delete(ENTRY))
        assert found(session) == [(1, "TRUNCATED")]
        session.execute(sa.delete(HEAD))
        assert found(session) == []
        assert found(session, exported) == [(1, "TRUNCATED")]


def test_entries_that_the_head_does_not_count_are_found(market: Market) -> None:
    fill(market)

    with meddling(market) as session:
        kept = session.execute(sa.select(ENTRY.c.hash).where(ENTRY.c.seq == 3)).scalar_one()
        session.execute(sa.update(HEAD).values(seq=3, hash=kept))
        assert found(session) == [(4, "UNCOUNTED")]
        session.execute(sa.delete(HEAD))
        assert found(session) == [(1, "UNCOUNTED")]


def test_a_lost_head_stops_recording_rather_than_starting_over(market: Market) -> None:
    fill(market, 2)

    with pytest.raises(sa.exc.IntegrityError), market.transaction() as session:
        session.execute(sa.delete(HEAD))
        add(session)

    with market.read() as session:
        assert verify(session).is_intact


def test_there_is_one_head(market: Market) -> None:
    with pytest.raises(sa.exc.IntegrityError), market.transaction() as session:
        session.execute(sa.insert(HEAD).values(id=2, seq=1, hash=GENESIS))


def test_many_recorders_at_once_make_one_chain(market: Market) -> None:
    start = threading.Barrier(8)

    def record_some(thread: int) -> None:
        start.wait()
        for number in range(5):
            with market.transaction() as session:
                add(session, f"prd_{thread}_{number}")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(record_some, range(8)))

    with market.read() as session:
        assert (verify(session).findings, head(session).seq) == ((), 40)


def test_verifying_while_others_record_finds_nothing(market: Market) -> None:
    fill(market, 3)
    seen = []

    def record_more(done: int, total: int) -> None:
        seen.append((done, total))
        with ThreadPoolExecutor(1) as threads:
            threads.submit(fill, market, 2).result(timeout=5)

    with market.read() as session:
        report = verify(session, chunk=2, progress=record_more)

    assert (report.findings, report.entries) == ((), 3)
    assert seen == [(2, 3), (3, 3)]
    with market.read() as session:
        assert (verify(session).is_intact, head(session).seq) == (True, 7)


def test_findings_are_kept_up_to_a_limit_and_counted_beyond_it(market: Market) -> None:
    fill(market, 10)

    with meddling(market) as session:
        session.execute(sa.update(ENTRY).values(request_id="other"))
        few = verify(session, findings_max=3)

    assert ([finding.seq for finding in few.findings], few.found, few.is_intact) == ([1, 2, 3], 10, False)


def test_entries_of_one_transaction_are_chained_with_the_guard_on(market: Market) -> None:
    with market.transaction() as session:
        run(session, *append_only("audit_entry", market.database.engine.name, key="seq"))
        assert [add(session), add(session)] == [1, 2]
        assert verify(session).is_intact
        session.rollback()
