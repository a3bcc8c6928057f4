"""Use cases: read what a seller wants a listing to say, to go on writing it or to decide about it."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session, col, select

from market.catalogue.content.check import problems_at
from market.catalogue.content.codec import decoded
from market.catalogue.content.diff import Change, diff
from market.catalogue.content.drafts import Draft
from market.catalogue.content.live import with_live_prices
from market.catalogue.content.parts import table_of
from market.catalogue.content.read import content_of
from market.catalogue.revisions import open_revision
from market.catalogue.rules.problems import Problem
from market.catalogue.rules.states import OPEN_REVISIONS
from market.catalogue.rules.words import risky_words
from market.catalogue.tables import Listing, ListingRevision
from market.kernel.clock import business_day
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission
from market.organisations.acting import acts_for


@dataclass(frozen=True, slots=True)
class ReadDraft:
    """What a listing is to say, and the version to save it from."""

    draft: Draft
    version: int
    revision_id: str | None
    """The open revision; None when what is approved is all there is."""
    problems: tuple[Problem, ...]
    """What keeps it from being handed in today."""


@dataclass(frozen=True, slots=True)
class ReadRevision:
    """A revision as a reviewer reads it, and the version of its listing to decide at."""

    draft: Draft
    version: int
    changes: tuple[Change, ...]
    """From what buyers see now; of a decided revision, from what they see since."""
    risky_words: tuple[str, ...]
    """In what it changes, see `rules.words`."""
    problems: tuple[Problem, ...]
    """What an approval would be refused for today; empty once it is decided."""


def read_draft(market: Market, actor: Actor, *, listing_id: str) -> ReadDraft | None:
    """A listing's open revision, or what is approved of it, with the prices and seasons of now. None for one that is
    unknown or hidden. Refuses: NotSignedIn; Forbidden."""
    today = business_day(market.now())
    with market.read() as session:
        listing = _listing(session, actor, listing_id, today)
        if listing is None:
            return None
        live, revision = content_of(session, listing), open_revision(session, listing.id)
        draft = live if revision is None else with_live_prices(decoded(revision.content), live)
        if draft is None:  # given up before it was ever approved: its last words
            draft = decoded(_last(session, listing.id).content)
        problems = problems_at(session, draft, today=today)
        return ReadDraft(draft, listing.version, revision.id if revision else None, problems)


def read_revision(market: Market, actor: Actor, *, revision_id: str) -> ReadRevision | None:
    """A revision and what it changes. None for one that is unknown or hidden. Refuses: NotSignedIn; Forbidden."""
    today = business_day(market.now())
    with market.read() as session:
        revision = session.get(ListingRevision, revision_id)
        listing = None if revision is None else _listing(session, actor, revision.listing_id, today)
        if revision is None or listing is None:
            _listing(session, actor, "", today)  # so that it is refused to whoever may read none
            return None
        live = content_of(session, listing)
        is_open = revision.state in OPEN_REVISIONS
        draft = decoded(revision.content)
        draft = with_live_prices(draft, live) if is_open else draft
        changes = diff(live, draft)
        return ReadRevision(
            draft,
            listing.version,
            changes,
            tuple(dict.fromkeys(word for each in changes for word in risky_words(each.text))),
            problems_at(session, draft, today=today) if is_open else (),
        )


def _listing(session: Session, actor: Actor, listing_id: str, today: date) -> Listing | None:
    columns = table_of(Listing).c
    mine = acts_for(actor, Permission.LISTING_READ, columns.producer_id, today=today, region_code=columns.region_code)
    return session.exec(select(Listing).where(Listing.id == listing_id, mine)).first()


def _last(session: Session, listing_id: str) -> ListingRevision:
    found = select(ListingRevision).where(ListingRevision.listing_id == listing_id)
    return session.exec(found.order_by(col(ListingRevision.number).desc()).limit(1)).one()
