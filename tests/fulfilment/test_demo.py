"""The demo's produce can be had: everything that is on sale there, by everybody in Ningbo and by whoever fetches it."""

from sqlmodel import col, select

from market.catalogue.rules import ListingKind, Storage
from market.catalogue.tables import Listing
from market.fulfilment.offers import offers_of
from market.fulfilment.rates import Parcel
from market.kernel.market import Market
from market.orders.rules import DeliveryMethod


def test_everything_on_sale_can_be_delivered_and_fetched(seeded_market: Market) -> None:
    with seeded_market.read() as session:
        sold = session.exec(
            select(Listing.producer_id, Listing.storage).where(Listing.kind == ListingKind.PRODUCT).distinct()
        ).all()
        parcels = {
            f"{producer} {storage}": Parcel(1_000, 5_000, frozenset({Storage(storage or Storage.AMBIENT)}))
            for producer, storage in sold
        }
        producers = {key: key.split()[0] for key in parcels}
        near = offers_of(session, parcels, producers, "330213005208")
        nowhere = offers_of(session, parcels, producers, None)
        points = session.exec(select(col(Listing.producer_id)).distinct()).all()

    assert len(points) > 50
    for key, found in near.items():
        ways = {offer.method for offer in found}
        by_carrier = DeliveryMethod.EXPRESS if key.endswith(Storage.AMBIENT) else DeliveryMethod.COLD_CHAIN
        assert {by_carrier, DeliveryMethod.DROP} <= ways, key
    assert {offer.method for found in nowhere.values() for offer in found} == {DeliveryMethod.PICKUP}
    assert all(nowhere.values())
