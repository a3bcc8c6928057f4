"""The demo marketplace, made through the use cases that people use. Read `seed_demo` first.

It may be stopped anywhere and started again: whatever has a name (region code, slug, SKU, title) is looked up before
it is made, and seats are taken last, in one transaction, so that a database where they are taken is complete.
"""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from functools import partial

from sqlmodel import Session, col, select

from market.catalogue.publish import publish_package, publish_product
from market.catalogue.rules import ListingKind
from market.catalogue.tables import Listing, PackageOption, Variant
from market.kernel.clock import business_day
from market.kernel.market import Market
from market.organisations.manage import (
    CertificateDraft,
    OrganisationDraft,
    grant_powers,
    join_cooperative,
    record_certificate,
    register_organisation,
)
from market.organisations.rules import CertificateKind, OrganisationKind, Power
from market.organisations.tables import Certificate, Organisation
from market.places.manage import add_village, villages_by_region
from market.sessions.manage import schedule_sessions
from seeds import content
from seeds.content import Row, rows
from seeds.delivery import seed_delivery
from seeds.ground import SEEDER, seed_categories, seed_regions
from seeds.media import draw_missing, listing_images, village_picture
from seeds.people import seed_people
from seeds.plan import seed_plan
from seeds.report import Progress, SeedReport, counts, examples, silent
from seeds.seats import has_taken_seats, take_demo_seats
from seeds.stock import stock_variant, stock_versions


@dataclass(slots=True)
class _Seeding:
    market: Market
    today: date
    progress: Progress
    ids: dict[str, dict[str, str]] = field(default_factory=dict)
    """By noun, the ids of what has a name in the content."""

    def each(self, noun: str) -> Iterator[Row]:
        """The content's things of a noun, telling how far they are."""
        total = len(rows(noun))
        for number, row in enumerate(rows(noun), start=1):
            yield row
            self.progress(noun, number, total)


def seed_demo(
    market: Market, media_store: str, *, today: date | None = None, progress: Progress = silent
) -> SeedReport:
    """Make the demo marketplace, or what is missing of it; a complete one is left alone, but for pictures that are gone.

    The same day gives the same content: titles, prices, stock, sessions, seats taken, pictures. Ids are new.
    """
    began = time.monotonic()
    seeding = _Seeding(market, today or business_day(market.now()), progress)
    with market.read() as session:
        is_complete = has_taken_seats(session, list(_packages(session).values()))
    with ThreadPoolExecutor(1, "seed-pictures") as pool:
        drawing = pool.submit(draw_missing, media_store, done=partial(progress, "picture"))
        if not is_complete:
            _make(seeding, drawing)
        drawing.result()
    with market.read() as session:
        seconds = round(time.monotonic() - began, 2)
        return SeedReport(not is_complete, seconds, counts(session), examples(session))


def _make(seeding: _Seeding, drawing: "Future[int]") -> None:
    seeding.progress("region", 0, len(content.regions()))
    seeding.progress("region", seed_regions(seeding.market), len(content.regions()))
    seeding.ids["category"] = seed_categories(seeding.market)
    _villages(seeding)
    _organisations(seeding)
    seed_people(seeding.market, cooperative_id=_first_cooperative(seeding))
    seed_delivery(seeding.market)
    seed_plan(seeding.market, today=seeding.today)
    _certificates(seeding)
    _products(seeding)
    packages = _package_listings(seeding)
    drawing.result()  # the last step says that all is there, so the pictures must be
    take_demo_seats(seeding.market, packages, seeding.today)


def _first_cooperative(seeding: _Seeding) -> str:
    """The cooperative whose people the demo has: the content's first."""
    slug = next(row["slug"] for row in rows("organisation") if row["kind"] == OrganisationKind.COOPERATIVE)
    return seeding.ids["organisation"][slug]


def _villages(seeding: _Seeding) -> None:
    with seeding.market.read() as session:
        known = villages_by_region(session)
    for row in seeding.each("village"):
        if row["code"] not in known:
            draft = content.village_draft(row, picture=village_picture(row).key)
            known[row["code"]] = add_village(seeding.market, SEEDER, draft)
    seeding.ids["village"] = known


