"""The audit trail, as far as its reader may look.

Not a projection: which plan is good depends on the reader's reach, and the use case reads a million entries in the
order of an index for each of them. See `market/organisations/audit.py`.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import UNSET
from strawberry.types.nodes import SelectedField, Selection

from market.kernel.audit import AuditEntry as Entry
from market.kernel.audit import AuditWhere, cursor_of
from market.kernel.pages import page_of
from market.kernel.permissions import Permission
from market.organisations.audit import count_audit, read_audit
from schema.context import Context
from schema.pagination import After, Before, First, Last, PageInfo
from schema.permissions import ruled
from schema.projection.frame import COUNT_MAX

Info = strawberry.Info[Context]


@strawberry.type(description="One thing done: who did what to what, on whose behalf. Nothing in it is personal.")
@ruled(Permission.AUDIT_READ)
class AuditEntry:
    number: strawberry.ID = strawberry.field(description="Its number in the trail; they have no gaps.")
    at: datetime = strawberry.field(description="When.")
    actor: strawberry.ID = strawberry.field(description="Who: an account's id, or SYSTEM.")
    principal: strawberry.ID = strawberry.field(description="On whose behalf: an organisation's id, or the actor.")
    action: str = strawberry.field(description="What, as `listing.approve`.")
    subject: strawberry.ID = strawberry.field(description="To what: its id.")
    before: str | None = strawberry.field(description="What changed, as it was: JSON text.")
    after: str | None = strawberry.field(description="What changed, as it is now: JSON text.")
    request_id: str = strawberry.field(description="The request that did it, as logs name it.")

    @classmethod
    def of(cls, entry: Entry) -> "AuditEntry":
        """From what is on record."""
        return cls(
            number=strawberry.ID(str(entry.seq)),
            at=entry.at,
            actor=strawberry.ID(entry.actor),
            principal=strawberry.ID(entry.principal),
            action=entry.action,
            subject=strawberry.ID(entry.subject),
            before=_text(entry.before),
            after=_text(entry.after),
            request_id=entry.request_id,
        )


def _text(value: dict[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


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

    def asked(self) -> AuditWhere:
        """As the use case takes it."""
        given = {name: value for name, value in vars(self).items() if value is not UNSET and value is not None}
        return AuditWhere(**given)


@strawberry.type(description="An entry, and where it is.")
class AuditEntryEdge:
    node: AuditEntry = strawberry.field(description="The entry.")
    cursor: str = strawberry.field(description="Where it is in this list. Opaque.")


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a page was cut out of, and where it lies."""

    where: AuditWhere
    page_info: dict[str, Any]


@strawberry.type(description="A page of the audit trail.")
class AuditEntryConnection:
    asked: strawberry.Private[_Asked]
    edges: Sequence[AuditEntryEdge] = strawberry.field(description="The page's entries with their cursors.")
    nodes: list[AuditEntry] = strawberry.field(description="The page's entries.")

    @strawberry.field(description="Where the page lies.")  # type: ignore[untyped-decorator]  # with an Info[…] of ours
    def page_info(self, info: Info) -> PageInfo:
        # Its fields are read as a projection's answer is: from a dict, by the names the client gave them.
        [field] = info.selected_fields
        names = {each.alias or each.name: each.name for each in _fields(field.selections)}
        return {key: self.asked.page_info.get(name) for key, name in names.items()}  # type: ignore[return-value]  # see above

    @strawberry.field(  # type: ignore[untyped-decorator]  # the same
        description="How many entries the whole filtered list has, counted up to 2,000: 2,000 then means that or more."
    )
    async def total_count(self, info: Info) -> int:
        return await info.context.look(count_audit, self.asked.where, most=COUNT_MAX)

    @strawberry.field(description="Whether `totalCount` is of the whole list.")  # type: ignore[untyped-decorator]  # the same
    async def is_total_count_exact(self, info: Info) -> bool:
        return await info.context.look(count_audit, self.asked.where, most=COUNT_MAX + 1) <= COUNT_MAX


def _fields(selections: list[Selection]) -> Iterator[SelectedField]:
    """The fields asked for, those in fragments too."""
    for each in selections:
        if isinstance(each, SelectedField):
            yield each
        else:
            yield from _fields(each.selections)


@strawberry.type
class AuditQueries:
    """The root field of the audit trail."""

    @strawberry.field(  # type: ignore[untyped-decorator]  # its overloads do not cover async methods with Info[…]
        description="What was done, the newest first: administrators see all of it, staff what was done for "
        "organisations in their regions, owners what was done for their organisations."
    )
    async def audit_entries(
        self,
        info: Info,
        *,
        where: Annotated[
            AuditEntryWhere | None, strawberry.argument(description="Only entries that meet all of these.")
        ] = UNSET,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> AuditEntryConnection:
        page = page_of(first=first, last=last, has_after=after is not None, has_before=before is not None)
        asked = where.asked() if where else AuditWhere()
        cursor = before if page.is_backward else after
        found = await info.context.look(read_audit, asked, page=page, cursor=cursor)
        edges = [AuditEntryEdge(node=AuditEntry.of(each), cursor=cursor_of(each)) for each in found.entries]
        ahead, behind = ("hasPreviousPage", "hasNextPage") if page.is_backward else ("hasNextPage", "hasPreviousPage")
        page_info = {
            ahead: found.has_more,
            behind: cursor is not None,
            "startCursor": edges[0].cursor if edges else None,
            "endCursor": edges[-1].cursor if edges else None,
        }
        return AuditEntryConnection(asked=_Asked(asked, page_info), edges=edges, nodes=[each.node for each in edges])
