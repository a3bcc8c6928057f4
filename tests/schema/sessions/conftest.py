"""A farm, one who manages its sessions, and a stranger who manages another's."""

import pytest

from market.kernel.market import Market
from market.kernel.permissions import Actor, Role
from market.organisations.manage import OrganisationDraft, register_organisation
from market.organisations.rules import OrganisationKind
from tests.schema.stalls import ADMIN
from tests.sessions.farm import Farm, person, set_up_farm


@pytest.fixture(name="farm")
def _farm(market: Market) -> Farm:
    return set_up_farm(market)


@pytest.fixture(name="editor")
def _editor(market: Market, farm: Farm) -> Actor:
    return person(market, Role.EDITOR, farm.producer)


@pytest.fixture(name="stranger")
def _stranger(market: Market, farm: Farm) -> Actor:
    """The owner of another producer."""
    draft = OrganisationDraft(OrganisationKind.HOUSEHOLD, "老李家", "Li", "", None, farm.stalls.village)
    return person(market, Role.OWNER, register_organisation(market, ADMIN, draft))
