"""Use case: look at a cart."""

from sqlmodel import select

from market.checkout.carts import token_digest
from market.checkout.reckon import Choices, Reckoned, reckon, wishes_of
from market.checkout.tables import Cart
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, require
from market.places.rules import level_of


def read_cart(
    market: Market, actor: Actor, *, token: str | None = None, choices: Choices
) -> tuple[str, Reckoned] | None:
    """The caller's cart, by its id, and what it comes to with these choices; None when there is none: a person who has
    put nothing anywhere, a visitor without a token or with one that is nobody's.

    Refuses: Forbidden for API keys; Invalid for a region that is none.
    """
    if choices.region_code is not None:
        level_of(choices.region_code, field="region")
    with market.read() as session:
        if actor.account_id is not None:
            require(actor, Permission.ORDER_PLACE, owner_id=actor.account_id)
            mine = select(Cart.id).where(Cart.account_id == actor.account_id)
        elif token is not None:
            mine = select(Cart.id).where(Cart.token_digest == token_digest(token))
        else:
            return None
        cart_id = session.exec(mine).first()
        if cart_id is None:
            return None
        wishes = wishes_of(session, market.sealer, cart_id)
        return cart_id, reckon(session, wishes, choices, account_id=actor.account_id, now=market.now())