def _organisations(seeding: _Seeding) -> None:
    ids = seeding.ids["organisation"] = {}
    with seeding.market.read() as session:
        named = session.exec(select(Organisation.name, Organisation.village_id, Organisation.id)).all()
    known = {(name, village_id): organisation_id for name, village_id, organisation_id in named}
    for row in seeding.each("organisation"):
        village_id = seeding.ids["village"][row["village"]]
        draft = OrganisationDraft(
            OrganisationKind(row["kind"]), row["name"], row["name_en"], row["story"], row["story_en"], village_id
        )
        found = known.get((row["name"], village_id))
        ids[row["slug"]] = found or register_organisation(seeding.market, SEEDER, draft)
    for row in rows("organisation"):
        for membership in row.get("member_of", ()):
            membership_id = join_cooperative(
                seeding.market,
                SEEDER,
                cooperative_id=ids[membership["cooperative"]],
                producer_id=ids[row["slug"]],
                joined_on=membership["joined"],
            )
            grant_powers(
                seeding.market,
                SEEDER,
                membership_id=membership_id,
                powers=tuple(Power),
                valid_from=membership["joined"],
                idempotency_key=f"seed-{membership_id}",
            )


def _certificates(seeding: _Seeding) -> None:
    ids = seeding.ids["certificate"] = {}
    with seeding.market.read() as session:
        found = session.exec(select(Certificate)).all()
    known = {(each.organisation_id, each.kind, each.name): each.id for each in found}
    for row in seeding.each("certificate"):
        draft = CertificateDraft(
            organisation_id=seeding.ids["organisation"][row["organisation"]],
            kind=CertificateKind(row["kind"]),
            name=row["name"],
            name_en=row["name_en"],
            number=row.get("number"),
            valid_from=row.get("valid_from"),
            valid_to=row.get("valid_to"),
        )
        key = (draft.organisation_id, draft.kind, draft.name)
        ids[row["slug"]] = known.get(key) or record_certificate(seeding.market, SEEDER, draft)


def _products(seeding: _Seeding) -> None:
    with seeding.market.read() as session:
        known = _variants(session, rows("product"))
        versions = stock_versions(session)
    for row in seeding.each("product"):
        if row["variants"][0]["sku"] not in known:
            draft = content.product_draft(row, seeding.ids, listing_images(row))
            publish_product(seeding.market, SEEDER, draft, popularity=row["popularity"])
            with seeding.market.read() as session:
                known |= _variants(session, (row,))
        for variant in row["variants"]:
            variant_id = known[variant["sku"]]
            stock_variant(
                seeding.market,
                variant_id,
                variant["sku"],
                variant["on_hand"],
                today=seeding.today,
                shelf_life_days=row["shelf_life_days"],
                version=versions.get(variant_id, 0),
            )
    seeding.ids["variant"] = known


def _package_listings(seeding: _Seeding) -> list[str]:
    with seeding.market.read() as session:
        known = _packages(session)
    for row in seeding.each("package"):
        if row["title"] not in known:
            draft = content.package_draft(row, seeding.ids, listing_images(row))
            known[row["title"]] = publish_package(seeding.market, SEEDER, draft, popularity=row["popularity"])
        with seeding.market.read() as session:
            options = session.exec(
                select(PackageOption.id)
                .where(PackageOption.package_id == known[row["title"]])
                .order_by(col(PackageOption.position))
            ).all()
        schedule_sessions(seeding.market, SEEDER, content.series_drafts(row, list(options), seeding.today))
    return list(known.values())


def _packages(session: Session) -> dict[str, str]:
    """The demo's packages that are there, by title."""
    titles = [row["title"] for row in rows("package")]
    query = select(Listing.title, Listing.id).where(
        Listing.kind == ListingKind.TOUR_PACKAGE, col(Listing.title).in_(titles)
    )
    return dict(session.exec(query).all())


def _variants(session: Session, offers: tuple[Row, ...]) -> dict[str, str]:
    """The ids of these products' variants that are there, by SKU."""
    skus = [variant["sku"] for offer in offers for variant in offer["variants"]]
    query = select(Variant.sku, Variant.id).where(col(Variant.sku).in_(skus))
    return dict(session.exec(query).all())
