"""Short messages to people's phones about what they cannot see coming: an invitation, a paper that ends, an endpoint
that was switched off. Handlers of the outbox; everything they tell can be read in the API as well.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from sqlmodel import Session, col, select

from market.kernel.market import Market
from market.kernel.outbox import Claimed
from market.kernel.permissions import Role
from market.organisations.sending import send_invitation
from market.organisations.tables import Organisation
from market.people.rules import AccountState
from market.people.tables import PHONE, Account, RoleHeld


class Notice(StrEnum):
    """What is told. After it, what its template's places stand for."""

    INVITATION = "INVITATION"
    """The organisation's name."""
    PAPER_ENDS = "PAPER_ENDS"
    """The organisation's name; the last day, as 2026-06-30."""
    WEBHOOK_OFF = "WEBHOOK_OFF"
    """The organisation's name."""


class Teller(Protocol):
    """Sends notices."""

    def tell(self, phone: str, notice: Notice, parameters: Sequence[str]) -> None:
        """Hand one over to be sent, or raise to be called again later."""


def tell_invited(market: Market, message: Claimed, teller: Teller) -> bool:
    """Tell an invited number, as long as the invitation can be answered; whether it was told."""
    return send_invitation(market, message, lambda phone, name: teller.tell(phone, Notice.INVITATION, [name]))


def tell_of_paper(market: Market, message: Claimed, teller: Teller) -> int:
    """Tell an organisation's owners that a certificate or licence of theirs ends; how many."""
    facts = message.payload
    return _tell_owners(market, facts["organisation_id"], teller, Notice.PAPER_ENDS, [facts["ends_on"]])


def tell_of_webhook(market: Market, message: Claimed, teller: Teller) -> int:
    """Tell an organisation's owners that an endpoint was switched off; how many."""
    return _tell_owners(market, message.payload["organisation"], teller, Notice.WEBHOOK_OFF, [])


def _tell_owners(market: Market, organisation_id: str, teller: Teller, notice: Notice, more: Sequence[str]) -> int:
    """Each owner with a phone. When one cannot be told, all are told again later: better twice than not at all."""
    with market.read() as session:
        organisation = session.get(Organisation, organisation_id)
        phones = [market.sealer.open(each, purpose=PHONE) for each in _owners_phones(session, organisation_id)]
    assert organisation is not None, "organisations are never deleted"
    for phone in phones:
        teller.tell(phone, notice, [organisation.name, *more])
    return len(phones)


def _owners_phones(session: Session, organisation_id: str) -> Sequence[str]:
    found = session.exec(
        select(Account.phone_sealed)
        .join(RoleHeld, col(RoleHeld.account_id) == col(Account.id))
        .where(
            RoleHeld.organisation_id == organisation_id,
            RoleHeld.role == Role.OWNER,
            Account.state == AccountState.ACTIVE,
            col(Account.phone_sealed).is_not(None),
        )
        .order_by(col(Account.id))
    )
    return [each for each in found if each is not None]
