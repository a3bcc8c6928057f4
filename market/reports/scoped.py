"""A report for exactly one region or one organisation: whoever asks, the rows are the same."""

from collections.abc import Callable
from dataclasses import replace

from market.kernel.errors import Forbidden, NotFound
from market.kernel.market import Market
from market.kernel.permissions import GRANTS, Actor, ActorKind, Permission, reach, region_prefix
from market.kernel.permissions.words import STAFF_ROLES
from market.reports.catalogue import REPORTS
from market.reports.declare import ReportAsked, ReportResult
from market.reports.run import reader_kinds

Run = Callable[[Market, Actor, ReportAsked], ReportResult]
"""What answers questions: `run_report`, unless a test says otherwise."""


def as_region(actor: Actor, permission: Permission, region_code: str, *, field: str = "regionCode") -> Actor:
    """The actor, reaching no further than this region's subtree.

    Refuses: NotSignedIn; Forbidden when no role of theirs grants the permission anywhere; NotFound for a region beyond
    their reach or for what is no region's code.
    """
    opened = reach(actor, permission)
    try:
        region_prefix(region_code)
    except ValueError:
        raise NotFound(field=field) from None
    if not opened.covers(region_code=region_code):
        raise NotFound(field=field)
    roles = actor.staff_roles
    if actor.kind is ActorKind.ADMIN:
        roles = STAFF_ROLES
    return replace(
        actor,
        kind=ActorKind.STAFF,
        organisations={},
        staff_roles=roles,
        region_codes=frozenset({region_code}),
    )


def as_organisation(actor: Actor, permission: Permission, organisation_id: str) -> Actor:
    """The actor as one of this organisation's people, and nothing else.

    Refuses: NotSignedIn; Forbidden when no role of theirs grants the permission anywhere; NotFound for an organisation in
    which they hold none that does.
    """
    if organisation_id not in reach(actor, permission).organisation_ids:
        raise NotFound(field="organisationId")
    return replace(
        actor,
        kind=ActorKind.MEMBER,
        organisations={organisation_id: actor.organisations[organisation_id]},
        staff_roles=frozenset(),
        region_codes=frozenset(),
    )


def narrowed(actor: Actor, region_code: str | None, organisation_id: str | None) -> Actor:
    """The actor as one that takes reports away, of exactly one region or one organisation. Refuses as these two do;
    NotFound for both at once and for neither."""
    if organisation_id is None:
        return as_region(actor, Permission.REPORT_EXPORT, region_code or "")
    if region_code is not None:
        raise NotFound(field="organisationId")
    return as_organisation(actor, Permission.REPORT_EXPORT, organisation_id)


def check_reader(actor: Actor, report_key: str) -> None:
    """Refuse with Forbidden whoever the catalogue does not show this report to: what was kept of it is not theirs either."""
    report = REPORTS.get(report_key)
    if report is not None and not report.readers & reader_kinds(actor):
        raise Forbidden


def exporting(actor: Actor) -> Actor:
    """The actor with those roles alone that may export: what they may only look at on the screen is not taken away.

    Refuses: NotSignedIn; Forbidden when none of them may.
    """
    reach(actor, Permission.REPORT_EXPORT)
    organisations = {
        organisation: frozenset(role for role in roles if Permission.REPORT_EXPORT in GRANTS[role])
        for organisation, roles in actor.organisations.items()
    }
    staff = frozenset(role for role in actor.staff_roles if Permission.REPORT_EXPORT in GRANTS[role])
    return replace(
        actor,
        organisations={organisation: roles for organisation, roles in organisations.items() if roles},
        staff_roles=staff,
        region_codes=actor.region_codes if staff else frozenset(),
    )
