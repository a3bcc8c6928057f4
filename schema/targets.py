"""What `node(id:)` and the payloads of mutations give: which projection each id prefix names."""

from collections.abc import Callable
from dataclasses import replace

import sqlalchemy as sa

from schema.aftersales import CLAIM
from schema.bookings import BOOKING_TARGETS
from schema.bulk import IMPORT_JOB
from schema.catalogue.categories import CATEGORY
from schema.catalogue.listing import LISTINGS, live
from schema.catalogue.options import OPTION, UNIT_TYPE
from schema.catalogue.products import PRODUCT, VARIANT
from schema.catalogue.tours import TOUR_PACKAGE
from schema.fulfilment import FULFILMENT_TARGETS
from schema.listings import LISTING_REVISION
from schema.media import MEDIA
from schema.orders import ORDER_TARGETS
from schema.organisations import COOPERATIVE, INVITATION, LICENCE, MEMBERSHIP, ONE_CERTIFICATE, PRODUCER
from schema.payments import PAYMENT_TARGETS
from schema.people.keys import API_KEY
from schema.people.me import ACCOUNT, DEVICE
from schema.people.profile import ADDRESS, PRIVACY_REQUEST
from schema.places import REGION, VILLAGE
from schema.plan import PLAN_TARGETS
from schema.projection import Build, Projection, exists, looked_up
from schema.projection.declare import Condition, Expression
from schema.reports.outputs import KEPT_REPORT, REPORT_SCHEDULE, REPORT_SUBMISSION
from schema.reviews import MANAGED_REVIEW
from schema.sessions import ONE_SESSION, POOL, SERIES
from schema.settlement import SETTLEMENT_TARGETS
from schema.stock import STOCK_LOT, STOCK_MOVEMENT
from schema.vouchers import CAMPAIGN
from schema.webhooks import DELIVERY, ENDPOINT


def _of_listing(part: Projection, listing_id: Callable[[sa.FromClause], Expression]) -> Projection:
    """A part of a listing as it is read by its own id: hidden when the listing is."""

    def visible(t: sa.FromClause, build: Build) -> list[Condition]:
        build.depend(PRODUCT)
        listing = LISTINGS.alias()
        offered = exists(listing, where=[listing.c.id == listing_id(t), *live(listing, build)])
        return [offered, t.c.retired_at.is_(None)]

    return replace(part, visible=visible)


def _package_of(unit: sa.FromClause) -> Expression:
    assert OPTION.table is not None
    option = OPTION.table.alias()
    return looked_up(option.c.package_id, option, where=[option.c.id == unit.c.option_id])


TARGETS: dict[str, Projection] = {
    **BOOKING_TARGETS,
    **ORDER_TARGETS,
    **PAYMENT_TARGETS,
    **SETTLEMENT_TARGETS,
    **PLAN_TARGETS,
    **FULFILMENT_TARGETS,
    "rgn": REGION,
    "vil": VILLAGE,
    "cop": COOPERATIVE,
    "pdr": PRODUCER,
    "crt": ONE_CERTIFICATE,
    "lic": LICENCE,
    "mbr": MEMBERSHIP,
    "inv": INVITATION,
    "cat": CATEGORY,
    "prd": PRODUCT,
    "var": _of_listing(VARIANT, lambda t: t.c.listing_id),
    "pkg": TOUR_PACKAGE,
    "opt": _of_listing(OPTION, lambda t: t.c.package_id),
    "unt": _of_listing(UNIT_TYPE, _package_of),
    "ses": ONE_SESSION,
    "sre": SERIES,
    "pol": POOL,
    "lot": STOCK_LOT,
    "mov": STOCK_MOVEMENT,
    "mda": MEDIA,
    "rev": LISTING_REVISION,
    "acc": ACCOUNT,
    "adr": ADDRESS,
    "pvr": PRIVACY_REQUEST,
    "dev": DEVICE,
    "key": API_KEY,
    "imp": IMPORT_JOB,
    "clm": CLAIM,
    "rvw": MANAGED_REVIEW,
    "vch": CAMPAIGN,
    "whk": ENDPOINT,
    "whd": DELIVERY,
    "rps": REPORT_SUBMISSION,
    "rsc": REPORT_SCHEDULE,
    "rkp": KEPT_REPORT,
}
"""What each id prefix names."""
