"""What orders and sessions point at keeps its id; what revisions must not bring back they do not."""

from dataclasses import replace

from market.catalogue.content.drafts import OptionDraft, PackageDraft, WindowDraft
from market.catalogue.manage.prices import NewPrice, change_prices
from market.catalogue.rules import WindowKind
from market.catalogue.tables import (
    PackageOption,
    UnitType,
)
from tests.catalogue.fair import Fair, a_key, a_variant


def test_ids_stay_what_they_are_from_the_first_draft_on(fair: Fair) -> None:
    saved = fair.save(fair.product("桃", a_variant("A"), a_variant("B")))
    first = {each.sku: each.id for each in fair.wanted(saved.listing_id).variants}
    fair.save(fair.product("桃子", a_variant("B"), a_variant("A")), listing_id=saved.listing_id)
    assert {each.sku: each.id for each in fair.wanted(saved.listing_id).variants} == first

    fair.decide(fair.submit(saved.listing_id).revision_id)
    assert {sku: row.id for sku, row in fair.variants(saved.listing_id).items()} == first

    # Renamed by id, put in another order, one more.
    content = fair.saying(saved.listing_id)
    b, a = content.variants
    changed = replace(content, variants=(a_variant("N"), replace(a, sku="A2"), b))
    fair.save(changed, listing_id=saved.listing_id)
    fair.decide(fair.submit(saved.listing_id).revision_id)

    rows = fair.variants(saved.listing_id)
    assert list(rows) == ["N", "A2", "B"]
    assert (rows["A2"].id, rows["B"].id) == (first["A"], first["B"])


def test_variants_can_swap_their_skus(fair: Fair) -> None:
    listing_id = fair.live(fair.product("桃", a_variant("A", 100), a_variant("B", 200)))
    content = fair.saying(listing_id)
    a, b = content.variants

    fair.save(replace(content, variants=(replace(a, sku="B"), replace(b, sku="A"))), listing_id=listing_id)
    fair.decide(fair.submit(listing_id).revision_id)

    rows = fair.variants(listing_id)
    assert {sku: (row.id, row.price_fen) for sku, row in rows.items()} == {"B": (a.id, 100), "A": (b.id, 200)}


def test_what_is_no_longer_offered_is_retired_and_returns_as_itself(fair: Fair) -> None:
    listing_id = fair.live(fair.product("桃", a_variant("A", 100), a_variant("B", 200)))
    before = fair.variants(listing_id)

    fair.save(fair.product("桃", a_variant("B", 200)), listing_id=listing_id)
    fair.decide(fair.submit(listing_id).revision_id)

    rows = fair.variants(listing_id)
    assert list(rows) == ["B", "A"]
    assert rows["A"].id == before["A"].id
    assert rows["A"].retired_at is not None
    assert rows["B"].retired_at is None
    assert fair.listing(listing_id).price_fen == 200
    assert [each.sku for each in fair.saying(listing_id).variants] == ["B"]

    # Offered again at the price that the new revision says: it was not on sale at any.
    fair.save(fair.product("桃", a_variant("A", 150), a_variant("B", 200)), listing_id=listing_id)
    fair.decide(fair.submit(listing_id).revision_id)

    rows = fair.variants(listing_id)
    assert (rows["A"].id, rows["A"].price_fen, rows["A"].retired_at) == (before["A"].id, 150, None)
    assert list(rows) == ["A", "B"]


def test_options_and_ticket_types_keep_their_ids_too(fair: Fair) -> None:
    package_id = fair.live(fair.package())
    content: PackageDraft = fair.saying(package_id)
    morning, afternoon = content.options

    changed = replace(
        content,
        options=(
            OptionDraft("夜间", None, (replace(morning.units[0], id=None),)),
            replace(morning, name="清晨", units=(morning.units[0],)),
        ),
    )
    fair.save(changed, listing_id=package_id)
    fair.decide(fair.submit(package_id).revision_id)

    now: PackageDraft = fair.saying(package_id)
    assert [each.name for each in now.options] == ["夜间", "清晨"]
    assert now.options[1].id == morning.id
    assert now.options[1].units[0].id == morning.units[0].id
    assert now.options[0].units[0].id not in {None, morning.units[0].id}
    with fair.market.read() as session:
        gone = session.get_one(PackageOption, str(afternoon.id))
        child = session.get_one(UnitType, str(morning.units[1].id))
    assert (gone.retired_at is not None, child.retired_at is not None) == (True, True)


def test_a_revision_brings_back_no_old_price_and_no_old_season(fair: Fair) -> None:
    listing_id = fair.live(fair.product("桃", a_variant("A", 100), a_variant("B", 200)))
    a = fair.variants(listing_id)["A"]
    fair.save(fair.product("桃子", a_variant("A", 1), a_variant("B", 2), windows=()), listing_id=listing_id)
    submitted = fair.submit(listing_id)
    change_prices(fair.market, fair.owner, [NewPrice(a.id, 120)], reason="涨价", idempotency_key=a_key())

    fair.decide(submitted.revision_id)

    prices = {sku: row.price_fen for sku, row in fair.variants(listing_id).items()}
    assert prices == {"A": 120, "B": 200}
    assert fair.listing(listing_id).price_fen == 120
    assert fair.saying(listing_id).windows == (WindowDraft(WindowKind.SALE, "06-20", "08-31"),)
