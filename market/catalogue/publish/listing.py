"""Steps that both kinds of listing share: the row itself, its pictures and certificates, its search row."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.catalogue import search
from market.catalogue.publish.drafts import ListingDraft
from market.catalogue.rules import ListingKind, ListingState
from market.catalogue.tables import Category, Image, Listing, ListingCertificate, listing_search
from market.kernel.database import Engine
from market.kernel.errors import Invalid, NotFound
from market.kernel.ids import new_id
from market.kernel.topics import touch
from market.organisations.manage import organisation_of
from market.organisations.tables import Certificate, Organisation
from market.places.manage import village_of
from market.places.tables import Region


def add_listing(session: Session, draft: ListingDraft, *, kind: ListingKind, price_fen: int, now: datetime) -> Listing:
    """Step: a live listing with its pictures and certificates.

    Refuses: Invalid for an empty title, a category of the other kind, or a certificate of somebody else; NotFound.
    """
    if not draft.title.strip():
        raise Invalid(field="title", allowed="a listing has a title", allowed_zh="标题不能为空")
    producer = organisation_of(session, draft.producer_id, field="producer")
    if draft.cooperative_id is not None:
        organisation_of(session, draft.cooperative_id, field="cooperative")
    village = village_of(session, draft.village_id)
    path = category_path(session, draft.category_id, kind)
    listing_id = new_id("prd" if kind is ListingKind.PRODUCT else "pkg")
    code = village.region_code
    listing = Listing(
        id=listing_id,
        kind=kind,
        state=ListingState.LIVE,
        title=draft.title,
        title_en=draft.title_en,
        summary=draft.summary,
        summary_en=draft.summary_en,
        description=draft.description,
        description_en=draft.description_en,
        producer_id=producer.id,
        cooperative_id=draft.cooperative_id,
        category_id=draft.category_id,
        category_1=path[0],
        category_2=path[1] if len(path) > 1 else None,
        category_3=path[2] if len(path) > 2 else None,
        village_id=village.id,
        region_code=code,
        township_code=code[:9] + "000",
        county_code=code[:6] + "000000",
        latitude=village.latitude,
        longitude=village.longitude,
        price_fen=price_fen,
        popularity=draft.popularity,
        search_rank=search.rank_of(draft.popularity, listing_id),
        published_at=now.replace(microsecond=0),
        created_at=now,
        updated_at=now,
    )
    session.add(listing)
    session.flush()
    _attach(session, listing, draft)
    touch(session, *topics_of(listing))
    return listing


def topics_of(listing: Listing) -> list[str]:
    """What changes when a listing does: it, the lists of its categories, and all others."""
    return [listing.id, "catalogue", listing.category_1, *filter(None, (listing.category_2, listing.category_3))]


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


def _attach(session: Session, listing: Listing, draft: ListingDraft) -> None:
    for position, image in enumerate(draft.images, start=1):
        session.add(
            Image(
                id=new_id("img"),
                listing_id=listing.id,
                position=position,
                key=image.key,
                alt=image.alt,
                alt_en=image.alt_en,
                width=image.width,
                height=image.height,
            )
        )
    sellers = {listing.producer_id, listing.cooperative_id}
    for certificate_id in draft.certificate_ids:
        certificate = session.get(Certificate, certificate_id)
        if certificate is None:
            raise NotFound(field="certificate")
        if certificate.organisation_id not in sellers:
            raise Invalid(
                field="certificate",
                allowed="a certificate of the producer or the cooperative that sells it",
                allowed_zh="须为生产者或所属合作社持有的证书",
            )
        session.add(ListingCertificate(listing_id=listing.id, certificate_id=certificate_id))


def index_listing(session: Session, engine: Engine, listing: Listing, *, more: str = "") -> None:
    """Step: make a listing findable by its words, or by its new ones. `more` is text of its kind alone."""
    sellers = [listing.producer_id, *filter(None, [listing.cooperative_id])]
    names = session.exec(select(Organisation.name, Organisation.name_en).where(col(Organisation.id).in_(sellers)))
    codes = [listing.region_code, listing.township_code, listing.county_code]
    regions = session.exec(select(Region.name).where(col(Region.code).in_(codes)))
    categories = session.exec(
        select(Category.name).where(col(Category.id).in_([listing.category_1, listing.category_2, listing.category_3]))
    )
    place = " ".join([part for pair in names for part in pair if part] + list(regions))
    body = " ".join(
        filter(
            None,
            [listing.summary, listing.summary_en, *categories, listing.description, listing.description_en, more],
        )
    )
    title = search.index_text(f"{listing.title} {listing.title_en or ''}", with_singles=True)
    texts = [
        f"{title} {search.kind_token(listing.kind)}",
        search.index_text(place, with_singles=True),
        search.index_text(body, with_singles=False),
    ]
    session.execute(sa.delete(listing_search).where(listing_search.c.rowid == listing.search_rank))
    session.execute(sa.insert(listing_search).values(rowid=listing.search_rank, **engine.search_index(texts)))
