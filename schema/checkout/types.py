"""A cart as it is now: what is in it, what that costs, what is wrong with it."""

from dataclasses import dataclass
from datetime import datetime

import strawberry

from market.checkout.errors import Problem
from market.checkout.reckon import Reckoned, ReckonedLine, needs_confirmation
from market.fulfilment.rates import DeliveryOffer as Offer
from market.kernel.money import Money as Fen
from schema.enums import DeliveryMethod, Funder, ProblemKind
from schema.node import Money
from schema.permissions import PUBLIC, ruled


def money_of(fen: int) -> Money:
    """Fen as the API shows money."""
    amount = Fen(fen)
    return Money(amount=amount.text(), currency=amount.currency)  # type: ignore[arg-type]  # texts are let through


@strawberry.type(description="Something that must be put right before the order can be placed, or that has changed.")
@ruled(PUBLIC)
class CartProblem:
    kind: ProblemKind = strawberry.field(description="What it is.")
    line: str = strawberry.field(
        description="The line's id; the seller's key, of delivery; the code, of a voucher; `order` for its total."
    )
    left: int | None = strawberry.field(description="How many there are, where that is the trouble.")
    message: str = strawberry.field(description="For people, in the request's language.")

    @classmethod
    def of(cls, problem: Problem, language: str) -> "CartProblem":
        """From checkout's own."""
        return cls(kind=problem.kind, line=problem.line, left=problem.left, message=problem.words(language))


@strawberry.type(description="So many tickets of one type.")
@ruled(PUBLIC)
class CartUnit:
    unit_type_id: strawberry.ID = strawberry.field(description="The ticket type.")
    name: str = strawberry.field(description="What it is called.")
    count: int = strawberry.field(description="How many.")


@strawberry.type(description="One thing in a cart, as it is now.")
@ruled(PUBLIC)
class CartLine:
    id: strawberry.ID = strawberry.field(description="Its id.")
    seller: str = strawberry.field(description="The key of its seller's part.")
    title: str = strawberry.field(description="What it is.")
    quantity: int = strawberry.field(description="Pieces; 1 of a session.")
    units: list[CartUnit] = strawberry.field(description="Its tickets, of a session.")
    participants: list[str] = strawberry.field(description="Who comes, as far as they were named.")
    unit_price: Money = strawberry.field(description="For one, now.")
    amount: Money = strawberry.field(description="For all, before discounts.")
    discount: Money = strawberry.field(description="Given off by vouchers.")
    payable: Money = strawberry.field(description="What it comes to.")
    is_price_changed: bool = strawberry.field(description="Whether it costs something else than when it was put in.")
    needs_no_return_confirmation: bool = strawberry.field(
        description="Whether the buyer must confirm that it cannot be sent back without a reason."
    )
    problems: list[CartProblem] = strawberry.field(description="What is wrong with it.")
    listing_id: strawberry.ID = strawberry.field(description="The product or tour package: `nodes` fetches them.")
    variant_id: strawberry.ID | None = strawberry.field(description="The variant, of produce.")
    session_id: strawberry.ID | None = strawberry.field(description="The session, of a visit.")
    form: str = strawberry.field(description="Which form of it (规格), or which option of the package.")
    starts_at: datetime | None = strawberry.field(description="When a visit starts.")


@strawberry.type(description="A way to get one seller's produce.")
@ruled(PUBLIC)
class DeliveryOffer:
    id: strawberry.ID = strawberry.field(description="What a buyer chooses.")
    method: DeliveryMethod = strawberry.field(description="How.")
    fee: Money = strawberry.field(description="What it costs.")
    promise_hours: int = strawberry.field(description="How soon, in hours.")
    pickup_point_id: strawberry.ID | None = strawberry.field(
        description="Where it is fetched: `nodes` fetches it; null when it is brought."
    )

    @classmethod
    def of(cls, offer: Offer) -> "DeliveryOffer":
        """From fulfilment's own."""
        point = None if offer.pickup_point_id is None else strawberry.ID(offer.pickup_point_id)
        return cls(
            id=strawberry.ID(offer.id),
            method=offer.method,
            fee=money_of(offer.fee_fen),
            promise_hours=offer.promise_hours,
            pickup_point_id=point,
        )


@strawberry.type(description="What one seller has in the cart.")
@ruled(PUBLIC)
class CartSeller:
    key: str = strawberry.field(description="What choices of delivery name it by.")
    producer_id: strawberry.ID = strawberry.field(description="Who sells: `nodes` fetches them.")
    goods: Money = strawberry.field(description="For the goods.")
    delivery: Money = strawberry.field(description="For delivery, by the offer chosen.")
    discount: Money = strawberry.field(description="Given off.")
    payable: Money = strawberry.field(description="What this part comes to.")
    offers: list[DeliveryOffer] = strawberry.field(description="The ways to get it, cheapest first.")
    chosen: strawberry.ID | None = strawberry.field(description="The offer chosen; null when there is none.")


