"""Use cases: what a person is called here, and in which language they are written to."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel, col, select

from market.kernel import audit
from market.kernel.errors import NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.people.profile.own import lock_account, require_own
from market.people.profile.rules import NAME_CHARACTERS_MAX, MessageLanguage, text_of
from market.people.profile.tables import Preference
from market.people.tables import Account

_PREFERENCES = SQLModel.metadata.tables["preference"]
_NEW = insert(_PREFERENCES)
_PREFER = _NEW.on_conflict_do_update(
    index_elements=[_PREFERENCES.c.account_id],
    set_={"language": _NEW.excluded.language, "updated_at": _NEW.excluded.updated_at},
)


@dataclass(frozen=True, slots=True)
class Profile:
    """A person, as they see themselves."""

    account_id: str
    name: str
    language: MessageLanguage


def read_profile(market: Market, actor: Actor) -> Profile:
    """The actor's own profile. Refuses: NotSignedIn; Forbidden; NotFound when there is no such account."""
    account_id = require_own(actor)
    with market.read() as session:
        return _profile(session, account_id)


def edit_profile(
    market: Market, actor: Actor, *, name: str | None = None, language: MessageLanguage | None = None
) -> Profile:
    """Change what the actor is called or the language they are written to; what is not given stays as it is.

    Refuses: NotSignedIn; Forbidden; Invalid for a name that is empty, too long, or has control characters.
    """
    account_id, now = require_own(actor), market.now()
    plain = None if name is None else text_of(name, field="name", characters_max=NAME_CHARACTERS_MAX)
    with market.transaction() as session:
        lock_account(session, account_id)
        if plain is not None:
            session.execute(sa.update(Account).where(col(Account.id) == account_id).values(name=plain))
        if language is not None:
            session.execute(_PREFER, {"account_id": account_id, "language": language, "updated_at": now})
        changed = [field for field, value in (("name", name), ("language", language)) if value is not None]
        audit.record(session, actor, action="profile.edit", subject=account_id, now=now, after={"changed": changed})
        return _profile(session, account_id)


def _profile(session: Session, account_id: str) -> Profile:
    name = session.exec(select(Account.name).where(Account.id == account_id)).first()
    if name is None:
        raise NotFound(field="account")
    language = session.exec(select(Preference.language).where(Preference.account_id == account_id)).first()
    return Profile(account_id, name, MessageLanguage.ZH_CN if language is None else MessageLanguage(language))
