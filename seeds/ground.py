"""What every seed stands on: regions and the category tree, through their use cases."""

from market.catalogue.publish import CategoryDraft, add_category
from market.catalogue.rules import ListingKind
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind
from market.places.manage import add_regions
from seeds import content

SEEDER = Actor(ActorKind.ADMIN, account_id="seed")
"""Who the seeds act as."""


def seed_regions(market: Market) -> int:
    """Add the regions that are not there; how many there are."""
    add_regions(market, SEEDER, content.regions())
    return len(content.regions())


def seed_categories(market: Market) -> dict[str, str]:
    """Add the categories that are not there; all ids by slug."""
    ids: dict[str, str] = {}
    for row in content.rows("category"):
        draft = CategoryDraft(
            slug=row["slug"],
            name=row["name"],
            name_en=row["name_en"],
            kind=ListingKind(row["kind"]),
            parent_id=ids[row["parent"]] if row["parent"] else None,
            needs_conformity_certificate=row.get("needs_conformity_certificate", False),
        )
        ids[row["slug"]] = add_category(market, SEEDER, draft)
    return ids
