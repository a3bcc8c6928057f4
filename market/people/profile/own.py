"""What the use cases of a person's own affairs begin with."""

from sqlmodel import Session, col, select

from market.kernel.errors import NotFound
from market.kernel.permissions import Actor, Permission, require
from market.people.rules import AccountState
from market.people.tables import Account


def require_own(actor: Actor) -> str:
    """The account whose affairs the actor may manage: their own. Refuses: NotSignedIn; Forbidden."""
    require(actor, Permission.PROFILE_MANAGE, owner_id=actor.account_id)
    assert actor.account_id is not None, "whoever may manage a profile has one"
    return actor.account_id


def lock_account(session: Session, account_id: str, *, wholly: bool = False) -> None:
    """Step: from here on, nobody else changes this person's own affairs. Refuses with NotFound when there is no such
    account any more.

    Other rows that point at the account, orders for example, can still be added meanwhile (FOR NO KEY UPDATE); `wholly`
    waits for whoever adds one, and keeps others waiting.
    """
    mine = select(Account.id).where(Account.id == account_id, col(Account.state) != AccountState.ERASED)
    if session.exec(mine.with_for_update(key_share=not wholly)).first() is None:
        raise NotFound(field="account")
