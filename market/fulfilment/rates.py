"""What delivery costs: by method, zone and weight. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from market.catalogue.rules import Storage
from market.kernel.permissions import region_prefix
from market.orders.rules import DeliveryMethod


@dataclass(frozen=True, slots=True)
class Rate:
    """One line of a price list: the first so many grams cost so much, each further part so much more."""

    id: str
    method: DeliveryMethod
    zone: str | None
    """Delivered within this region (a 12-digit code); None: anywhere."""
    first_grams: int
    first_fen: int
    next_grams: int
    next_fen: int
    promise_hours: int
    max_grams: int | None = None
    free_from_fen: int | None = None
    """Delivered for nothing from so much worth of goods on."""
    pickup_point_id: str | None = None


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one seller has to deliver."""

    grams: int
    goods_fen: int
    storages: frozenset[Storage]

    @property
    def is_cold(self) -> bool:
        """Whether it must be kept cold on the way."""
        return bool(self.storages - {Storage.AMBIENT})


@dataclass(frozen=True, slots=True)
class DeliveryOffer:
    """One way to get it, and what that costs. `id` is the rate's: what a buyer chooses."""

    id: str
    method: DeliveryMethod
    fee_fen: int
    promise_hours: int
    pickup_point_id: str | None = None


def offers_for(rates: Sequence[Rate], parcel: Parcel, region_code: str | None) -> list[DeliveryOffer]:
    """The ways in which this parcel can be had in this region (None: not known yet, so only what can be picked up);
    of each method the rate with the smallest zone, cheapest first. Cold things do not go by ordinary express."""
    fitting: dict[tuple[DeliveryMethod, str | None], Rate] = {}
    for rate in rates:
        if not _fits(rate, parcel, region_code):
            continue
        key = (rate.method, rate.pickup_point_id)
        if key not in fitting or len(_zone(rate)) > len(_zone(fitting[key])):
            fitting[key] = rate
    made = [
        DeliveryOffer(rate.id, rate.method, fee_fen(rate, parcel), rate.promise_hours, rate.pickup_point_id)
        for rate in fitting.values()
    ]
    return sorted(made, key=lambda each: (each.fee_fen, each.promise_hours, each.id))


def usual(offers: Sequence[DeliveryOffer]) -> DeliveryOffer | None:
    """What is taken where its buyer chose nothing: the cheapest that is brought to them. Picked up only where nothing is
    brought, though that costs nothing: whoever gave an address expects a parcel.

    >>> fetched = DeliveryOffer("p", DeliveryMethod.PICKUP, 0, 24)
    >>> sent = DeliveryOffer("x", DeliveryMethod.EXPRESS, 800, 48)
    >>> [usual(each).id for each in ([fetched, sent], [fetched])]
    ['x', 'p']
    """
    brought = (each for each in offers if each.method is not DeliveryMethod.PICKUP)
    return next(brought, None) or next(iter(offers), None)


def fee_fen(rate: Rate, parcel: Parcel) -> int:
    """What a parcel costs by a rate.

    >>> rate = Rate("r", DeliveryMethod.EXPRESS, None, 1000, 800, 500, 200, 48)
    >>> fee_fen(rate, Parcel(2100, 0, frozenset()))
    1400
    """
    if rate.free_from_fen is not None and parcel.goods_fen >= rate.free_from_fen:
        return 0
    more = max(0, parcel.grams - rate.first_grams)
    return rate.first_fen + -(-more // rate.next_grams) * rate.next_fen


def _zone(rate: Rate) -> str:
    return region_prefix(rate.zone) if rate.zone else ""


def _fits(rate: Rate, parcel: Parcel, region_code: str | None) -> bool:
    if rate.max_grams is not None and parcel.grams > rate.max_grams:
        return False
    if rate.method is DeliveryMethod.PICKUP:
        return True
    if parcel.is_cold and rate.method is DeliveryMethod.EXPRESS:
        return False
    return region_code is not None and region_code.startswith(_zone(rate))
