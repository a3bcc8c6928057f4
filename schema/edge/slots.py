"""Where a multipart request's files belong: its `map`, checked against its `operations`."""

import re
from dataclasses import dataclass
from typing import Any

from schema.edge.bodies import bad_request
from schema.edge.refusals import BadRequest

_INDEX = re.compile("0|[1-9][0-9]{0,5}")


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in the variables where null stands for a file."""

    holder: Any
    key: Any

    def fill(self, value: object) -> None:
        """Put it there."""
        self.holder[self.key] = value


def slots_of(operations: object, mapping: object, *, files_max: int) -> dict[str, list[Slot]]:
    """The places of each file, or refuse with 400: too many, none, the same twice, or one that is not null."""
    if isinstance(operations, list):
        raise bad_request("不支持批量请求。", "Batches are not supported: send one operation.")
    if not isinstance(operations, dict) or not isinstance(mapping, dict):
        raise bad_request("operations 和 map 必须是 JSON 对象。", "operations and map must be JSON objects.")
    for places in mapping.values():
        if not isinstance(places, list) or not places or not all(isinstance(place, str) for place in places):
            raise bad_request("map 的每个值是路径列表。", "Each value of map is a list of paths.")
    paths = [path for places in mapping.values() for path in places]
    if len(paths) > files_max:
        raise bad_request(f"一次最多 {files_max} 个文件。", f"At most {files_max} files at once.")
    if len(set(paths)) != len(paths):
        raise bad_request("map 中有重复的路径。", "A path stands in map twice.")
    return {name: [_slot(operations, path) for path in places] for name, places in mapping.items()}


def _slot(operations: dict[str, Any], path: str) -> Slot:
    root, *steps = path.split(".")
    if root != "variables" or not steps:
        raise _no_place(path)
    holder: Any = operations.get(root)
    *above, last = steps
    for step in above:
        holder = holder[_key(holder, step, path)]
    key = _key(holder, last, path)
    if holder[key] is not None:
        raise _no_place(path)
    return Slot(holder, key)


def _key(holder: object, step: str, path: str) -> str | int:
    """A step as a key or index that the holder has, or refuse."""
    if isinstance(holder, dict) and step in holder:
        return step
    if isinstance(holder, list) and _INDEX.fullmatch(step) and int(step) < len(holder):
        return int(step)
    raise _no_place(path)


def _no_place(path: str) -> BadRequest:
    shown = path[:100]
    return bad_request(
        f"map 的路径“{shown}”须指向 variables 中的 null。",
        f"The path “{shown}” of map must lead to a null in variables.",
    )
