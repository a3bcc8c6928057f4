"""Use cases: a person's address book. Street, recipient and phone are sealed and opened for their owner only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, func, select

from market.kernel import audit
from market.kernel.database.prebuilt import Prebuilt
from market.kernel.errors import Invalid, NotFound
from market.kernel.idempotency import IdempotencyKey, canonical_json, once
from market.kernel.ids import require_id
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.kernel.phones import mobile
from market.kernel.sealing import Sealer
from market.people.profile.own import lock_account, require_own
from market.people.profile.rules import (
    ADDRESSES_MAX,
    LABEL_CHARACTERS_MAX,
    RECIPIENT_CHARACTERS_MAX,
    STREET_CHARACTERS_MAX,
    TooManyAddresses,
    text_of,
)
from market.people.profile.tables import PHONE, RECIPIENT, STREET, Address
from market.places.rules import RegionLevel, level_of
from market.places.tables import Region

_ADDRESSES = SQLModel.metadata.tables["address"]


@dataclass(frozen=True, slots=True)
class AddressDraft:
    """An address as its owner writes it."""

    region_code: str
    """The 12-digit code of a village or community, or of a township when that is all that is known."""
    street: str
    recipient: str
    phone: str
    label: str = ""
    """What they call it: 家, 公司."""


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """An address, opened."""

    id: str
    region_code: str
    street: str
    recipient: str
    phone: str
    label: str
    is_default: bool


def add_address(market: Market, actor: Actor, draft: AddressDraft, *, key: str, is_default: bool = False) -> str:
    """Add an address to the actor's own; its id. The first one is the default, and any other that is to be.

    Refuses: NotSignedIn; Forbidden; Invalid for what cannot be an address; NotFound for a region that is not there;
    TooManyAddresses; IdempotencyConflict.
    Once: the same key gives the same address. Guards: the lock on the account, and the unique index of defaults.
    """
    account_id, now = require_own(actor), market.now()
    written = _written(market.sealer, draft)
    # The key's row holds a fingerprint of what was asked: keyed, so that no phone can be guessed from it.
    asked = market.sealer.digest(canonical_json([draft, is_default]), purpose="address.draft")
    once_only = IdempotencyKey.of(actor=account_id, operation="add_address", key=key, asked=asked)

    def add() -> str:
        lock_account(session, account_id)
        _require_region(session, draft.region_code)
        held = session.exec(select(func.count()).where(col(Address.account_id) == account_id)).one()
        if held >= ADDRESSES_MAX:
            raise TooManyAddresses
        if is_default:
            _unset_default(session, account_id)
        address_id = market.new_id("adr")
        session.execute(
            sa.insert(_ADDRESSES),
            {
                "id": address_id,
                "account_id": account_id,
                "is_default": is_default or held == 0,
                "created_at": now,
                "updated_at": now,
                **written,
            },
        )
        audit.record(session, actor, action="address.add", subject=address_id, now=now)
        return address_id

    with market.transaction() as session:
        return once(session, once_only, add, now=now, dump=str, load=str)


def edit_address(market: Market, actor: Actor, *, address_id: str, draft: AddressDraft) -> None:
    """Write one of the actor's own addresses anew. Orders keep the one they were placed with.

    Refuses: NotSignedIn; Forbidden; InvalidId; Invalid; NotFound for an address that is not the actor's.
    """
    account_id, now = require_own(actor), market.now()
    require_id(address_id, "adr", field="address")
    written = _written(market.sealer, draft)
    with market.transaction() as session:
        _require_region(session, draft.region_code)
        _change_own(session, account_id, address_id, updated_at=now, **written)
        audit.record(session, actor, action="address.edit", subject=address_id, now=now)


def make_default(market: Market, actor: Actor, *, address_id: str) -> None:
    """Make one of the actor's own addresses the default, in place of the one that was. Once: it stays the default.

    Refuses: NotSignedIn; Forbidden; InvalidId; NotFound for an address that is not the actor's.
    Guards: the lock on the account, and the unique index of defaults.
    """
    account_id, now = require_own(actor), market.now()
    require_id(address_id, "adr", field="address")
    with market.transaction() as session:
        lock_account(session, account_id)
        _unset_default(session, account_id)
        _change_own(session, account_id, address_id, is_default=True)
        audit.record(session, actor, action="address.make_default", subject=address_id, now=now)


def remove_address(market: Market, actor: Actor, *, address_id: str) -> None:
    """Remove one of the actor's own addresses. When it was the default, the newest that is left becomes it.

    Refuses: NotSignedIn; Forbidden; InvalidId; NotFound for an address that is not the actor's, or no longer.
    """
    account_id, now = require_own(actor), market.now()
    require_id(address_id, "adr", field="address")
    with market.transaction() as session:
        lock_account(session, account_id)
        gone = session.execute(
            sa.delete(_ADDRESSES)
            .where(_ADDRESSES.c.id == address_id, _ADDRESSES.c.account_id == account_id)
            .returning(_ADDRESSES.c.is_default)
        ).one_or_none()
        if gone is None:
            raise NotFound(field="address")
        if gone.is_default:
            newest = sa.select(sa.func.max(_ADDRESSES.c.id)).where(_ADDRESSES.c.account_id == account_id)
            session.execute(
                sa.update(_ADDRESSES).where(_ADDRESSES.c.id == newest.scalar_subquery()).values(is_default=True)
            )
        audit.record(session, actor, action="address.remove", subject=address_id, now=now)


def list_addresses(market: Market, actor: Actor) -> Sequence[PostalAddress]:
    """The actor's own addresses, opened: the default first, then the newest. Refuses: NotSignedIn; Forbidden."""
    account_id = require_own(actor)
    with market.read() as session:
        mine = session.exec(
            select(Address)
            .where(Address.account_id == account_id)
            .order_by(col(Address.is_default).desc(), col(Address.id).desc())
        ).all()
    return [_opened(market.sealer, each) for each in mine]


