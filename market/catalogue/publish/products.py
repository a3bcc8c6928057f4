"""Use case: put produce on sale."""

from market.catalogue.publish.drafts import ProductDraft
from market.catalogue.publish.listing import add_listing, index_listing
from market.catalogue.rules import ListingKind, StockState, WindowKind, season_of
from market.catalogue.rules.seasons import window
from market.catalogue.tables import Product, SeasonWindow, Variant
from market.kernel.errors import Invalid
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, require

VARIANTS_MAX = 100


def publish_product(market: Market, actor: Actor, draft: ProductDraft) -> str:
    """Put produce on sale, or refuse; its id. It shows as sold out until stock is received.

    Refuses: Forbidden; NotFound; Invalid for no variant or too many, a price or weight that is not above zero, season
    windows that cannot be, or what `add_listing` refuses.
    Guards: a SKU names one variant in the whole marketplace.
    """
    seller = draft.listing.cooperative_id or draft.listing.producer_id
    require(actor, Permission.LISTING_EDIT, organisation_id=seller)
    check_product(draft)
    now = market.now()
    with market.transaction() as session:
        lowest = min(variant.price_fen for variant in draft.variants)
        listing = add_listing(session, draft.listing, kind=ListingKind.PRODUCT, price_fen=lowest, now=now)
        season = season_of(window(each.start, each.end) for each in draft.windows if each.kind is WindowKind.SALE)
        listing.storage, listing.stock_state = draft.storage, StockState.SOLD_OUT
        listing.season_start_1, listing.season_end_1 = season.start_1, season.end_1
        listing.season_start_2, listing.season_end_2 = season.start_2, season.end_2
        session.add(
            Product(
                id=listing.id,
                shelf_life_days=draft.shelf_life_days,
                origin=draft.origin,
                origin_en=draft.origin_en,
            )
        )
        session.flush()
        for position, variant in enumerate(draft.variants, start=1):
            session.add(
                Variant(
                    id=market.new_id("var"),
                    listing_id=listing.id,
                    position=position,
                    sku=variant.sku,
                    name=variant.name,
                    name_en=variant.name_en,
                    net_weight_grams=variant.net_weight_grams,
                    pack_count=variant.pack_count,
                    unit=variant.unit,
                    unit_en=variant.unit_en,
                    price_fen=variant.price_fen,
                )
            )
        for position, each in enumerate(draft.windows, start=1):
            days = window(each.start, each.end)
            session.add(
                SeasonWindow(
                    listing_id=listing.id, position=position, kind=each.kind, start_day=days.start, end_day=days.end
                )
            )
        session.flush()
        more = " ".join([draft.origin, draft.origin_en or ""] + [variant.name for variant in draft.variants])
        index_listing(session, market.database.engine, listing, more=more)
        return listing.id


def check_product(draft: ProductDraft) -> None:
    """Refuses with Invalid what no product can be."""
    if not 1 <= len(draft.variants) <= VARIANTS_MAX:
        raise Invalid(
            field="variants",
            allowed=f"a product has 1 to {VARIANTS_MAX} variants",
            allowed_zh=f"商品有 1 到 {VARIANTS_MAX} 个规格",
        )
    for variant in draft.variants:
        if min(variant.price_fen, variant.net_weight_grams, variant.pack_count) <= 0:
            raise Invalid(
                field=f"variants.{variant.sku}",
                allowed="price, net weight and pack count are above zero",
                allowed_zh="价格、净重与件数须大于零",
            )
