"""A fair to sell at: two districts, two producers, a cooperative, their people and those who review; and shorthands for
what they do."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import count
from threading import Barrier
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import Session

from market.catalogue.content.drafts import (
    Draft,
    GiftDraft,
    ListingDraft,
    OptionDraft,
    PackageDraft,
    ProductDraft,
    TierDraft,
    UnitDraft,
    VariantDraft,
    WindowDraft,
)
from market.catalogue.manage.drafting import SavedListing
from market.catalogue.manage.drafts import save_draft
from market.catalogue.manage.submit import SubmittedListing, submit_listing
from market.catalogue.publish import CategoryDraft, add_category
from market.catalogue.review.decide import Decision, ReviewedListing, review_listing
from market.catalogue.rules import (
    GiftPer,
    ListingKind,
    NoteKind,
    PricingPer,
    Storage,
    UnitKind,
    WindowKind,
)
from market.catalogue.rules.reasons import Reason
from market.catalogue.rules.states import ListingReason, Verdict
from market.kernel.errors import MarketError
from market.kernel.ids import new_id
from market.kernel.permissions import Actor, ActorKind, Role
from market.organisations.manage import OrganisationDraft, grant_powers, join_cooperative, register_organisation
from market.organisations.rules import DocumentState, LicenceKind, OrganisationKind, Power
from market.organisations.tables import Licence
from market.people.actors import actor_of
from market.people.manage import give_role, open_account
from market.places.manage import RegionRow, VillageDraft, add_regions, add_village
from tests.catalogue.seen import Seen

ADMIN = Actor(ActorKind.ADMIN, "account")
VISITOR = Actor(ActorKind.VISITOR)
DISTRICT, OTHER_DISTRICT = "330213000000", "330226000000"
REGIONS = [
    ("330200000000", "宁波市", None),
    (DISTRICT, "奉化区", "330200000000"),
    ("330213005000", "萧王庙街道", DISTRICT),
    ("330213005208", "滕头村", "330213005000"),
    (OTHER_DISTRICT, "宁海县", "330200000000"),
    ("330226109000", "大佳何镇", OTHER_DISTRICT),
    ("330226109227", "葛家村", "330226109000"),
]
UNKNOWN = "prd_00000000000000000000000000"
PLENTY = (Reason(ListingReason.MISLEADING, "产地写错了"),)

T = TypeVar("T")
_numbers = count()


def a_key() -> str:
    """A new idempotency key."""
    return f"key-of-a-test-{next(_numbers):06}"


@dataclass
class Fair(Seen):
    """One marketplace, set up."""

    village: str = ""
    other_village: str = ""
    producer: str = ""
    other_producer: str = ""
    cooperative: str = ""
    fruit: str = ""
    tours: str = ""
    owner: Actor = field(default_factory=lambda: VISITOR)
    stranger: Actor = field(default_factory=lambda: VISITOR)
    moderator: Actor = field(default_factory=lambda: VISITOR)
    far_moderator: Actor = field(default_factory=lambda: VISITOR)

    def __post_init__(self) -> None:
        market = self.market
        add_regions(market, ADMIN, [RegionRow(code, name, parent) for code, name, parent in REGIONS])
        self.village = self._village("330213005208", "滕头村")
        self.other_village = self._village("330226109227", "葛家村")
        self.producer = self.organisation("老王家")
        self.other_producer = self.organisation("老李家")
        self.cooperative = self.organisation("滕头合作社", OrganisationKind.COOPERATIVE)
        join_cooperative(
            market,
            ADMIN,
            cooperative_id=self.cooperative,
            producer_id=self.producer,
            joined_on=date(2020, 1, 1),
        )
        self.fruit = add_category(
            market, ADMIN, CategoryDraft("fruit", "水果", "Fruit", ListingKind.PRODUCT, None, True)
        )
        self.tours = add_category(market, ADMIN, CategoryDraft("tours", "游", "Tours", ListingKind.TOUR_PACKAGE))
        self.owner = self.holding(Role.OWNER, self.producer)
        self.stranger = self.holding(Role.OWNER, self.other_producer)
        self.moderator = self.holding(Role.STAFF_MODERATOR, DISTRICT)
        self.far_moderator = self.holding(Role.STAFF_MODERATOR, OTHER_DISTRICT)

    def _village(self, code: str, name: str) -> str:
        draft = VillageDraft(code, name, name, "", None, 29.69, 121.39, is_place_checked=True)
        return add_village(self.market, ADMIN, draft)

    def organisation(self, name: str, kind: OrganisationKind = OrganisationKind.HOUSEHOLD) -> str:
        """An organisation that sells."""
        return register_organisation(self.market, ADMIN, OrganisationDraft(kind, name, None, "", None, self.village))

    def holding(self, role: Role, within: str) -> Actor:
        """A new person who holds this role."""
        account_id = open_account(self.market, ADMIN, name="甲")
        give_role(self.market, ADMIN, account_id=account_id, role=role, within=within)
        with self.market.read() as session:
            return actor_of(session, account_id)

    def let_manage(self) -> None:
        """The producer lets its cooperative manage its listings."""
        grant_powers(
            self.market,
            self.owner,
            membership_id=self.membership(),
            powers=(Power.MANAGE_LISTINGS,),
            valid_from=date(2026, 1, 1),
            idempotency_key=a_key(),
        )

    def membership(self) -> str:
        """The membership of the producer in the cooperative."""
        with self.market.read() as session:
            return str(session.execute(sa.text("SELECT id FROM membership")).scalar_one())

    def licence(self, kind: LicenceKind, valid_to: date | None) -> str:
        """A licence of the producer that staff have accepted, the number of which is not asked for here."""
        licence_id = new_id("lic")
        with self.market.transaction() as session:
            session.add(
                Licence(
                    id=licence_id,
                    organisation_id=self.producer,
                    kind=kind,
                    scan_id="mda_00000000000000000000000000",
                    valid_to=valid_to,
                    state=DocumentState.ACCEPTED,
                    submitted_by="somebody",
                    submitted_at=self.market.now(),
                )
            )
        return licence_id

    # -- what there is to sell -------------------------------------------------------------------------------------

    def product(self, title: str = "水蜜桃", *variants: VariantDraft, **more: Any) -> ProductDraft:
        """Produce that is ready for review."""
        draft = ProductDraft(
            self._listing(title, self.fruit),
            Storage.CHILLED,
            5,
            "奉化",
            "Fenghua",
            variants or (a_variant("A"), a_variant("B", 15800)),
            (WindowDraft(WindowKind.SALE, "06-20", "08-31"),),
        )
        return replace(draft, **more)

    def package(self, title: str = "摘桃半日", **more: Any) -> PackageDraft:
        """A tour package that is ready for review."""
        adult = UnitDraft(UnitKind.ADULT, "成人", "Adult", 1, 12800)
        child = UnitDraft(UnitKind.CHILD, "儿童", "Child", 1, 6800, 3, 12)
        draft = PackageDraft(
            self._listing(title, self.tours),
            meeting_point="村口",
            meeting_point_en=None,
            duration_minutes=180,
            notice_minutes=1440,
            cutoff_minutes=720,
            pricing_per=PricingPer.UNIT,
            needs_travel_agency=False,
            options=(OptionDraft("上午", None, (adult, child)), OptionDraft("下午", None, (adult,))),
            notes=((NoteKind.INCLUDED, "采摘一小时", None), (NoteKind.BRING, "帽子", None)),
            tiers=(TierDraft(48, 100), TierDraft(12, 50)),
        )
        return replace(draft, **more)

    def _listing(self, title: str, category_id: str) -> ListingDraft:
        return ListingDraft(
            title, None, "当天采摘", None, "早上摘，下午发。", None, category_id, self.producer, None, self.village
        )

    # -- what people do --------------------------------------------------------------------------------------------

    def save(self, draft: Draft, actor: Actor | None = None, **more: Any) -> SavedListing:
        """Save a draft, as the producer's owner unless said otherwise."""
        return save_draft(self.market, actor or self.owner, draft, **({"idempotency_key": a_key()} | more))

    def submit(self, listing_id: str, actor: Actor | None = None, **more: Any) -> SubmittedListing:
        """Hand in what is open."""
        asked_ = {"listing_id": listing_id, "idempotency_key": a_key()} | more
        return submit_listing(self.market, actor or self.owner, **asked_)

    def submitted(self, draft: Draft | None = None) -> SubmittedListing:
        """A new listing that waits for review."""
        return self.submit(self.save(draft or self.product()).listing_id)

    def decide(
        self,
        revision_id: str,
        verdict: Verdict = Verdict.APPROVE,
        *,
        actor: Actor | None = None,
        version: int | None = None,
        **more: Any,
    ) -> ReviewedListing:
        """Decide about what was handed in, as the district's moderator; at the current version unless said otherwise."""
        reasons = () if verdict is Verdict.APPROVE else PLENTY
        seen = self.listing_of(revision_id).version if version is None else version
        decision = Decision(revision_id, seen, verdict, **({"reasons": reasons} | more))
        return review_listing(self.market, actor or self.moderator, decision, idempotency_key=a_key())

    def live(self, draft: Draft | None = None) -> str:
        """A listing on sale."""
        submitted = self.submitted(draft)
        self.decide(submitted.revision_id)
        return submitted.listing_id

    def edited(self, listing_id: str, **listing: Any) -> SubmittedListing:
        """A revision of the listing that waits for review: these fields of what both kinds share are other ones."""
        self.save(self.saying(listing_id, **listing), listing_id=listing_id)
        return self.submit(listing_id)


def a_variant(sku: str, price_fen: int = 8800, **more: Any) -> VariantDraft:
    """A variant by its SKU."""
    return replace(VariantDraft(sku, f"{sku} 盒", None, 2500, 6, "盒", "box", price_fen), **more)


def a_gift(variant_id: str) -> GiftDraft:
    """One piece for each booking."""
    return GiftDraft(variant_id, 1, GiftPer.BOOKING)


def refused(act: Callable[..., Any], *args: Any, **kwargs: Any) -> MarketError:
    """The refusal of what must be refused."""
    try:
        act(*args, **kwargs)
    except MarketError as refusal:
        return refusal
    raise AssertionError("it was not refused")


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each gives, or the refusal it raises, when all begin at the same moment."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return act()
        except MarketError as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def rows_of(session: Session, tables: Sequence[str]) -> dict[str, list[Any]]:
    """All rows of these tables."""
    return {name: sorted(map(repr, session.execute(sa.text(f"SELECT * FROM {name}")))) for name in tables}
