"""Steps that make the rows of a listing say what a draft says. Ids that others point at stay what they are."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session

from market.catalogue.content.drafts import Draft, ListingDraft, ProductDraft, kind_of
from market.catalogue.content.package_rows import write_package
from market.catalogue.content.parts import Row, replace_rows, table_of
from market.catalogue.content.product_rows import write_product
from market.catalogue.rules import ListingKind, ListingState
from market.catalogue.rules.moments import to_second
from market.catalogue.search import rank_of
from market.catalogue.tables import Category, Image, Listing, ListingCertificate
from market.kernel.errors import Invalid, NotFound
from market.kernel.ids import new_id
from market.organisations.steps import organisation_of
from market.places.manage import village_of

_LISTING = table_of(Listing)


def add_listing(
    session: Session,
    draft: Draft,
    *,
    state: ListingState,
    now: datetime,
    popularity: int = 0,
    external_code: str | None = None,
) -> Listing:
    """Step: a new listing's own row, without what hangs off it. Refuses as `stated` does."""
    kind = kind_of(draft)
    listing_id = new_id("prd" if kind is ListingKind.PRODUCT else "pkg")
    organisation_of(session, draft.listing.producer_id, field="producer")
    listing = Listing(
        id=listing_id,
        kind=kind,
        state=state,
        producer_id=draft.listing.producer_id,
        price_fen=lowest_price(draft),
        popularity=popularity,
        search_rank=rank_of(popularity, listing_id),
        external_code=external_code,
        published_at=to_second(now),
        created_at=now,
        updated_at=to_second(now),
        **stated(session, draft.listing, kind),
    )
    session.add(listing)
    session.flush()
    return listing


def stated(session: Session, draft: ListingDraft, kind: ListingKind) -> Row:
    """Step: the columns of a listing that its draft decides. Refuses: NotFound for a category, village or cooperative;
    Invalid for a category of the other kind."""
    if draft.cooperative_id is not None:
        organisation_of(session, draft.cooperative_id, field="cooperative")
    village = village_of(session, draft.village_id)
    path = category_path(session, draft.category_id, kind)
    code = village.region_code
    return {
        "title": draft.title,
        "title_en": draft.title_en,
        "summary": draft.summary,
        "summary_en": draft.summary_en,
        "description": draft.description,
        "description_en": draft.description_en,
        "cooperative_id": draft.cooperative_id,
        "category_id": draft.category_id,
        "category_1": path[0],
        "category_2": path[1] if len(path) > 1 else None,
        "category_3": path[2] if len(path) > 2 else None,
        "village_id": village.id,
        "region_code": code,
        "township_code": code[:9] + "000",
        "county_code": code[:6] + "000000",
        "latitude": village.latitude,
        "longitude": village.longitude,
    }


def category_path(session: Session, category_id: str, kind: ListingKind) -> list[str]:
    """Step: a category's ancestors from the root down, itself last. Refuses: NotFound; Invalid for the other kind."""
    path: list[str] = []
    above: str | None = category_id
    while above is not None:
        category = session.get(Category, above)
        if category is None:
            raise NotFound(field="category")
        if category.kind != kind:
            raise Invalid(
                field="category",
                allowed=f"a category of {kind} listings",
                allowed_zh="请选择同类商品的类目",
            )
        path.insert(0, category.id)
        above = category.parent_id
    return path


def lowest_price(draft: Draft) -> int:
    """The price a listing starts from, in fen: its cheapest variant, or its cheapest ticket type that is not free."""
    if isinstance(draft, ProductDraft):
        return min((each.price_fen for each in draft.variants), default=0)
    return min((each.price_fen for option in draft.options for each in option.units if each.price_fen > 0), default=0)


def write_content(session: Session, listing: Listing, draft: Draft, *, now: datetime) -> None:
    """Step: make a listing say what the draft says, whose parts all have ids. What it no longer offers is retired.

    The caller has checked the draft and holds the listing's row.
    """
    session.execute(
        sa.update(_LISTING)
        .where(_LISTING.c.id == listing.id)
        .values(
            **stated(session, draft.listing, listing.kind), price_fen=lowest_price(draft), updated_at=to_second(now)
        )
    )
    _write_images(session, listing.id, draft.listing)
    if isinstance(draft, ProductDraft):
        write_product(session, listing, draft, now)
    else:
        write_package(session, listing.id, draft, now)
    session.flush()
    session.refresh(listing)


def _write_images(session: Session, listing_id: str, draft: ListingDraft) -> None:
    image = table_of(Image)
    known = {row.key: row.id for row in session.execute(sa.select(image).where(image.c.listing_id == listing_id))}
    rows = [
        {
            "id": known.pop(each.key, None) or new_id("img"),
            "position": position,
            "key": each.key,
            "alt": each.alt,
            "alt_en": each.alt_en,
            "width": each.width,
            "height": each.height,
        }
        for position, each in enumerate(draft.images, start=1)
    ]
    replace_rows(session, Image, {"listing_id": listing_id}, rows)
    links = [{"certificate_id": each} for each in draft.certificate_ids]
    replace_rows(session, ListingCertificate, {"listing_id": listing_id}, links)
