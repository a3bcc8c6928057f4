"""Licences and certificates, and what became of them in review."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
import strawberry

from market.kernel.clock import business_day
from market.kernel.permissions import Permission
from market.organisations.tables import Certificate as CertificateTable
from market.organisations.tables import Licence as LicenceTable
from schema.enums import CertificateKind, DocumentState, LicenceKind, ReviewReason
from schema.filters import moment_order
from schema.media import private_url
from schema.node import SIZE, Node
from schema.organisations.reach import ORGANISATIONS, private, private_list, reaches
from schema.pagination import field, lazy, localized_field, single
from schema.permissions import PUBLIC, ruled
from schema.projection import (
    Args,
    Build,
    Computed,
    Given,
    Projection,
    among,
    column,
    exists,
    localized,
    quoted,
    table_of,
)
from schema.projection import Connection as Listed
from schema.projection.declare import Condition, Expression, Order

_READ = Permission.MEMBERSHIP_READ


@strawberry.type(
    description="What an organisation was certified for. What its review says is null but for the organisation's own "
    "people and staff."
)
@ruled(PUBLIC)
class Certificate(Node):
    kind: CertificateKind = field("What it says.")
    name: str = localized_field("Its name.")
    number: str | None = field("Its official number; null when it is not known here.")
    issued_by: str | None = field("Who issued it.")
    valid_from: date | None = field("The first day it holds; null when open.")
    valid_to: date | None = field("The last day it holds; null when open.")
    is_valid: bool = field("Whether it holds today.")
    state: DocumentState | None = field("Where it is in review. Others see ACCEPTED ones only.", rule=_READ)
    reasons: list[ReviewReason] | None = field("Why it was returned.", rule=_READ)
    reason_notes: list[str] | None = field("The reviewer's words for each reason, empty without any.", rule=_READ)
    submitted_at: datetime | None = field("When it was submitted; null when staff recorded it.", rule=_READ)
    reviewed_at: datetime | None = field("When staff decided.", rule=_READ)
    scan: str | None = single(
        "A link to the picture of it, good for ten minutes; null when there is none.", str | None, rule=_READ, size=SIZE
    )
    organisation = single(
        "Whose it is; null for whoever cannot manage or review it.",
        lazy("organisations.types", "Organisation") | None,
        rule=_READ,
    )


@strawberry.type(description="A licence document. Its organisation's owners and staff see it, nobody else.")
@ruled(_READ)
class Licence(Node):
    kind: LicenceKind = field("What it is.")
    number: str | None = field("Its number; null for identity cards, whose number is not kept.")
    scan: str = single("A link to the picture of it, good for ten minutes.", str, size=SIZE)
    valid_from: date | None = field("The first day it holds; null when open.")
    valid_to: date | None = field("The last day it holds; null when open.")
    is_valid: bool = field("Whether it is accepted and holds today.")
    state: DocumentState = field("Where it is in review.")
    reasons: list[ReviewReason] = field("Why it was returned.")
    reason_notes: list[str] = field("The reviewer's words for each reason, empty without any.")
    submitted_at: datetime = field("When it was submitted.")
    reviewed_at: datetime | None = field("When staff decided.")
    waiting_hours: int | None = field("How long it waits for review, in whole hours; null once it was reviewed.")
    organisation = single("Whose it is.", lazy("organisations.types", "Organisation") | None)


# -- where they come from ----------------------------------------------------------------------------------------------


def holds_today(certificate: sa.FromClause, build: Build) -> Condition:
    """Whether a certificate is accepted and holds today; the same rule as `organisations.rules.is_valid_on`, as a
    filter."""
    today = build.today()
    return sa.and_(
        certificate.c.state == quoted("ACCEPTED"),
        sa.or_(certificate.c.valid_from.is_(None), certificate.c.valid_from <= today),
        sa.or_(certificate.c.valid_to.is_(None), certificate.c.valid_to >= today),
    )


def _is_valid(state: str, valid_from: str | None, valid_to: str | None, *, today: str) -> bool:
    # ISO dates compare as text.
    return (
        state == "ACCEPTED" and (valid_from is None or valid_from <= today) and (valid_to is None or today <= valid_to)
    )


def waiting_hours(state: str) -> Computed:
    """How long a row that is in this state has waited since `submitted_at`, in whole hours; null in any other."""

    def act(since: str | None, *, now: datetime) -> int | None:
        return None if since is None else int((now - datetime.fromisoformat(since)).total_seconds()) // 3600

    def of(t: sa.FromClause, build: Build, _args: Args) -> list[Expression]:
        return [sa.case((t.c.state == quoted(state), build.engine.json_moment(t.c.submitted_at)))]

    return Computed(act, of, lambda _build, _args: {"now": Given(is_now=True)})


OLDEST: Order = moment_order("q", "submitted_at")
"""Who waits longest first."""
NEWEST_SUBMITTED: Order = moment_order("n", "submitted_at", is_descending=True)
IS_VALID = Computed(
    _is_valid,
    lambda t, build, _args: [t.c.state, build.engine.json_date(t.c.valid_from), build.engine.json_date(t.c.valid_to)],
    lambda _build, _args: {"today": Given(is_now=True, via=lambda now: business_day(now).isoformat())},
)


def _of_its_organisation(t: sa.FromClause) -> Expression:
    return t.c.organisation_id


def _private(name: str) -> Any:
    return private(name, of=_of_its_organisation)


def _scan_of(t: sa.FromClause, build: Build, _args: Args) -> Expression:
    return sa.case((reaches(build, _READ, t.c.organisation_id), t.c.scan_id))


CERTIFICATE_FIELDS: dict[str, Any] = {
    "id": column("id"),
    "kind": column("kind"),
    "name": localized("name"),
    "number": column("number"),
    "issuedBy": column("issued_by"),
    "validFrom": column("valid_from"),
    "validTo": column("valid_to"),
    "isValid": IS_VALID,
    "state": _private("state"),
    "reasons": private_list("reasons", "code"),
    "reasonNotes": private_list("reasons", "note"),
    "submittedAt": _private("submitted_at"),
    "reviewedAt": _private("reviewed_at"),
    "scan": private_url(_scan_of),
}
"""`organisation` joins them in `types`."""
CERTIFICATE = Projection(
    "Certificate",
    table_of(CertificateTable),
    topic="organisations",
    fields=CERTIFICATE_FIELDS,
    visible=lambda t, _build: [t.c.state == quoted("ACCEPTED")],
)
MANAGED_CERTIFICATE = replace(
    CERTIFICATE, visible=lambda t, build: [reaches(build, Permission.MEMBERSHIP_READ, t.c.organisation_id)]
)
"""In any state, for the organisation's own people and staff."""


