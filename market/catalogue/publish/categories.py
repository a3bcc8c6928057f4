"""Use case: a category of the tree."""

from dataclasses import dataclass

from sqlmodel import col, func, select

from market.catalogue.rules import ListingKind
from market.catalogue.tables import Category
from market.kernel.audit import record
from market.kernel.errors import Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, require
from market.kernel.topics import touch

DEPTH_MAX = 3


@dataclass(frozen=True, slots=True)
class CategoryDraft:
    """A category to add, last among its siblings."""

    slug: str
    name: str
    name_en: str | None
    kind: ListingKind
    parent_id: str | None = None
    needs_conformity_certificate: bool = False


def add_category(market: Market, actor: Actor, draft: CategoryDraft) -> str:
    """Add a category; its id. Refuses: Forbidden; NotFound for the parent; Invalid for a fourth level, or a kind that
    is not its parent's. Once: a slug names one category, the second call gives the first one's id."""
    require(actor, Permission.CATEGORY_MANAGE)
    with market.transaction() as session:
        found = session.exec(select(Category.id).where(Category.slug == draft.slug)).first()
        if found is not None:
            return found
        depth = 1
        if draft.parent_id is not None:
            parent = session.get(Category, draft.parent_id)
            if parent is None:
                raise NotFound(field="parent")
            depth = parent.depth + 1
            if depth > DEPTH_MAX or parent.kind != draft.kind:
                raise Invalid(
                    field="parent",
                    allowed=f"categories are at most {DEPTH_MAX} levels deep and of their parent's kind",
                    allowed_zh=f"类目最多 {DEPTH_MAX} 级，且与上级同类",
                )
        siblings = session.exec(
            select(func.count()).select_from(Category).where(col(Category.parent_id) == draft.parent_id)
            if draft.parent_id
            else select(func.count()).select_from(Category).where(col(Category.parent_id).is_(None))
        ).one()
        category = Category(
            id=market.new_id("cat"),
            parent_id=draft.parent_id,
            kind=draft.kind,
            slug=draft.slug,
            name=draft.name,
            name_en=draft.name_en,
            depth=depth,
            position=siblings + 1,
            needs_conformity_certificate=draft.needs_conformity_certificate,
        )
        session.add(category)
        touch(session, "categories")
        session.flush()
        record(session, actor, action="category.add", subject=category.id, after={"slug": draft.slug}, now=market.now())
        return category.id
