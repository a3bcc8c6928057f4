"""The process that draws: charts by Vega-Lite, documents by Typst. Run as a file by `drawing.py`, and imports nothing of
ours, so that it starts in 50 ms and its memory (110 MB with the chart engine) is gone with it.

Reads one JSON object: `charts` (Vega-Lite specifications), `form` ("svg", "png" or "pdf"), `fonts` (a folder), and for
"pdf" `template` (a Typst file's text) and `data`, which the template reads as `data.json`, with the charts beside it as
`chart-0.svg`, `chart-1.svg` and so on. Writes JSON: `files`, each in Base64.
"""

import base64
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

PNG_SCALE = 2.0
"""Pixels for each of the chart's points: sharp on paper and on the screens of phones."""


def main() -> None:
    """Answer the one question on standard input."""
    asked = json.load(sys.stdin)
    made = _document(asked) if asked["form"] == "pdf" else [_chart(asked, chart) for chart in asked["charts"]]
    json.dump({"files": [base64.b64encode(content).decode() for content in made]}, sys.stdout)


def _chart(asked: dict[str, Any], chart: dict[str, Any]) -> bytes:
    import vl_convert  # noqa: PLC0415  # a document without charts does not start the engine

    vl_convert.register_font_directory(asked["fonts"])
    # No base URL is allowed: a specification reads nothing but the values in it.
    svg: str = vl_convert.vegalite_to_svg(chart, allowed_base_urls=[])
    return vl_convert.svg_to_png(svg, scale=PNG_SCALE) if asked["form"] == "png" else svg.encode()


def _document(asked: dict[str, Any]) -> list[bytes]:
    import typst  # noqa: PLC0415  # a chart does not need it

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        for number, chart in enumerate(asked["charts"]):
            (place / f"chart-{number}.svg").write_bytes(_chart(asked, chart))
        (place / "data.json").write_text(json.dumps(asked["data"]), "utf-8")
        (place / "main.typ").write_text(asked["template"], "utf-8")
        # The same data give the same bytes: the time in the file is the figures', not the clock's.
        document: bytes = typst.compile(
            place / "main.typ",
            root=place,
            font_paths=[asked["fonts"]],
            ignore_system_fonts=True,
            format="pdf",
            timestamp=asked["timestamp"],
            package_path=place,
            package_cache_path=place,
        )
    return [document]


if __name__ == "__main__":
    main()
