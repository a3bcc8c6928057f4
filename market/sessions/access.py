"""Who may manage which sessions: the thing named, its producer, and whether the actor acts for it."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from market.catalogue.tables import Listing, PackageOption, TourPackage
from market.kernel.clock import business_day
from market.kernel.errors import NotFound
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.acting import act_for
from market.organisations.steps import require_selling
from market.organisations.tables import Organisation
from market.sessions.errors import OptionRetired
from market.sessions.tables import TourSession


@dataclass(frozen=True, slots=True)
class OptionManaged:
    """An option whose sessions the actor manages, for the producer that is the principal."""

    option: PackageOption
    package: TourPackage
    producer: Organisation


def managed_option(session: Session, actor: Actor, option_id: str, *, now: datetime) -> OptionManaged:
    """Step: an option to schedule sessions of, or refuses: NotSignedIn, Forbidden; NotFound; OptionRetired; NotSelling
    when its producer is frozen."""
    reach(actor, Permission.SESSION_MANAGE)
    found = session.exec(
        select(PackageOption, TourPackage, Listing.producer_id)
        .join(TourPackage, col(TourPackage.id) == PackageOption.package_id)
        .join(Listing, col(Listing.id) == TourPackage.id)
        .where(PackageOption.id == option_id)
    ).first()
    if found is None:
        raise NotFound(field="option")
    option, package, producer_id = found
    producer = acting(session, actor, producer_id, field="option", now=now)
    require_offered(session, option_id)
    require_selling(producer)
    return OptionManaged(option, package, producer)


def managed_session(
    session: Session, actor: Actor, session_id: str, *, now: datetime
) -> tuple[TourSession, Organisation]:
    """Step: a session to manage and its producer, or refuses: NotSignedIn, Forbidden; NotFound."""
    reach(actor, Permission.SESSION_MANAGE)
    found = session.exec(
        select(TourSession, Listing.producer_id)
        .join(Listing, col(Listing.id) == TourSession.package_id)
        .where(TourSession.id == session_id)
    ).first()
    if found is None:
        raise NotFound(field="session")
    row, producer_id = found
    return row, acting(session, actor, producer_id, field="session", now=now)


def acting(session: Session, actor: Actor, producer_id: str, *, field: str, now: datetime) -> Organisation:
    """Step: the producer whose sessions the actor manages now, or refuses as `act_for` does."""
    return act_for(
        session, actor, Permission.SESSION_MANAGE, producer_id=producer_id, today=business_day(now), field=field
    )


def require_offered(session: Session, option_id: str) -> None:
    """Step: refuses with OptionRetired when an option is not offered any more."""
    if session.exec(select(PackageOption.retired_at).where(PackageOption.id == option_id)).one() is not None:
        raise OptionRetired(option_id=option_id)
