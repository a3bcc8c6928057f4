"""Settings as the README tells them."""

import types
import typing
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from market.server.settings.fields import PREFIX, Settings


def settings_table() -> str:
    """All settings as a Markdown table: what the README shows."""
    rows = [
        f"| `{PREFIX}{name.upper()}` | {_kind(field.annotation)} | {_default(field)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| Variable | Value | Default | Meaning |", "|---|---|---|---|", *rows])


def _kind(annotation: object) -> str:
    if typing.get_origin(annotation) is Literal:
        return ", ".join(f"`{each}`" for each in typing.get_args(annotation))
    if isinstance(annotation, types.GenericAlias):
        return "list"
    kinds: dict[object, str] = {
        bool: "`true`, `false`",
        int: "number",
        Path: "folder",
        Path | None: "file",
        SecretStr: "text",
    }
    return kinds.get(annotation, "text")


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None:
        made: typing.Callable[[dict[str, Any]], Any] = field.default_factory  # type: ignore[assignment]  # ours take it
        here, there = (made({"environment": each}) for each in ("development", "production"))
        return "on, in production off" if here is True else f"`{here}`, in production `{there}`"
    value = field.default
    if isinstance(value, SecretStr):
        return "one for development" if value else "none"
    if value in ((), "", None):
        return "none"
    if isinstance(value, tuple):
        return f"`{','.join(value)}`"
    return f"`{value}`"
