"""Claims of the tiny shop: opening them in few words, and what became of them."""

import sqlalchemy as sa
from sqlmodel import select

from market.aftersales.claims.open import ClaimDraft, open_claim
from market.aftersales.claims.rules import ClaimReason, ClaimWish
from market.aftersales.tables import Claim
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.media.keep import MediaDraft, add_media
from market.media.rules import MediaKind
from market.payments.tables import Refund
from tests.aftersales.sales import line_of
from tests.checkout.shop import key

MODERATOR = Actor(
    ActorKind.STAFF,
    "acc_moderator",
    staff_roles=frozenset({Role.STAFF_MODERATOR}),
    region_codes=frozenset({"330213000000"}),
)


def photo(market: Market, owner: Actor, name: str = "a", kind: MediaKind = MediaKind.CLAIM) -> str:
    """A picture that somebody has uploaded."""
    assert owner.account_id is not None
    draft = MediaDraft(owner.account_id, kind, f"2026-06-01/{name}.webp", name * 64, 640, 480, 1_000)
    with market.transaction() as session:
        return add_media(session, draft, now=market.now())[0]


def spoilt(market: Market, buyer: Actor, part: str, *, quantity: int = 2, percent: int = 40) -> str:
    """A claim that some boxes are spoilt to so many percent."""
    draft = ClaimDraft(
        line_of(market, part).id,
        ClaimReason.SPOILED,
        ClaimWish.REFUND,
        quantity=quantity,
        spoilage_percent=percent,
        text="坏了一半",
        photo_ids=(photo(market, buyer),),
    )
    return open_claim(market, buyer, draft, key=key())


def wrong(market: Market, buyer: Actor, part: str, wish: ClaimWish = ClaimWish.REFUND, quantity: int = 1) -> str:
    """A claim that something is not as described."""
    line = line_of(market, part).id
    draft = ClaimDraft(line, ClaimReason.NOT_AS_DESCRIBED, wish, quantity=quantity, text="个头不对")
    return open_claim(market, buyer, draft, key=key())


def claim_of(market: Market, claim_id: str) -> Claim:
    with market.read() as session:
        return session.get_one(Claim, claim_id)


def refunds(market: Market) -> list[tuple[int, str]]:
    with market.read() as session:
        return [(each.amount_fen, each.reason) for each in session.exec(select(Refund).order_by("id")).all()]


def sold_for_good(market: Market, part: str) -> None:
    """As though it had been sold as something that may be sent back: what was sold decides, not the listing."""
    with market.transaction() as session:
        session.execute(
            sa.text("UPDATE order_line SET return_basis = 'SEVEN_DAYS' WHERE seller_order_id = :part"), {"part": part}
        )
