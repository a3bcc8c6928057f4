"""Whose sessions, series and pools a viewer sees beyond what is on sale."""

import sqlalchemy as sa

from market.kernel.permissions import Permission, scope_of
from market.organisations.tables import Organisation
from schema.catalogue.listing import LISTINGS, live
from schema.catalogue.products import PRODUCT
from schema.projection import Build, exists, looked_up, table_of
from schema.projection.declare import Condition, Expression
from schema.scope import acts_for

SEEN = Permission.SESSION_READ
_ORGANISATIONS = table_of(Organisation)


def mine(t: sa.FromClause, build: Build) -> list[Condition]:
    """Of a package (`package_id`) whose producer the viewer acts for."""
    return [of_package(t.c.package_id, build)]


def of_package(package_id: Expression, build: Build) -> Condition:
    """Whether the viewer acts for a package's producer, whatever the package's state."""
    listing = LISTINGS.alias()
    acts = acts_for(build, SEEN, listing.c.producer_id, region=listing.c.region_code)
    return exists(listing, where=[listing.c.id == package_id, acts])


def of_organisation(organisation_id: Expression, build: Build) -> Condition:
    """Whether the viewer acts for an organisation."""
    organisation = _ORGANISATIONS.alias()
    region = looked_up(organisation.c.region_code, organisation, where=[organisation.c.id == organisation_id])
    return acts_for(build, SEEN, organisation_id, region=region)


def on_sale_or_mine(t: sa.FromClause, build: Build) -> list[Condition]:
    """A session as it is read by its id: of a package on sale, or of one that the viewer acts for."""
    build.depend(PRODUCT)
    listing = LISTINGS.alias()
    on_sale = exists(listing, where=[listing.c.id == t.c.package_id, *live(listing, build)])
    if scope_of(build.viewer.actor, SEEN) is None:
        return [on_sale]
    return [sa.or_(on_sale, of_package(t.c.package_id, build))]
