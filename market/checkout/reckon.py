"""What an order would be, now: its lines, how each seller delivers, what vouchers give, what it all costs, and what is
wrong with it. The cart shows it, a quote shows it, placing does it. Read `reckon` first."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.bookings.rules import Party, party_of
from market.catalogue.rules import GiftPer
from market.checkout.errors import Problem, ProblemKind, short
from market.checkout.facts import Offer, SessionFacts, VariantFacts, sessions_now, variants_now
from market.checkout.tables import PARTICIPANTS, CartLine
from market.fulfilment.offers import offers_of
from market.fulfilment.rates import DeliveryOffer, Parcel, usual
from market.kernel.clock import business_day
from market.kernel.database.prebuilt import Prebuilt
from market.kernel.errors import Invalid
from market.kernel.sealing import Sealer
from market.orders.commission import rate_for, rules_on
from market.orders.pricing import Discount, GoodsLine, Priced, price
from market.orders.rules import ReturnBasis
from market.sessions.rules import SessionState
from market.vouchers.evaluate import Evaluation, VoucherLine
from market.vouchers.find import discounts_for


@dataclass(frozen=True, slots=True)
class Wish:
    """A line as its buyer wants it. `key` names it: a cart line's id."""

    key: str
    variant_id: str | None
    session_id: str | None
    quantity: int
    units: Mapping[str, int]
    participants: tuple[str, ...]
    seen_fen: int


@dataclass(frozen=True, slots=True)
class Choices:
    """How its buyer wants the order: where to, by which of each seller's offers, with which codes."""

    region_code: str | None = None
    delivery: Mapping[str, str] = field(default_factory=dict)
    """By seller, an offer's id; the cheapest that is brought where nothing is chosen."""
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReckonedLine:
    """A line with what is true of it now."""

    wish: Wish
    variant: VariantFacts | None
    session: SessionFacts | None
    party: Party | None
    unit_price_fen: int
    commission_bp: int

    @property
    def offer(self) -> Offer:
        """What it is of."""
        found = self.variant.offer if self.variant is not None else self.session.offer if self.session else None
        assert found is not None, "a line is of a variant or of a session"
        return found

    @property
    def seller(self) -> str:
        """Its seller, as orders are split: a producer, and the cooperative it is sold through."""
        return f"{self.offer.producer_id}/{self.offer.cooperative_id or ''}"

    @property
    def amount_fen(self) -> int:
        """Before discounts."""
        return self.wish.quantity * self.unit_price_fen


@dataclass(frozen=True, slots=True)
class Reckoned:
    """The whole order as it would be."""

    lines: tuple[ReckonedLine, ...]
    offers: Mapping[str, tuple[DeliveryOffer, ...]]
    """By seller, of those that have something to deliver."""
    chosen: Mapping[str, DeliveryOffer]
    vouchers: Evaluation
    priced: Priced
    problems: tuple[Problem, ...]
    changed: tuple[str, ...]
    """Lines whose price is not what the buyer last saw."""

    def demand(self) -> dict[str, int]:
        """Pieces by variant, with what comes as gifts."""
        found: dict[str, int] = {}
        for line in self.lines:
            if line.variant is not None:
                found[line.variant.id] = found.get(line.variant.id, 0) + line.wish.quantity
            for variant_id, quantity in gifts_of(line):
                found[variant_id] = found.get(variant_id, 0) + quantity
        return found

    def seats(self) -> dict[str, int]:
        """People by session."""
        return {line.session.id: line.party.seats for line in self.lines if line.session and line.party}


_CART_LINES = SQLModel.metadata.tables[str(CartLine.__tablename__)]
_LINES = Prebuilt(
    sa.select(_CART_LINES)
    .where(_CART_LINES.c.cart_id == sa.bindparam("cart"))
    .order_by(_CART_LINES.c.created_at, _CART_LINES.c.id)
)


def wishes_of(session: Session, sealer: Sealer, cart_id: str) -> list[Wish]:
    """Step: what is in a cart, in the order in which it was put there."""
    rows = _LINES.all(session, {"cart": cart_id})
    return [
        Wish(
            key=row.id,
            variant_id=row.variant_id,
            session_id=row.session_id,
            quantity=row.quantity,
            units={unit: int(count) for unit, count in row.units.items()},
            participants=tuple(json.loads(sealer.open(row.participants_sealed, purpose=PARTICIPANTS)))
            if row.participants_sealed
            else (),
            seen_fen=row.seen_fen,
        )
        for row in rows
    ]


def gifts_of(line: ReckonedLine) -> list[tuple[str, int]]:
    """The produce that comes with a booking: (variant, pieces)."""
    if line.session is None or line.party is None:
        return []
    return [
        (gift.variant_id, gift.quantity * (line.party.seats if gift.per is GiftPer.PERSON else 1))
        for gift in line.session.gifts
    ]


