"""The ledger: what may be posted, what the database refuses whoever asks, and what a check finds."""

import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, SQLModel, col, select

from market.kernel.market import Market
from market.ledger.check import Wrong, ledger_check
from market.ledger.post import amounts_of, balance, post, reverse
from market.ledger.rules import AccountKey, AccountKind, Entry, LedgerConflict, TxnKind
from market.ledger.tables import LedgerAccount, LedgerTxn

WECHAT = AccountKey(AccountKind.PROVIDER, "wechat")
COMMISSION = AccountKey(AccountKind.COMMISSION)
FARM = AccountKey(AccountKind.SELLER_PENDING, "pdr_farm")
COOP = AccountKey(AccountKind.SELLER_PENDING, "cop_a")
SALE = (Entry(WECHAT, 10_000), Entry(FARM, -9_500), Entry(COMMISSION, -500))


def sold(market: Market, reference: str = "sor_1", entries: tuple[Entry, ...] = SALE) -> str:
    with market.transaction() as session:
        return post(session, TxnKind.SALE, reference=reference, entries=entries, at=market.now())


def balances(market: Market) -> dict[str, int]:
    with market.read() as session:
        return {f"{each.kind}:{each.owner}": each.balance_fen for each in session.exec(select(LedgerAccount)).all()}


def found(market: Market) -> list[tuple[Wrong, int]]:
    with market.read() as session:
        return [(each.kind, each.off_fen) for each in ledger_check(session)]


def test_a_sale_moves_every_fen_once(market: Market) -> None:
    txn_id = sold(market)

    assert balances(market) == {"PROVIDER:wechat": 10_000, "SELLER_PENDING:pdr_farm": -9_500, "COMMISSION:": -500}
    with market.read() as session:
        assert amounts_of(session, txn_id) == {WECHAT: 10_000, FARM: -9_500, COMMISSION: -500}
        assert balance(session, FARM) == -9_500
        assert balance(session, COOP) == 0
    assert found(market) == []


def test_the_same_thing_is_posted_once(market: Market) -> None:
    first = sold(market)

    assert sold(market) == first
    assert sold(market, entries=tuple(reversed(SALE))) == first
    assert balances(market)["PROVIDER:wechat"] == 10_000


def test_the_same_reference_with_other_amounts_is_refused(market: Market) -> None:
    sold(market)

    with pytest.raises(LedgerConflict):
        sold(market, entries=(Entry(WECHAT, 9_000), Entry(FARM, -9_000)))
    assert balances(market)["PROVIDER:wechat"] == 10_000


@pytest.mark.parametrize("entries", [(Entry(WECHAT, 1),), (Entry(WECHAT, 5), Entry(FARM, -4)), (), (Entry(FARM, 0),)])
def test_what_does_not_balance_or_moves_nothing_is_not_posted(market: Market, entries: tuple[Entry, ...]) -> None:
    with pytest.raises(ValueError, match="a transaction"):
        sold(market, entries=entries)
    assert balances(market) == {}


def test_a_correction_is_the_opposite_and_is_made_once(market: Market) -> None:
    txn_id = sold(market)
    with market.transaction() as session:
        undone = reverse(session, txn_id, reference="fix_1", at=market.now())
    with market.transaction() as session:
        again = reverse(session, txn_id, reference="fix_1", at=market.now())

    assert again == undone
    assert set(balances(market).values()) == {0}
    with pytest.raises(LedgerConflict), market.transaction() as session:
        reverse(session, txn_id, reference="fix_2", at=market.now())
    assert found(market) == []


def _tables() -> tuple[sa.Table, sa.Table, sa.Table]:
    tables = SQLModel.metadata.tables
    return tables["ledger_txn"], tables["ledger_entry"], tables["ledger_account"]


def _change_entry(session: Session, txn_id: str) -> None:
    _txn, entry, _account = _tables()
    session.execute(sa.update(entry).where(entry.c.txn_id == txn_id).values(amount_fen=1))


def _delete_entry(session: Session, txn_id: str) -> None:
    _txn, entry, _account = _tables()
    session.execute(sa.delete(entry).where(entry.c.txn_id == txn_id))


def _add_entry(session: Session, txn_id: str) -> None:
    _txn, entry, account = _tables()
    mine = session.execute(sa.select(account.c.id).where(account.c.owner == "cop_a")).scalar_one()
    session.execute(sa.insert(entry).values(txn_id=txn_id, account_id=mine, amount_fen=1))


def _change_txn(session: Session, txn_id: str) -> None:
    txn, _entry, _account = _tables()
    session.execute(sa.update(txn).where(txn.c.id == txn_id).values(reference="other"))