@strawberry.type(description="What a voucher campaign gives off the cart.")
@ruled(PUBLIC)
class CartDiscount:
    campaign_id: strawberry.ID = strawberry.field(description="The campaign.")
    funder: Funder = strawberry.field(description="Who pays for it.")
    amount: Money = strawberry.field(description="So much.")


@strawberry.type(description="A cart, reckoned now: prices, stock and seats are looked at each time; nothing is held.")
@ruled(PUBLIC)
class Cart:
    id: strawberry.ID = strawberry.field(description="Its id.")
    lines: list[CartLine] = strawberry.field(description="What is in it.")
    sellers: list[CartSeller] = strawberry.field(description="By seller: a part of the order each.")
    discounts: list[CartDiscount] = strawberry.field(description="What vouchers give.")
    goods: Money = strawberry.field(description="For the goods, before discounts.")
    delivery: Money = strawberry.field(description="For delivery.")
    discount: Money = strawberry.field(description="Given off.")
    payable: Money = strawberry.field(description="The total: what `placeOrder` is told to expect.")
    problems: list[CartProblem] = strawberry.field(description="All that is wrong, those of lines included.")


@dataclass(frozen=True, slots=True)
class Reading:
    """A cart that was reckoned."""

    cart_id: str
    found: Reckoned


def cart_shown(reading: Reading, language: str) -> Cart:
    """The cart as the API shows it."""
    found = reading.found
    priced = found.priced
    return Cart(
        id=strawberry.ID(reading.cart_id),
        lines=[_line(line, found, language) for line in found.lines],
        sellers=[
            CartSeller(
                key=seller.seller,
                producer_id=strawberry.ID(seller.seller.partition("/")[0]),
                goods=money_of(seller.goods_fen),
                delivery=money_of(seller.delivery_fen),
                discount=money_of(seller.discount_fen),
                payable=money_of(seller.payable_fen),
                offers=[DeliveryOffer.of(offer) for offer in found.offers.get(seller.seller, ())],
                chosen=strawberry.ID(found.chosen[seller.seller].id) if seller.seller in found.chosen else None,
            )
            for seller in priced.sellers
        ],
        discounts=_discounts(found),
        goods=money_of(priced.goods_fen),
        delivery=money_of(priced.delivery_fen),
        discount=money_of(priced.discount_fen),
        payable=money_of(priced.payable_fen),
        problems=[CartProblem.of(problem, language) for problem in found.problems],
    )


def _discounts(found: Reckoned) -> list[CartDiscount]:
    funders = {share.campaign_id: share.funder for share in found.vouchers.shares}
    return [
        CartDiscount(campaign_id=strawberry.ID(campaign), funder=funders[campaign], amount=money_of(fen))
        for campaign, fen in found.vouchers.by_campaign().items()
    ]


def _line(line: ReckonedLine, found: Reckoned, language: str) -> CartLine:
    priced = next(each for each in found.priced.lines if each.key == line.wish.key)
    title = line.offer.title_en if language == "en" and line.offer.title_en else line.offer.title
    names = {unit.id: unit.name for unit in line.session.units} if line.session else {}
    return CartLine(
        id=strawberry.ID(line.wish.key),
        seller=line.seller,
        title=title,
        quantity=line.wish.quantity,
        units=[
            CartUnit(unit_type_id=strawberry.ID(unit), name=names.get(unit, ""), count=count)
            for unit, count in sorted(line.wish.units.items())
        ],
        participants=list(line.wish.participants),
        unit_price=money_of(line.unit_price_fen),
        amount=money_of(line.amount_fen),
        discount=money_of(priced.discount_fen),
        payable=money_of(priced.payable_fen),
        is_price_changed=line.wish.key in found.changed,
        needs_no_return_confirmation=needs_confirmation(line),
        problems=[CartProblem.of(each, language) for each in found.problems if each.line == line.wish.key],
        listing_id=strawberry.ID(line.offer.listing_id),
        variant_id=strawberry.ID(line.variant.id) if line.variant else None,
        session_id=strawberry.ID(line.session.id) if line.session else None,
        form=_form(line, language),
        starts_at=line.session.starts_at if line.session else None,
    )


def _form(line: ReckonedLine, language: str) -> str:
    if line.variant:
        name, english = line.variant.name, line.variant.name_en
    elif line.session:
        name, english = line.session.option_name, line.session.option_name_en
    else:
        return ""
    return english or name if language == "en" else name
