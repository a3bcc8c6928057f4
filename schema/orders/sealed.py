"""What is sealed in orders, opened for whoever may see it."""

import json
import re
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from market.kernel.errors import Invalid
from market.kernel.permissions import Permission
from market.kernel.phones import masked, mobile
from market.kernel.sealing import Sealer
from market.orders.rules import LineKind
from market.orders.tables import CONTACT, CustomerOrder
from schema.projection import Args, Build, Computed, Given, looked_up, quoted, table_of
from schema.projection.declare import Expression
from schema.scope import acts_for

MASK = "*"

_ORDERS = table_of(CustomerOrder)
_MASKED = re.compile(r"1[0-9]{2}\*{4}[0-9]{4}")


def contact(part: str, *, is_hidden: bool, of: Any = lambda t: t.c.contact_sealed) -> Computed:
    """A part of an order's contact: its name, phone (always masked) or street. `of` says where the contact is kept."""

    def act(sealed: str | None, sealer: Sealer) -> str | None:
        if sealed is None:
            return None
        found = str(json.loads(sealer.open(sealed, purpose=CONTACT)).get(part) or "") or None
        if found is None:
            return None
        if part == "phone":
            return masked(found)
        return f"{found[0]}{'*' * (len(found) - 1)}" if is_hidden else found

    return Computed(act, lambda t, _build, _args: [of(t)], _sealer)


def opened(of: Callable[[sa.FromClause], Expression], purpose: str) -> Computed:
    """A sealed text; `of` says where it is kept."""

    def act(sealed: str | None, sealer: Sealer) -> str | None:
        return None if sealed is None else sealer.open(sealed, purpose=purpose)

    return Computed(act, lambda t, _build, _args: [of(t)], _sealer)


def ship_to(part: str) -> Computed:
    """A part of the contact in full, for whoever hands the goods over, until the seller order is over."""

    def values(t: sa.FromClause, build: Build, _args: Args) -> list[Expression]:
        order = _ORDERS.alias()
        sealed = looked_up(order.c.contact_sealed, order, where=[order.c.id == t.c.order_id])
        open_states = sa.or_(*[t.c.state == quoted(state) for state in ("OPEN", "PARTLY_FULFILLED", "FULFILLED")])
        mine = acts_for(build, Permission.ORDER_FULFIL, t.c.producer_id)
        return [sa.case((sa.and_(mine, open_states), sealed))]

    def act(sealed: str | None, sealer: Sealer) -> str | None:
        return None if sealed is None else str(json.loads(sealer.open(sealed, purpose=CONTACT)).get(part) or "") or None

    return Computed(act, values, _sealer)


def phone_digest(build: Build) -> Callable[[str], str]:
    """A number that is searched by, as orders keep it; refuses with Invalid what is none."""
    sealer = build.fact("sealer")
    return lambda text: str(sealer.digest(mobile(text, field="where.phone"), purpose="order.phone"))


def masked_tail(text: str) -> str:
    """The last four digits of a masked number; refuses with Invalid what is neither that nor a number in full.

    >>> masked_tail("138****1234")
    '1234'
    """
    if not _MASKED.fullmatch(text.strip()):
        raise Invalid(
            field="where.phone",
            allowed="a mobile number in full, or masked as it is shown: 138****1234",
            allowed_zh="完整的手机号码，或显示时的掩码形式：138****1234",
        )
    return text.strip()[-4:]


def left() -> Computed:
    """Pieces of a line still to be handed over."""

    def act(kind: str, quantity: int, fulfilled: int, refunded: int) -> int:
        return 0 if kind == LineKind.BOOKING else max(0, quantity - fulfilled - refunded)

    return Computed(
        act, lambda t, _build, _args: [t.c.kind, t.c.quantity, t.c.fulfilled_quantity, t.c.refunded_quantity]
    )


def facts() -> Computed:
    """What an event says by name. Nothing personal is in it."""

    def act(kept: Any) -> Any:
        return json.loads(kept) if isinstance(kept, str) else kept

    return Computed(act, lambda t, _build, _args: [sa.cast(t.c.facts, sa.Text)])


def _sealer(build: Build, _args: Args) -> dict[str, Given]:
    sealer = build.fact("sealer")
    return {"sealer": Given(via=lambda _nothing: sealer)}


def next_of(of: Any) -> Computed:
    """Where something in this state can go."""
    return Computed(of, lambda t, _build, _args: [t.c.state])


def from_snapshot(*names: str) -> Computed:
    """The first of these that a line's snapshot has."""

    def act(snapshot: Any) -> str | None:
        kept = json.loads(snapshot) if isinstance(snapshot, str) else snapshot
        return next((kept[name] for name in names if kept.get(name)), None)

    return Computed(act, lambda t, _build, _args: [sa.cast(t.c.snapshot, sa.Text)])


def form() -> Computed:
    """Which form of a listing a line is of, as it was called when it was sold."""

    def act(snapshot: Any, locale: str) -> str | None:
        kept = json.loads(snapshot) if isinstance(snapshot, str) else snapshot
        name: str | None = kept.get("variant") or kept.get("option")
        english: str | None = kept.get("variantEn") or kept.get("optionEn")
        return english or name if locale == "en" else name

    def values(t: sa.FromClause, build: Build, args: Args) -> list[Expression]:
        locale = "en" if (args.get("locale") or build.locale) in {"en", "EN"} else "zh"
        return [sa.cast(t.c.snapshot, sa.Text), quoted(locale)]

    return Computed(act, values)
