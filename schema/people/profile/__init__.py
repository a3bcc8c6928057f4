"""A person's own affairs: addresses, consents, how they are written to, and the data kept of them."""

import strawberry

from schema.people.profile.addresses import ADDRESS, AddressMutations
from schema.people.profile.consents import ConsentMutations
from schema.people.profile.mine import PROFILE_QUERIES, MineQueries, PreferenceMutations
from schema.people.profile.privacy import PRIVACY_REQUEST, PrivacyMutations, PrivacyQueries

__all__ = ["ADDRESS", "PRIVACY_REQUEST", "PROFILE_QUERIES", "ProfileMutations", "ProfileQueries"]


@strawberry.type
class ProfileQueries(MineQueries, PrivacyQueries):
    """The root fields of a person's own affairs."""


@strawberry.type
class ProfileMutations(AddressMutations, ConsentMutations, PreferenceMutations, PrivacyMutations):
    """Changes of a person's own affairs."""
