"""Copies of people's data, and how to see what became of them."""

import json
from typing import Any

from sqlmodel import select

from market import migrations
from market.kernel.market import Market
from market.people.profile.addresses import add_address
from market.people.profile.consents import give_consent
from market.people.profile.export import make_exports, read_export, request_export
from market.people.profile.requests import list_privacy_requests
from market.people.profile.rules import (
    ConsentKind,
    ConsentSource,
    PrivacyState,
)
from market.people.profile.tables import PrivacyExport
from tests.people.profile.persons import KEY, Person, draft

UNKNOWN = "pvr_00000000000000000000000000"
ALL = migrations.metadata()


def ask(market: Market, owner: Person, number: int = 0) -> str:
    return request_export(market, owner.actor, key=f"{KEY}-{number}")


def made(market: Market, owner: Person, number: int = 0) -> dict[str, Any]:
    """A copy, asked for, made and read."""
    request_id = ask(market, owner, number)
    assert make_exports(market, ALL) == 1
    found: dict[str, Any] = json.loads(read_export(market, owner.actor, request_id=request_id))
    return found


def states(market: Market, owner: Person) -> list[PrivacyState]:
    return [each.state for each in list_privacy_requests(market, owner.actor)]


def parts(market: Market) -> list[PrivacyExport]:
    with market.read() as session:
        return list(session.exec(select(PrivacyExport)).all())


def live(market: Market, owner: Person) -> None:
    """Leave some traces."""
    add_address(market, owner.actor, draft(recipient=f"收件人{owner.phone}", phone=owner.phone), key=KEY)
    give_consent(market, owner.actor, kind=ConsentKind.PRIVACY, version="2026-01-01", source=ConsentSource.MINI_PROGRAM)
