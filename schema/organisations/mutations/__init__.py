"""How organisations are changed: each mutation is one use case, and answers with what it changed."""

import strawberry

from schema.organisations.mutations.memberships import MembershipMutations
from schema.organisations.mutations.papers import PaperMutations
from schema.organisations.mutations.people import PeopleMutations
from schema.organisations.mutations.registration import RegistrationMutations


@strawberry.type
class OrganisationMutations(RegistrationMutations, PaperMutations, PeopleMutations, MembershipMutations):
    """All of them."""


__all__ = ["OrganisationMutations"]