def _unpost(session: Session, txn_id: str) -> None:
    txn, _entry, _account = _tables()
    session.execute(sa.update(txn).where(txn.c.id == txn_id).values(is_posted=False))


def _delete_txn(session: Session, txn_id: str) -> None:
    txn, _entry, _account = _tables()
    session.execute(sa.delete(txn).where(txn.c.id == txn_id))


def _post_unbalanced(session: Session, txn_id: str) -> None:
    txn, entry, account = _tables()
    row = session.execute(sa.select(txn).where(txn.c.id == txn_id)).mappings().one()
    session.execute(sa.insert(txn).values({**row, "id": "txn_x", "reference": "x", "is_posted": False}))
    accounts = session.execute(sa.select(account.c.id).order_by(account.c.id)).scalars().all()
    for account_id, amount in zip(accounts[:2], (5, -4), strict=True):
        session.execute(sa.insert(entry).values(txn_id="txn_x", account_id=account_id, amount_fen=amount))
    session.execute(sa.update(txn).where(txn.c.id == "txn_x").values(is_posted=True))


def _insert_posted(session: Session, txn_id: str) -> None:
    txn, _entry, _account = _tables()
    row = session.execute(sa.select(txn).where(txn.c.id == txn_id)).mappings().one()
    session.execute(sa.insert(txn).values({**row, "id": "txn_y", "reference": "y"}))


@pytest.mark.parametrize(
    "meddle",
    [
        _change_entry,
        _delete_entry,
        _add_entry,
        _change_txn,
        _unpost,
        _delete_txn,
        _post_unbalanced,
        _insert_posted,
    ],
)
def test_the_database_refuses_to_rewrite_the_books(market: Market, meddle: Callable[[Session, str], None]) -> None:
    txn_id = sold(market)
    sold(market, "sor_2", (Entry(WECHAT, 10), Entry(COOP, -10)))
    before = balances(market)

    with pytest.raises(DatabaseError), market.transaction() as session:
        meddle(session, txn_id)

    assert balances(market) == before
    assert found(market) == []


def test_a_transaction_left_unposted_is_refused_at_the_commit_or_found(market: Market) -> None:
    txn, _entry, _account = _tables()
    first = sold(market)
    try:
        with market.transaction() as session:
            row = session.execute(sa.select(txn).where(txn.c.id == first)).mappings().one()
            session.execute(sa.insert(txn).values({**row, "id": "txn_z", "reference": "z", "is_posted": False}))
    except DatabaseError:
        assert found(market) == []  # PostgreSQL looks at the commit
    else:
        assert found(market) == [(Wrong.UNPOSTED, 0), (Wrong.EMPTY, 0)]


def test_a_balance_that_somebody_changed_is_found(market: Market) -> None:
    sold(market)
    with market.transaction() as session:
        session.execute(sa.update(LedgerAccount).where(col(LedgerAccount.owner) == "wechat").values(balance_fen=9_999))

    assert found(market) == [(Wrong.BALANCE, -1)]


def test_twenty_at_once_post_one_sale_and_twenty_sales_lose_nothing(market: Market) -> None:
    ids: list[str] = []

    def same() -> None:
        ids.append(sold(market))

    def other(number: int) -> None:
        sold(market, f"sor_many_{number}", SALE if number % 2 else tuple(reversed(SALE)))

    threads = [threading.Thread(target=same) for _ in range(20)]
    threads += [threading.Thread(target=other, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(ids) == 20
    assert len(set(ids)) == 1
    assert balances(market)["PROVIDER:wechat"] == 21 * 10_000
    assert found(market) == []


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.sampled_from([WECHAT, COMMISSION, FARM]), st.integers(-10_000, 10_000)), max_size=4),
        max_size=6,
    )
)
def test_whatever_is_posted_and_undone_the_books_balance(
    market: Market, histories: list[list[tuple[AccountKey, int]]]
) -> None:
    with market.transaction() as session:
        count = len(session.exec(select(LedgerTxn.id)).all())
        posted = []
        for number, parts in enumerate(histories):
            rest = -sum(amount for _account, amount in parts)
            entries = [Entry(account, amount) for account, amount in parts] + [Entry(COOP, rest)]
            try:
                posted.append(
                    post(session, TxnKind.SALE, reference=f"h{count}_{number}", entries=entries, at=market.now())
                )
            except ValueError:
                continue  # it would have moved nothing
        for txn_id in posted[::2]:
            reverse(session, txn_id, reference=f"u{txn_id}", at=market.now())

    assert found(market) == []
    assert sum(balances(market).values()) == 0
