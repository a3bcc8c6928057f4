"""The audit trail, as far as its reader may look: see `market/organisations/audit.py`, which is the same for use cases."""

from datetime import UTC, datetime

import sqlalchemy as sa
import strawberry
from sqlmodel import UTCDateTime
from strawberry import UNSET

from market.kernel.audit import AuditEntry as EntryTable
from market.kernel.audit import action_begins, check_action, last_action
from market.kernel.errors import Invalid
from market.kernel.permissions import Permission, reach
from market.organisations.tables import Organisation as OrganisationTable
from schema.pagination import Connection, field, listed
from schema.permissions import ruled
from schema.projection import Args, Build, Column, Order, Projection, column, table_of
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Expression
from schema.projection.declare import Field as Projected
from schema.projection.viewer import organisations, within


@strawberry.type(description="One thing done: who did what to what, on whose behalf. Nothing in it is personal.")
@ruled(Permission.AUDIT_READ)
class AuditEntry:
    number: strawberry.ID = field("Its number in the trail; they have no gaps.")
    at: datetime = field("When.")
    actor: strawberry.ID = field("Who: an account's id, or SYSTEM.")
    principal: strawberry.ID = field("On whose behalf: an organisation's id, or the actor.")
    action: str = field("What, as `listing.approve`.")
    subject: strawberry.ID = field("To what: its id.")
    before: str | None = field("What changed, as it was: JSON text.")
    after: str | None = field("What changed, as it is now: JSON text.")
    request_id: str = field("The request that did it, as logs name it.")


@strawberry.input(description="Which entries of the audit trail.")
class AuditEntryWhere:
    subject: strawberry.ID | None = strawberry.field(default=UNSET, description="Done to this.")
    actor: strawberry.ID | None = strawberry.field(default=UNSET, description="Done by this account.")
    principal: strawberry.ID | None = strawberry.field(
        default=UNSET, description="Done on behalf of this organisation."
    )
    action: str | None = strawberry.field(
        default=UNSET, description="Whose action begins so: `listing.approve`, or `listing.` for all of a kind."
    )
    since: datetime | None = strawberry.field(default=UNSET, description="From this moment on.")
    until: datetime | None = strawberry.field(default=UNSET, description="Before this moment.")


# -- where they come from ----------------------------------------------------------------------------------------------


def _visible(t: sa.FromClause, build: Build) -> list[Condition]:
    opened = reach(build.viewer.actor, Permission.AUDIT_READ)
    if opened.is_all:
        return []
    ways: list[Condition] = []
    if opened.organisation_ids:
        ways.append(t.c.principal.in_(organisations(build, Permission.AUDIT_READ)))
    if opened.region_prefixes:
        organisation = table_of(OrganisationTable).alias()
        lies = within(build, Permission.AUDIT_READ, organisation.c.region_code)
        # As a list, not a join: SQLite then reads each organisation's newest only, by the index.
        ways.append(t.c.principal.in_(sa.select(organisation.c.id).where(lies).correlate_except(organisation)))
    return [sa.or_(*ways)] if ways else [sa.false()]


def _where(t: sa.FromClause, build: Build, args: Args) -> list[Condition]:
    where = args.nested("where")
    found: list[Condition] = []
    for name in ("subject", "actor", "principal"):
        slot = where.slot(name)
        if slot is not None:
            found.append(t.c[name] == build.bind(slot))
    action, since, until = where.slot("action"), where.slot("since"), where.slot("until")
    if action is not None:
        first = build.bind(action, check_action)
        found += action_begins(t.c.action, first, build.bind(action, lambda text: last_action(check_action(text))))
    if since is not None:
        found.append(t.c.at >= build.bind(since, type_=UTCDateTime()))
    if until is not None:
        found.append(t.c.at < build.bind(until, type_=UTCDateTime()))
    if since is not None and until is not None:
        build.check((since, until), _check_times)
    build.plan_each_time()  # one organisation has hardly any entries, another half of them
    return found


def _check_times(since: datetime, until: datetime) -> None:
    if until <= since:
        raise Invalid(field="where.until", allowed="it is later than since", allowed_zh="结束时间须晚于开始时间")


def _text(name: str) -> Column:
    return Column(lambda t, _build, _args: sa.cast(t.c[name], sa.Text))


def _key(t: sa.FromClause, _build: Build, _args: Args) -> Expression:
    return t.c.at


def _parse(text: str) -> datetime:
    """A moment as the database writes it, to the microsecond; SQLite leaves out that it is in UTC."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


AUDIT_ENTRY = Projection(
    "AuditEntry",
    table_of(EntryTable),
    visible=_visible,
    fields={
        "number": _text("seq"),
        "at": column("at"),
        "actor": column("actor"),
        "principal": column("principal"),
        "action": column("action"),
        "subject": column("subject"),
        "before": _text("before"),
        "after": _text("after"),
        "requestId": column("request_id"),
    },
)


@strawberry.type
class AuditQueries:
    """The root field of the audit trail."""

    audit_entries: Connection[AuditEntry] = listed(
        "What was done, the newest first (those of one moment in no particular order): administrators see all of it, staff what was done for organisations in their "
        "regions, owners what was done for their organisations.",
        Connection[AuditEntry],
        where=AuditEntryWhere,
    )


AUDIT_QUERIES: dict[str, Projected] = {
    "auditEntries": Listed(
        lambda: AUDIT_ENTRY,
        {"NEWEST": Order("n", _key, _parse, UTCDateTime(), is_descending=True, tie="hash")},
        "NEWEST",
        where=_where,
    )
}
