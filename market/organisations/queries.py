"""Named selects of this room."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.organisations.rules import APPLYING, REGISTERED, DocumentState, LicenceKind
from market.organisations.tables import Certificate, Licence, Organisation


def certificates_ending(session: Session, on: date) -> Sequence[Certificate]:
    """Accepted certificates whose last day is this one, by organisation and id."""
    return session.exec(
        select(Certificate)
        .where(Certificate.state == DocumentState.ACCEPTED, Certificate.valid_to == on)
        .order_by(col(Certificate.organisation_id), col(Certificate.id))
    ).all()


def licences_ending(session: Session, on: date) -> Sequence[Licence]:
    """Accepted licences whose last day is this one, by organisation and id."""
    return session.exec(
        select(Licence)
        .where(Licence.state == DocumentState.ACCEPTED, Licence.valid_to == on)
        .order_by(col(Licence.organisation_id), col(Licence.id))
    ).all()


def licence_kinds(
    session: Session, organisation_id: str, *, states: Sequence[DocumentState], on: date
) -> frozenset[LicenceKind]:
    """The kinds of an organisation's licences in these states that hold on a day."""
    found = session.exec(
        select(Licence.kind).where(
            Licence.organisation_id == organisation_id,
            col(Licence.state).in_(states),
            sa.or_(col(Licence.valid_from).is_(None), col(Licence.valid_from) <= on),
            sa.or_(col(Licence.valid_to).is_(None), col(Licence.valid_to) >= on),
        )
    )
    return frozenset(LicenceKind(kind) for kind in found)


def needing_owner() -> sa.Select[Any]:
    """The ids of the organisations that cannot be without an owner: applications under way, and those that go on."""
    return sa.select(col(Organisation.id)).where(col(Organisation.state).in_((*APPLYING, *REGISTERED)))
