"""What a revision would change, field by field."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from market.catalogue.content.codec import encoded
from market.catalogue.content.drafts import Draft

_KEYS = ("id", "key")
"""What parts of a list are recognised by: variants, options and ticket types by id, pictures by their key."""


@dataclass(frozen=True, slots=True)
class Change:
    """One field before and after, as JSON data. The path names parts by id or key: `variants.var_….name`.

    A part that is new has no before, one that goes no after; `variants.order` says that the same parts come in another
    order. Lists whose parts have no name of their own (notes, tiers, gifts, windows, certificates) are one field.
    """

    path: str
    before: Any
    after: Any

    @property
    def text(self) -> str:
        """All the text that is new."""
        return _text(self.after)


def diff(before: Draft | None, after: Draft) -> tuple[Change, ...]:
    """What is different, in the order of the fields; everything, when there was nothing before."""
    return tuple(_changes("", _fields(before), _fields(after)))


def _fields(draft: Draft | None) -> dict[str, Any]:
    """The fields of a draft, those of both kinds first."""
    if draft is None:
        return {}
    data = dict(encoded(draft)["draft"])
    return {**data.pop("listing"), **data}


def _changes(path: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    for name in dict.fromkeys([*before, *after]):
        below = f"{path}.{name}".lstrip(".")
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        parts = [_parts(value) for value in (old, new)]
        if parts[0] is None or parts[1] is None:
            yield Change(below, old, new)
        else:
            yield from _part_changes(below, parts[0], parts[1])


def _part_changes(path: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    for key in dict.fromkeys([*before, *after]):
        if key not in before or key not in after:
            yield Change(f"{path}.{key}", before.get(key), after.get(key))
        else:
            yield from _changes(f"{path}.{key}", before[key], after[key])
    stay = [[key for key in these if key in before and key in after] for these in (before, after)]
    if stay[0] != stay[1]:
        yield Change(f"{path}.order", list(before), list(after))


def _parts(value: Any) -> dict[str, Any] | None:
    """The parts of a list by their name, when they have names; no list at all has no parts."""
    if value is None or value == []:
        return {}
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        return None
    for key in _KEYS:
        if all(each.get(key) for each in value):
            return {each[key]: each for each in value}
    return None


def _text(value: Any) -> str:
    match value:
        case str():
            return value
        case dict():
            return "\n".join(_text(each) for each in value.values())
        case list():
            return "\n".join(_text(each) for each in value)
    return ""
