"""Has charts and documents made, by a process of its own each time: see `child.py`."""

import base64
import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from market.kernel.errors import Unavailable

AT_ONCE_MAX = 2
"""Processes of one server at a time, which bounds their memory at about 250 MB; the others queue."""
WAIT_SECONDS = 120
"""A chart takes about a second; a machine that is busy may take many times that."""

FONT = "Noto Sans SC"
"""The family in which everything is set: SIL OFL 1.1, from the package of `_FONTS`."""
_FONTS = "pylopdf_fonts_zh_cn"
_CHILD = Path(__file__).with_name("child.py")
_TURNS = threading.BoundedSemaphore(AT_ONCE_MAX)

Chart = Mapping[str, Any]
"""A Vega-Lite specification with its data in it."""


class PictureForm(StrEnum):
    """How a chart is drawn."""

    SVG = "SVG"
    PNG = "PNG"


def draw(charts: Sequence[Chart], form: PictureForm) -> list[bytes]:
    """Draw charts, in their order. Takes a second, so call it in a thread that nobody else waits for.

    Refuses: Unavailable when it takes longer than two minutes.
    """
    return _made({"charts": charts, "form": form.value.lower()})


def typeset(template: str, data: Mapping[str, Any], charts: Sequence[Chart], *, at: datetime) -> bytes:
    """A document as PDF: a Typst template over data, which it reads as data and never as markup. `at` is written into it
    as the time it was made. Refuses as `draw` does."""
    asked = {
        "charts": charts,
        "form": "pdf",
        "template": template,
        "data": data,
        "timestamp": int(at.timestamp()),
    }
    return _made(asked)[0]


def _made(asked: dict[str, Any]) -> list[bytes]:
    question = json.dumps({**asked, "fonts": _font_folder()}).encode()
    with _TURNS:
        try:
            # Isolated: neither the working folder nor variables of the environment change what it imports.
            answer = subprocess.run(  # noqa: S603  # our own file, with the interpreter that runs this
                [sys.executable, "-I", str(_CHILD)],
                input=question,
                capture_output=True,
                check=False,
                timeout=WAIT_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise Unavailable from error
    if answer.returncode:
        raise RuntimeError(f"drawing failed: {answer.stderr.decode(errors='replace')[-2000:]}")
    return [base64.b64decode(content) for content in json.loads(answer.stdout)["files"]]


def _font_folder() -> str:
    found = find_spec(_FONTS)
    assert found is not None
    assert found.origin is not None
    return str(Path(found.origin).parent)
