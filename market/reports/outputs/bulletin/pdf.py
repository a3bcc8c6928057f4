"""The bulletin as PDF."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from market.reports.outputs.bulletin.gather import Bulletin
from market.reports.outputs.bulletin.words import WORDS, as_of, title_of
from market.reports.outputs.drawing import FONT, typeset

_TEMPLATE = Path(__file__).with_name("bulletin.typ")


def bulletin_pdf(bulletin: Bulletin) -> bytes:
    """Set it. Takes a second, so call it in a thread that nobody waits for. Refuses: Unavailable.

    The template reads everything as data, so that no name is taken for markup.
    """
    charts = [section.chart for section in bulletin.sections if section.chart is not None]
    numbers = iter(range(len(charts)))
    sections: list[dict[str, Any]] = [
        {**asdict(section), "chart": None if section.chart is None else f"chart-{next(numbers)}.svg"}
        for section in bulletin.sections
    ]
    data = {
        "language": bulletin.language,
        "font": FONT,
        "title": title_of(bulletin),
        "asOf": as_of(bulletin),
        "words": dict(WORDS[bulletin.language]),
        "headlines": [asdict(each) for each in bulletin.headlines],
        "sections": sections,
        "indicators": [asdict(each) for each in bulletin.indicators],
    }
    return typeset(_TEMPLATE.read_text("utf-8"), data, charts, at=bulletin.as_of)
