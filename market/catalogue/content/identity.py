"""Which part of a draft is which row: ids that stay the same from the first draft on.

A part that comes with an id keeps it, if it is one of this listing's. One without is recognised by what sellers call it
(a variant by its SKU, an option by its name, a ticket type by kind and name within its option), or else it is new.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

from market.catalogue.content.drafts import Draft, OptionDraft, PackageDraft, ProductDraft
from market.kernel.errors import Invalid, NotFound
from market.kernel.ids import new_id

Named = tuple[tuple[Hashable, str], ...]
"""What parts are called, with their ids; the first of several that are called alike is preferred."""


@dataclass(frozen=True, slots=True)
class Known:
    """The ids that a listing's parts have: variants by SKU, options by name, ticket types by option id, kind and name."""

    variants: Named = ()
    options: Named = ()
    units: Named = ()

    def __add__(self, other: "Known") -> "Known":
        return Known(self.variants + other.variants, self.options + other.options, self.units + other.units)


def known_in(draft: Draft) -> Known:
    """The ids in a draft that was saved before."""
    if isinstance(draft, ProductDraft):
        return Known(variants=tuple((each.sku, each.id) for each in draft.variants if each.id))
    return Known(
        options=tuple((each.name, each.id) for each in draft.options if each.id),
        units=tuple(
            ((option.id, each.kind, each.name), each.id) for option in draft.options for each in option.units if each.id
        ),
    )


def identified(draft: Draft, known: Known) -> Draft:
    """The draft with an id for each part. Refuses: NotFound for an id that is not this listing's; Invalid for one that
    is there twice."""
    if isinstance(draft, ProductDraft):
        asked = [(each.sku, each.id) for each in draft.variants]
        ids = _ids(asked, known.variants, prefix="var", noun="variants")
        return replace(
            draft, variants=tuple(replace(each, id=id_) for each, id_ in zip(draft.variants, ids, strict=True))
        )
    return _identified_package(draft, known)


def _identified_package(draft: PackageDraft, known: Known) -> PackageDraft:
    ids = _ids([(each.name, each.id) for each in draft.options], known.options, prefix="opt", noun="options")
    return replace(
        draft, options=tuple(_identified_option(each, id_, known) for each, id_ in zip(draft.options, ids, strict=True))
    )


def _identified_option(option: OptionDraft, option_id: str, known: Known) -> OptionDraft:
    # Only those of this option: a ticket type does not move to another.
    mine = tuple((name, id_) for name, id_ in known.units if isinstance(name, tuple) and name[0] == option_id)
    asked = [((option_id, each.kind, each.name), each.id) for each in option.units]
    ids = _ids(asked, mine, prefix="unt", noun="units")
    return replace(
        option,
        id=option_id,
        units=tuple(replace(each, id=id_) for each, id_ in zip(option.units, ids, strict=True)),
    )


def _ids(asked: Sequence[tuple[Hashable, str | None]], known: Named, *, prefix: str, noun: str) -> list[str]:
    given = [id_ for _name, id_ in asked if id_ is not None]
    if not set(given) <= {id_ for _name, id_ in known}:
        raise NotFound(field=f"{noun}.id")
    if len(given) != len(set(given)):
        raise Invalid(field=f"{noun}.id", allowed="each id once", allowed_zh="同一编号只能出现一次")
    taken, ids = set(given), []
    for name, given_id in asked:
        free = (id_ for known_name, id_ in known if known_name == name and id_ not in taken)
        ids.append(given_id or next(free, None) or new_id(prefix))
        taken.add(ids[-1])
    return ids