_OF = Prebuilt(
    sa.select(_ADDRESSES).where(
        _ADDRESSES.c.id == sa.bindparam("address"), _ADDRESSES.c.account_id == sa.bindparam("account")
    )
)


def address_of(session: Session, sealer: Sealer, *, account_id: str, address_id: str) -> PostalAddress:
    """Step: one address of this person, opened: for the order that is to go there. Refuses with NotFound."""
    found = _OF.first(session, {"address": address_id, "account": account_id})
    if found is None:
        raise NotFound(field="address")
    return _opened(sealer, found)


def _written(sealer: Sealer, draft: AddressDraft) -> dict[str, str]:
    """The draft as columns, checked and sealed."""
    street = text_of(draft.street, field="street", characters_max=STREET_CHARACTERS_MAX)
    recipient = text_of(draft.recipient, field="recipient", characters_max=RECIPIENT_CHARACTERS_MAX)
    label = text_of(draft.label, field="label", characters_min=0, characters_max=LABEL_CHARACTERS_MAX)
    phone = mobile(draft.phone, field="phone")
    if level_of(draft.region_code, field="region") not in {RegionLevel.VILLAGE, RegionLevel.TOWNSHIP}:
        raise Invalid(
            field="region",
            allowed="an address is in a village or community, or at least in a township",
            allowed_zh="请选择到村（社区），至少到乡镇（街道）",
        )
    return {
        "region_code": draft.region_code,
        "street_sealed": sealer.seal(street, purpose=STREET),
        "recipient_sealed": sealer.seal(recipient, purpose=RECIPIENT),
        "phone_sealed": sealer.seal(phone, purpose=PHONE),
        "phone_digest": sealer.digest(phone, purpose=PHONE),
        "label": label,
    }


def _opened(sealer: Sealer, address: Any) -> PostalAddress:
    return PostalAddress(
        id=address.id,
        region_code=address.region_code,
        street=sealer.open(address.street_sealed, purpose=STREET),
        recipient=sealer.open(address.recipient_sealed, purpose=RECIPIENT),
        phone=sealer.open(address.phone_sealed, purpose=PHONE),
        label=address.label,
        is_default=address.is_default,
    )


def _require_region(session: Session, code: str) -> None:
    if session.get(Region, code) is None:
        raise NotFound(field="region")


def _unset_default(session: Session, account_id: str) -> None:
    session.execute(
        sa.update(_ADDRESSES)
        .where(_ADDRESSES.c.account_id == account_id, _ADDRESSES.c.is_default)
        .values(is_default=False)
    )


def _change_own(session: Session, account_id: str, address_id: str, **values: object) -> None:
    """Change the address if it is this person's, or refuse with NotFound."""
    changed = session.execute(
        sa.update(_ADDRESSES)
        .where(_ADDRESSES.c.id == address_id, _ADDRESSES.c.account_id == account_id)
        .values(**values)
        .returning(_ADDRESSES.c.id)
    )
    if changed.first() is None:
        raise NotFound(field="address")
