"""The seeds' stock adds up like anybody's."""

from sqlmodel import Session, col, func, select

from market.catalogue.tables import Listing
from market.kernel.market import Market
from market.organisations.tables import Organisation
from market.stock.check import stock_check
from market.stock.rules import MUST_CERTIFY, ConformityState
from market.stock.tables import ConformityCertificate, StockLevel, StockLot, StockMovement
from seeds.load import Amount, seed_load


def count(session: Session, what: type[StockLevel | StockLot | ConformityCertificate], *where: object) -> int:
    return session.exec(select(func.count()).select_from(what).where(*where)).one()  # type: ignore[arg-type]  # conditions


def test_the_demos_stock_adds_up_and_obeys_the_law(seeded_market: Market) -> None:
    with seeded_market.read() as session:
        assert list(stock_check(session)) == []
        states = dict(session.exec(select(StockLot.conformity, func.count()).group_by(col(StockLot.conformity))).all())
        uncertified = session.exec(
            select(StockLot)
            .join(Organisation, col(Organisation.id) == col(StockLot.producer_id))
            .where(StockLot.conformity == ConformityState.MISSING, col(Organisation.kind).in_([*MUST_CERTIFY]))
        ).all()
        certificates = count(session, ConformityCertificate)
        reasons = set(session.exec(select(StockMovement.reason)))

    assert set(states) == set(ConformityState)
    assert states[ConformityState.ISSUED] == certificates > 0
    assert uncertified == []
    assert reasons == {None, "OTHER"}


def test_load_stock_adds_up(market: Market) -> None:
    seed_load(market, Amount(products=200, packages=10))

    with market.read() as session:
        assert list(stock_check(session)) == []
        assert count(session, StockLevel) > 200
        assert count(session, StockLot) == count(session, StockLevel, col(StockLevel.on_hand) > 0)
        assert session.exec(select(func.count()).select_from(Listing)).one() == 210
