"""What revisions never change: prices and seasons of what is on sale, which sellers change at once instead."""

from dataclasses import replace

from market.catalogue.content.drafts import Draft, OptionDraft, PackageDraft, ProductDraft


def with_live_prices(draft: Draft, live: Draft | None) -> Draft:
    """The draft with the prices of those parts that are offered now, and the seasons, as they are now.

    Whatever the draft says of them is left out, so that an old draft cannot bring back an old price.
    """
    if isinstance(draft, ProductDraft) and isinstance(live, ProductDraft):
        prices = {each.id: each.price_fen for each in live.variants}
        variants = tuple(replace(each, price_fen=prices.get(each.id, each.price_fen)) for each in draft.variants)
        return replace(draft, variants=variants, windows=live.windows)
    if isinstance(draft, PackageDraft) and isinstance(live, PackageDraft):
        prices = {each.id: each.price_fen for option in live.options for each in option.units}
        return replace(draft, options=tuple(_option(each, prices) for each in draft.options))
    return draft


def _option(option: OptionDraft, prices: dict[str | None, int]) -> OptionDraft:
    return replace(
        option,
        units=tuple(replace(each, price_fen=prices.get(each.id, each.price_fen)) for each in option.units),
    )
