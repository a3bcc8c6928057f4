"""The audit trail's readers: administrators all of it, staff what was done for organisations in their regions, an
organisation's owners what was done for it."""

import sqlalchemy as sa
from sqlmodel import SQLModel

from market.kernel.audit import ENTRIES, AuditPage, AuditWhere, count_entries, read_entries
from market.kernel.market import Market
from market.kernel.pages import SIZE_DEFAULT, Page
from market.kernel.permissions import Actor, Permission, reach

FIRST_PAGE = Page(SIZE_DEFAULT)

_ORGANISATIONS = SQLModel.metadata.tables["organisation"]


def read_audit(
    market: Market, actor: Actor, where: AuditWhere, *, page: Page = FIRST_PAGE, cursor: str | None = None
) -> AuditPage:
    """A page of the trail's entries within the actor's reach, the newest first; `cursor` is `cursor_of` the entry that
    it follows (or, going backward, precedes).

    What was done for an organisation that the actor does not reach is not there, as if it had never been done.
    Refuses: NotSignedIn; Forbidden; Invalid for what no entry can have; InvalidCursor.
    """
    within = _within(actor)
    with market.read() as session:
        return read_entries(session, where, within=within, page=page, cursor=cursor)


def count_audit(market: Market, actor: Actor, where: AuditWhere, *, most: int) -> int:
    """How many entries there are within the actor's reach, counting no further than `most`. Refuses as `read_audit`."""
    within = _within(actor)
    with market.read() as session:
        return count_entries(session, where, within=within, most=most)


def _within(actor: Actor) -> sa.ColumnElement[bool]:
    """The row filter: on whose behalf things were done."""
    opened = reach(actor, Permission.AUDIT_READ)
    if opened.is_all:
        return sa.true()
    principal = ENTRIES.c.principal
    ways: list[sa.ColumnElement[bool]] = []
    if opened.organisation_ids:
        ways.append(principal.in_(sorted(opened.organisation_ids)))
    if opened.region_prefixes:
        code = _ORGANISATIONS.c.region_code
        lies = [code.startswith(prefix, autoescape=True) for prefix in sorted(opened.region_prefixes)]
        # As a list, not a join: SQLite then reads each organisation's newest only, by the index.
        ways.append(principal.in_(sa.select(_ORGANISATIONS.c.id).where(sa.or_(*lies))))
    return sa.or_(*ways)
