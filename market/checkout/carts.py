"""Use cases of carts. Whoever has the token has a visitor's cart; a person has one, wherever they sign in."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel, col, select

from market.bookings.rules import party_of
from market.checkout.facts import sessions_now, variants_now
from market.checkout.tables import PARTICIPANTS, Cart, CartLine
from market.kernel.database.prebuilt import Prebuilt
from market.kernel.errors import Invalid, LimitReached, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, require

_CARTS = SQLModel.metadata.tables[str(Cart.__tablename__)]
_OPEN = Prebuilt(insert(_CARTS).on_conflict_do_nothing())
_MINE = Prebuilt(sa.select(_CARTS.c.id).where(_CARTS.c.account_id == sa.bindparam("account")).with_for_update())
_WITH_TOKEN = Prebuilt(sa.select(_CARTS.c.id).where(_CARTS.c.token_digest == sa.bindparam("digest")).with_for_update())
_CHANGED = Prebuilt(sa.update(_CARTS).where(_CARTS.c.id == sa.bindparam("cart")).values(updated_at=sa.bindparam("now")))
LINES_MAX = 50
QUANTITY_MAX = 9_999


@dataclass(frozen=True, slots=True)
class LineChoice:
    """What to have in a cart: so many of a variant (0: none), or tickets of a session (none: take it out)."""

    variant_id: str | None = None
    session_id: str | None = None
    quantity: int = 0
    units: Mapping[str, int] | None = None
    participants: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenCart:
    """A cart, and the token of a new visitor's: shown this once."""

    cart_id: str
    token: str | None


def open_cart(market: Market, actor: Actor, *, token: str | None = None) -> OpenCart:
    """The caller's cart, made when there is none: a person's own; a visitor's by its token, or a new one.

    Refuses: NotFound for a token that is not (any more) a cart's.
    """
    with market.transaction() as session:
        if actor.account_id is not None:
            require(actor, Permission.ORDER_PLACE, owner_id=actor.account_id)
            return OpenCart(_cart_of_person(session, market, actor.account_id), None)
        if token is not None:
            return OpenCart(_cart_of_visitor(session, token), None)
        made = secrets.token_urlsafe(32)
        cart = Cart(
            id=market.new_id("car"), token_digest=token_digest(made), created_at=market.now(), updated_at=market.now()
        )
        session.add(cart)
        return OpenCart(cart.id, made)


def set_cart_line(market: Market, actor: Actor, choice: LineChoice, *, token: str | None = None) -> str:
    """Put a thing into the cart, change how many, or take it out; the cart's id. Repeating it does no harm.

    What is short or closed just now may be put in all the same: reading the cart says so.
    Refuses: NotFound for the cart, the variant or the session; Invalid for a quantity that is not 0 to 9,999, or
    tickets that cannot be; LimitReached beyond 50 lines.
    """
    if (choice.variant_id is None) is (choice.session_id is None):
        raise Invalid(field="line", allowed="either a variant or a session", allowed_zh="规格与场次二选一")
    with market.transaction() as session:
        cart_id = cart_of(session, market, actor, token)
        line = _line_of(session, cart_id, choice)
        wanted = _wanted(session, market, choice)
        if wanted is None:
            if line is not None:
                session.delete(line)
        elif line is None:
            _require_room(session, cart_id)
            session.add(CartLine(id=market.new_id("cli"), cart_id=cart_id, created_at=market.now(), **wanted))
        else:
            for name, value in wanted.items():
                setattr(line, name, value)
        _CHANGED.run(session, {"cart": cart_id, "now": market.now()})
        return cart_id


def merge_cart(market: Market, actor: Actor, *, token: str) -> str:
    """After signing in: what is in the visitor's cart goes into the person's, which ends the visitor's; the cart's id.

    Of a thing that is in both, the visitor's choice counts: it was made last. Refuses: NotSignedIn; NotFound, also when
    it was merged before. Beyond 50 lines the oldest of the person's own make room.
    """
    require(actor, Permission.ORDER_PLACE, owner_id=actor.account_id)
    assert actor.account_id is not None, "who may place orders is a person"
    with market.transaction() as session:
        theirs = _cart_of_visitor(session, token)
        mine = _cart_of_person(session, market, actor.account_id)
        incoming = session.exec(select(CartLine).where(CartLine.cart_id == theirs)).all()
        for line in incoming:
            session.execute(
                sa.delete(CartLine).where(
                    col(CartLine.cart_id) == mine,
                    sa.or_(
                        sa.and_(col(CartLine.variant_id).is_not(None), col(CartLine.variant_id) == line.variant_id),
                        sa.and_(col(CartLine.session_id).is_not(None), col(CartLine.session_id) == line.session_id),
                    ),
                )
            )
            line.cart_id = mine
        session.flush()
        session.execute(sa.delete(Cart).where(col(Cart.id) == theirs))
        _drop_oldest(session, mine)
        _CHANGED.run(session, {"cart": mine, "now": market.now()})
        return mine


