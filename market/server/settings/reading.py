"""Settings from the environment, read once."""

import difflib
import os
import typing
from collections.abc import Mapping

from pydantic import ValidationError

from market.server.settings.fields import PREFIX, Settings

_TYPO_LIKENESS = 0.85


class SettingsError(ValueError):
    """The environment cannot be started with; its text has one line for each thing to put right."""


def read_settings(**given: object) -> Settings:
    """The settings of the environment, those given here first. Refuses with SettingsError."""
    problems = [*_misspelled(os.environ)]
    try:
        settings = Settings(**given)  # type: ignore[arg-type]  # pydantic checks them
    except ValidationError as error:
        problems += [_told(**detail) for detail in error.errors() if detail["type"] != "default_factory_not_called"]
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def _misspelled(environ: Mapping[str, str]) -> typing.Iterator[str]:
    """Variables that look like a setting and are none. Only near misses: a container platform sets others of its own."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    for name in environ:
        if name.startswith(PREFIX) and name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=_TYPO_LIKENESS)
            if near:
                yield f"{name}: there is no such setting; did you mean {near[0]}?"


def _told(*, loc: tuple[int | str, ...], msg: str, type: str, **_rest: object) -> str:  # noqa: A002 - pydantic's name
    text = msg.removeprefix("Value error, ")
    if not loc:
        return text
    variable = PREFIX + str(loc[0]).upper()
    if type == "extra_forbidden":
        return f"{variable}: there is no such setting"
    return f"{variable}: {text[0].lower()}{text[1:]}"
