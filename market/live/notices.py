"""Short messages to people's phones about what they cannot see coming: an invitation, a paper that ends, what became of
a listing they handed in, a statement to confirm, an endpoint that was switched off. Handlers of the outbox; everything they tell can be read in the API as well.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from sqlmodel import Session, col, select

from market.catalogue.rules.states import Verdict
from market.catalogue.tables import Listing, ListingRevision
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
    REVIEWED = "REVIEWED"
    """The listing's title; what was decided, as 已通过."""
    STATEMENT = "STATEMENT"
    """The organisation's name; the statement's last day, as 2026-06-30."""
    WEBHOOK_OFF = "WEBHOOK_OFF"
    """The organisation's name."""


_DECIDED: Mapping[Verdict, str] = MappingProxyType(
    {Verdict.APPROVE: "已通过", Verdict.REJECT: "未通过", Verdict.REQUEST_CHANGES: "需要修改"}
)


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


def tell_of_review(market: Market, message: Claimed, teller: Teller) -> int:
    """Tell a seller's owners, and whoever wrote it (a cooperative's editor, say), what reviewers decided about a
    revision; how many."""
    facts = message.payload
    with market.read() as session:
        listing = session.get(Listing, facts["listing"])
        revision = session.get(ListingRevision, facts["revision"])
        assert listing is not None, "listings are never deleted"
        assert revision is not None, "nor are revisions"
        sealed = {*_owners_phones(session, facts["organisation"]), *_phone_of(session, revision.author)}
        phones = {market.sealer.open(each, purpose=PHONE) for each in sealed}
    for phone in sorted(phones):
        teller.tell(phone, Notice.REVIEWED, [listing.title, _DECIDED[Verdict(facts["verdict"])]])
    return len(phones)


def _phone_of(session: Session, account_id: str) -> Sequence[str]:
    found = session.exec(
        select(Account.phone_sealed).where(Account.id == account_id, Account.state == AccountState.ACTIVE)
    )
    return [each for each in found if each is not None]


def tell_of_statement(market: Market, message: Claimed, teller: Teller) -> int:
    """Tell a party's owners and finance people that a statement waits for their answer; how many."""
    facts = message.payload
    roles = (Role.OWNER, Role.FINANCE)
    return _tell_people(market, facts["party"], teller, Notice.STATEMENT, [facts["last_day"]], roles=roles)


def tell_of_webhook(market: Market, message: Claimed, teller: Teller) -> int:
    """Tell an organisation's owners that an endpoint was switched off; how many."""
    return _tell_owners(market, message.payload["organisation"], teller, Notice.WEBHOOK_OFF, [])


def _tell_owners(market: Market, organisation_id: str, teller: Teller, notice: Notice, more: Sequence[str]) -> int:
    return _tell_people(market, organisation_id, teller, notice, more, roles=(Role.OWNER,))


def _tell_people(
    market: Market,
    organisation_id: str,
    teller: Teller,
    notice: Notice,
    more: Sequence[str],
    *,
    roles: Sequence[Role],
) -> int:
    """Each of them with a phone. When one cannot be told, all are told again later: better twice than not at all."""
    with market.read() as session:
        organisation = session.get(Organisation, organisation_id)
        phones = [market.sealer.open(each, purpose=PHONE) for each in _phones_of(session, organisation_id, roles)]
    assert organisation is not None, "organisations are never deleted"
    for phone in phones:
        teller.tell(phone, notice, [organisation.name, *more])
    return len(phones)


def _owners_phones(session: Session, organisation_id: str) -> Sequence[str]:
    return _phones_of(session, organisation_id, (Role.OWNER,))


def _phones_of(session: Session, organisation_id: str, roles: Sequence[Role]) -> Sequence[str]:
    """Of whoever holds one of these roles there; each person once."""
    found = session.exec(
        select(Account.phone_sealed, Account.id)
        .distinct()
        .join(RoleHeld, col(RoleHeld.account_id) == col(Account.id))
        .where(
            RoleHeld.organisation_id == organisation_id,
            col(RoleHeld.role).in_(roles),
            Account.state == AccountState.ACTIVE,
            col(Account.phone_sealed).is_not(None),
        )
        .order_by(col(Account.id))
    )
    return [each for each, _account_id in found if each is not None]
