"""What a file calls producers, categories and villages, and what they are."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market.bulk.effects.base import Work
from market.bulk.errors import RowRefused
from market.catalogue.rules import ListingKind
from market.catalogue.tables import Category
from market.kernel.errors import NotFound
from market.kernel.permissions import Permission
from market.organisations.acting import acts_for
from market.organisations.tables import Organisation
from market.places.tables import Village

_ORGANISATION = SQLModel.metadata.tables[str(Organisation.__tablename__)].c

Ids = Mapping[str, Sequence[str]]
"""Ids by what they are called; several under one name are ambiguous."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a chunk. `homes` are the villages of producers."""

    producers: Ids
    homes: Mapping[str, str]
    categories: Ids
    villages: Ids

    def producer(self, name: str | None, organisation_id: str) -> str:
        """A producer's id; the importing organisation's for no name. Refuses with NotFound or RowRefused."""
        return _only(self.producers, organisation_id if name is None else name, "producer")

    def category(self, name: str) -> str:
        """A category's id. Refuses as `producer` does."""
        return _only(self.categories, name.replace(" ", "").replace("／", "/").casefold(), "category")

    def village(self, name: str | None, producer_id: str) -> str:
        """A village's id; the producer's for no name. Refuses as `producer` does."""
        return self.homes[producer_id] if name is None else _only(self.villages, name, "village")


def names_of(session: Session, work: Work, producers: Iterable[str | None], villages: Iterable[str | None]) -> Names:
    """Step: what these names mean to the actor. Three statements."""
    asked = sorted({work.organisation_id if name is None else name for name in producers})
    mine = acts_for(work.actor, Permission.LISTING_EDIT, _ORGANISATION.id, today=work.today)
    called = sa.or_(_ORGANISATION.id.in_(asked), _ORGANISATION.name.in_(asked))
    ids: dict[str, list[str]] = {}
    homes: dict[str, str] = {}
    for row in session.execute(
        sa.select(_ORGANISATION.id, _ORGANISATION.name, _ORGANISATION.village_id).where(called, mine)
    ):
        homes[row.id] = row.village_id
        for name in {row.id, row.name}:
            ids.setdefault(name, []).append(row.id)
    return Names(ids, homes, _categories(session), _villages(session, villages))


def paths_of(session: Session) -> dict[str, str]:
    """Step: the path of each category of produce, `水果/桃`, by its id."""
    rows = {row.id: row for row in session.exec(select(Category).where(Category.kind == ListingKind.PRODUCT))}

    def path(row: Category) -> str:
        return row.name if row.parent_id is None else f"{path(rows[row.parent_id])}/{row.name}"

    return {id_: path(row) for id_, row in rows.items()}


def labels_of(session: Session, producers: Collection[str], villages: Collection[str]) -> Mapping[str, str]:
    """Step: what producers, villages and all categories of produce are called, by id: a name that only one has, else
    what is not ambiguous. `names_of` understands them."""
    organisations = select(Organisation.id, Organisation.name).where(
        col(Organisation.name).in_(select(Organisation.name).where(col(Organisation.id).in_(producers)))
    )
    places = select(Village.id, Village.name, Village.region_code).where(
        col(Village.name).in_(select(Village.name).where(col(Village.id).in_(villages)))
    )
    sellers, homes = session.exec(organisations).all(), session.exec(places).all()
    seller_names, home_names = Counter(name for _, name in sellers), Counter(name for _, name, _ in homes)
    return {
        **paths_of(session),
        **{id_: name if seller_names[name] == 1 else id_ for id_, name in sellers},
        **{id_: name if home_names[name] == 1 else code for id_, name, code in homes},
    }


def _categories(session: Session) -> Ids:
    """By slug, by path, and by name alone."""
    found: dict[str, list[str]] = {}
    paths = paths_of(session)
    for row in session.exec(select(Category).where(Category.kind == ListingKind.PRODUCT)):
        for name in {row.id, row.slug, row.name, paths[row.id]}:
            found.setdefault(name.replace(" ", "").casefold(), []).append(row.id)
    return found


def _villages(session: Session, names: Iterable[str | None]) -> Ids:
    asked = sorted({name for name in names if name is not None})
    called = sa.or_(col(Village.id).in_(asked), col(Village.region_code).in_(asked), col(Village.name).in_(asked))
    found: dict[str, list[str]] = {}
    for row in session.exec(select(Village).where(called)):
        for name in {row.id, row.region_code, row.name}:
            found.setdefault(name, []).append(row.id)
    return found


def _only(ids: Ids, name: str, column: str) -> str:
    found = ids.get(name, ())
    if not found:
        raise NotFound(field=column)
    if len(found) > 1:
        raise RowRefused(
            "several are called so: write its id, code or path",
            "有多个同名项，请填写编号、代码或完整路径",
            column=column,
        )
    return found[0]