def _may_see_licence(t: sa.FromClause, build: Build) -> list[Condition]:
    """Owners and staff: an identity card is nobody else's business."""
    ways = (Permission.ORGANISATION_EDIT, Permission.ORGANISATION_REVIEW)
    return [sa.or_(*[reaches(build, way, t.c.organisation_id) for way in ways])]


def _notes(key: str) -> Computed:
    def act(found: list[dict[str, Any]] | None) -> list[Any]:
        return [each[key] for each in found or []]

    return Computed(act, lambda t, build, _args: [build.engine.json_nested(t.c.reasons)])


LICENCE_FIELDS: dict[str, Any] = {
    "id": column("id"),
    "kind": column("kind"),
    "number": column("number"),
    "scan": private_url(lambda t, _build, _args: t.c.scan_id),
    "validFrom": column("valid_from"),
    "validTo": column("valid_to"),
    "isValid": IS_VALID,
    "state": column("state"),
    "reasons": _notes("code"),
    "reasonNotes": _notes("note"),
    "submittedAt": column("submitted_at"),
    "reviewedAt": column("reviewed_at"),
    "waitingHours": waiting_hours("PENDING"),
}
"""`organisation` joins them in `types`."""
LICENCE = Projection(
    "Licence", table_of(LicenceTable), topic="organisations", fields=LICENCE_FIELDS, visible=_may_see_licence
)


def to_review(target: Projection) -> Listed:
    """The queue of what waits, of one of the two, the longest first."""

    def waiting(t: sa.FromClause, build: Build, _args: Args) -> list[Condition]:
        row = ORGANISATIONS.alias()
        is_there = [row.c.id == t.c.organisation_id, sa.not_(among(row.c.state, ("REJECTED", "CLOSED")))]
        return [
            t.c.state == quoted("PENDING"),
            exists(row, where=is_there),
            reaches(build, Permission.ORGANISATION_REVIEW, t.c.organisation_id),
        ]

    return Listed(lambda: target, {"OLDEST": OLDEST}, "OLDEST", where=waiting)