def cart_of(session: Session, market: Market, actor: Actor, token: str | None) -> str:
    """Step: the caller's cart, locked; its id: a person's own (made when there is none), a visitor's by its token.

    Refuses: NotFound.
    """
    if actor.account_id is not None:
        require(actor, Permission.ORDER_PLACE, owner_id=actor.account_id)
        return _cart_of_person(session, market, actor.account_id)
    if token is None:
        raise NotFound(field="cart")
    return _cart_of_visitor(session, token)


def forget_carts(market: Market, before: datetime, *, limit: int = 500) -> int:
    """The worker's: forget visitors' carts that nobody has touched since; says how many."""
    with market.transaction() as session:
        stale = session.exec(
            select(Cart.id)
            .where(col(Cart.account_id).is_(None), Cart.updated_at < before)
            .order_by(col(Cart.updated_at))
            .limit(limit)
        ).all()
        session.execute(sa.delete(CartLine).where(col(CartLine.cart_id).in_(stale)))
        session.execute(sa.delete(Cart).where(col(Cart.id).in_(stale)))
        return len(stale)


def token_digest(token: str) -> str:
    """Tokens have 256 random bits, so a plain hash of one tells nothing."""
    return sha256(token.encode()).hexdigest()


def _cart_of_visitor(session: Session, token: str) -> str:
    cart = _WITH_TOKEN.first(session, {"digest": token_digest(token)})
    if cart is None:
        raise NotFound(field="cart")
    return str(cart.id)


def _cart_of_person(session: Session, market: Market, account_id: str) -> str:
    cart = _MINE.first(session, {"account": account_id})
    if cart is None:
        made = {
            "id": market.new_id("car"),
            "account_id": account_id,
            "created_at": market.now(),
            "updated_at": market.now(),
        }
        _OPEN.run(session, made)
        cart = _MINE.one(session, {"account": account_id})
    return str(cart.id)


def _line_of(session: Session, cart_id: str, choice: LineChoice) -> CartLine | None:
    what = CartLine.variant_id == choice.variant_id if choice.variant_id else CartLine.session_id == choice.session_id
    return session.exec(select(CartLine).where(CartLine.cart_id == cart_id, what)).first()


def _wanted(session: Session, market: Market, choice: LineChoice) -> dict[str, Any] | None:
    """The columns of the line as it is to be, None for no line."""
    if choice.variant_id is not None:
        if not 0 <= choice.quantity <= QUANTITY_MAX:
            raise Invalid(field="quantity", allowed=f"0 to {QUANTITY_MAX}", allowed_zh=f"0 到 {QUANTITY_MAX}")
        variant = variants_now(session, [choice.variant_id], market.now()).get(choice.variant_id)
        if variant is None:
            raise NotFound(field="variant")
        if choice.quantity == 0:
            return None
        return {
            "variant_id": variant.id,
            "quantity": choice.quantity,
            "units": {},
            "seen_fen": variant.price_fen,
        }
    assert choice.session_id is not None, "one of the two was given"
    found = sessions_now(session, [choice.session_id], market.now()).get(choice.session_id)
    if found is None:
        raise NotFound(field="session")
    units = {unit: count for unit, count in (choice.units or {}).items() if count}
    if not units:
        return None
    party = party_of(units, found.units, found.pricing)
    names = [name.strip()[:50] for name in choice.participants]
    sealed = market.sealer.seal(json.dumps(names), purpose=PARTICIPANTS) if names else None
    return {
        "session_id": found.id,
        "quantity": 1,
        "units": units,
        "participants_sealed": sealed,
        "seen_fen": party.amount_fen,
    }


def _require_room(session: Session, cart_id: str) -> None:
    count = session.exec(select(sa.func.count()).select_from(CartLine).where(CartLine.cart_id == cart_id)).one()
    if count >= LINES_MAX:
        raise LimitReached(what="lines in a cart", limit=LINES_MAX)


def _drop_oldest(session: Session, cart_id: str) -> None:
    session.flush()
    kept = (
        select(CartLine.id)
        .where(CartLine.cart_id == cart_id)
        .order_by(col(CartLine.created_at).desc(), col(CartLine.id).desc())
    )
    too_many = session.exec(kept.offset(LINES_MAX)).all()
    session.execute(sa.delete(CartLine).where(col(CartLine.id).in_(too_many)))
