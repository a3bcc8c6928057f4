"""Who sells: cooperatives and producers, their people and papers, memberships between them.

`types` is what an organisation is made of, everybody's part and its own people's; `lists` how organisations are found;
`papers`, `people`, `memberships` what hangs off one; `queries` the root fields, `mutations` the changes, `mine` what a
signed-in person sees under `me`.
"""

from schema.organisations.lists import OrganisationOrder, OrganisationWhere, organisation_list
from schema.organisations.memberships import MANAGED_MEMBERSHIP, MEMBERSHIP, Membership
from schema.organisations.mine import ACCOUNT_ORGANISATION_FIELDS, AccountOrganisations
from schema.organisations.papers import CERTIFICATE, LICENCE, Certificate, Licence, holds_today
from schema.organisations.people import INVITATION, Invitation
from schema.organisations.queries import ORGANISATION_QUERIES, OrganisationQueries
from schema.organisations.sources import (
    COOPERATIVE,
    COOPERATIVE_FIELDS,
    MANAGED_ORGANISATION,
    ONE_CERTIFICATE,
    ORGANISATION,
    PRODUCER,
    PRODUCER_FIELDS,
)
from schema.organisations.types import Cooperative, Organisation, Producer

__all__ = [
    "ACCOUNT_ORGANISATION_FIELDS",
    "CERTIFICATE",
    "COOPERATIVE",
    "COOPERATIVE_FIELDS",
    "INVITATION",
    "LICENCE",
    "MANAGED_MEMBERSHIP",
    "MANAGED_ORGANISATION",
    "MEMBERSHIP",
    "ONE_CERTIFICATE",
    "ORGANISATION",
    "ORGANISATION_QUERIES",
    "PRODUCER",
    "PRODUCER_FIELDS",
    "AccountOrganisations",
    "Certificate",
    "Cooperative",
    "Invitation",
    "Licence",
    "Membership",
    "Organisation",
    "OrganisationOrder",
    "OrganisationQueries",
    "OrganisationWhere",
    "Producer",
    "holds_today",
    "organisation_list",
]