def reckon(
    session: Session, wishes: Sequence[Wish], choices: Choices, *, account_id: str | None, now: datetime
) -> Reckoned:
    """Step: what these wishes come to now. Nothing is held; what is wrong is said line by line. A constant number of
    statements, however many lines. Lines whose thing is gone altogether are only in the problems."""
    variants = variants_now(session, {wish.variant_id for wish in wishes if wish.variant_id}, now)
    sessions = sessions_now(session, {wish.session_id for wish in wishes if wish.session_id}, now)
    rules = rules_on(session, business_day(now))
    lines: list[ReckonedLine] = []
    problems: list[Problem] = []
    for wish in wishes:
        variant = variants.get(wish.variant_id or "")
        tour = sessions.get(wish.session_id or "")
        if variant is None and tour is None:
            problems.append(Problem(ProblemKind.NOT_ON_SALE, wish.key))
            continue
        party = _party(wish, tour)
        if tour is not None and party is None:
            problems.append(Problem(ProblemKind.PARTY_IMPOSSIBLE, wish.key))
            continue
        offer = variant.offer if variant is not None else tour.offer if tour is not None else None
        assert offer is not None, "one of the two is there"
        rate = rate_for(
            rules,
            organisation_id=offer.cooperative_id or offer.producer_id,
            category_path=offer.category_path,
        )
        unit = variant.price_fen if variant is not None else party.amount_fen if party is not None else 0
        lines.append(ReckonedLine(wish, variant, tour, party, unit, rate))
    gifts = {variant_id for line in lines for variant_id, _quantity in gifts_of(line)}
    variants |= variants_now(session, gifts - variants.keys(), now)
    problems += _shortages(lines, variants, now)
    return _priced(session, lines, problems, choices, account_id=account_id, now=now)


def _party(wish: Wish, tour: SessionFacts | None) -> Party | None:
    if tour is None:
        return None
    try:
        return party_of(wish.units, tour.units, tour.pricing)
    except Invalid:
        return None


def _shortages(lines: Sequence[ReckonedLine], variants: Mapping[str, VariantFacts], now: datetime) -> list[Problem]:
    """What is off sale, closed, full or short."""
    problems: list[Problem] = []
    wanted: dict[str, int] = {}
    for line in lines:
        if not line.offer.is_on_sale:
            problems.append(Problem(ProblemKind.NOT_ON_SALE, line.wish.key))
        demand = gifts_of(line) + ([(line.variant.id, line.wish.quantity)] if line.variant else [])
        for variant_id, quantity in demand:
            wanted[variant_id] = wanted.get(variant_id, 0) + quantity
            known = variants.get(variant_id)
            free = known.free if known is not None else 0
            if wanted[variant_id] > free:
                problems.append(short(line.wish.key, free))
        if line.session is not None and line.party is not None:
            problems += _session_problems(line.wish.key, line.session, line.party, now)
    return problems


def _session_problems(key: str, tour: SessionFacts, party: Party, now: datetime) -> list[Problem]:
    if tour.state is not SessionState.OPEN:
        return [Problem(ProblemKind.SESSION_CLOSED, key)]
    if now >= min(tour.cutoff_at, tour.book_by):
        return [Problem(ProblemKind.PAST_CUTOFF, key)]
    if tour.vacancies < party.seats:
        return [Problem(ProblemKind.SESSION_FULL, key, left=max(0, tour.vacancies))]
    return []


def _priced(
    session: Session,
    lines: Sequence[ReckonedLine],
    problems: list[Problem],
    choices: Choices,
    *,
    account_id: str | None,
    now: datetime,
) -> Reckoned:
    offers = _offers(session, lines, choices.region_code)
    chosen: dict[str, DeliveryOffer] = {}
    for seller, made in offers.items():
        wanted = choices.delivery.get(seller)
        found = next((each for each in made if each.id == wanted), None) if wanted else usual(made)
        if found is None:
            problems.append(Problem(ProblemKind.DELIVERY_UNAVAILABLE, seller))
        else:
            chosen[seller] = found
    vouchers = discounts_for(
        session, choices.codes, [_voucher_line(line) for line in lines], account_id=account_id, now=now
    )
    problems += [Problem(ProblemKind.VOUCHER_UNUSABLE, each.code, why=each.why) for each in vouchers.refused]
    priced = price(
        [
            GoodsLine(line.wish.key, line.seller, line.wish.quantity, line.unit_price_fen, line.commission_bp)
            for line in lines
        ],
        {seller: offer.fee_fen for seller, offer in chosen.items()},
        [Discount(share.key, share.campaign_id, share.funder, share.amount_fen) for share in vouchers.shares],
    )
    return Reckoned(
        lines=tuple(lines),
        offers={seller: tuple(made) for seller, made in offers.items()},
        chosen=chosen,
        vouchers=vouchers,
        priced=priced,
        problems=tuple(problems),
        changed=tuple(line.wish.key for line in lines if line.unit_price_fen != line.wish.seen_fen),
    )


def _offers(session: Session, lines: Sequence[ReckonedLine], region_code: str | None) -> dict[str, list[DeliveryOffer]]:
    """How each seller that has produce to deliver can do so."""
    parcels: dict[str, Parcel] = {}
    producers: dict[str, str] = {}
    for line in lines:
        if line.variant is None:
            continue
        before = parcels.get(line.seller, Parcel(0, 0, frozenset()))
        producers[line.seller] = line.offer.producer_id
        parcels[line.seller] = Parcel(
            before.grams + line.wish.quantity * line.variant.weight_grams,
            before.goods_fen + line.amount_fen,
            before.storages | {line.variant.storage},
        )
    if not parcels:
        return {}
    return offers_of(session, parcels, producers, region_code)


def _voucher_line(line: ReckonedLine) -> VoucherLine:
    offer = line.offer
    return VoucherLine(
        key=line.wish.key,
        amount_fen=line.amount_fen,
        kind=offer.kind,
        listing_id=offer.listing_id,
        producer_id=offer.producer_id,
        village_id=offer.village_id,
        region_code=offer.region_code,
        category_path=offer.category_path,
        starts_at=line.session.starts_at if line.session is not None else None,
    )


def needs_confirmation(line: ReckonedLine) -> bool:
    """Whether the buyer must confirm that it cannot be sent back without a reason (the law asks for an express tick)."""
    return line.variant is not None and line.variant.return_basis in {ReturnBasis.AGREED, ReturnBasis.PERISHABLE}
