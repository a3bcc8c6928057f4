"""The bulletin as a page to print: one HTML file with its style and its charts in it, and nothing that runs."""

from collections.abc import Sequence
from html import escape

from market.reports.outputs.bulletin.gather import Bulletin, Section
from market.reports.outputs.bulletin.words import WORDS, as_of, title_of
from market.reports.outputs.drawing import FONT, PictureForm, draw

_STYLE = f"""
@page {{ size: A4; margin: 18mm; }}
body {{ font: 15px/1.6 "{FONT}", "PingFang SC", "Microsoft YaHei", sans-serif; color: #1f2a24;
  max-width: 960px; margin: 24px auto; padding: 0 16px; }}
h1 {{ color: #2f6f4f; font-weight: 500; border-bottom: 1px solid #2f6f4f; padding-bottom: 8px; }}
h2 {{ font-weight: 500; font-size: 19px; border-left: 4px solid #2f6f4f; padding-left: 8px; margin-top: 32px; }}
small, figcaption {{ color: #5f6b65; }}
table {{ border-collapse: collapse; width: 100%; }}
th {{ color: #5f6b65; font-weight: 400; text-align: left; border-bottom: 2px solid #2f6f4f; }}
th, td {{ padding: 5px 8px; }}
td {{ border-bottom: 1px solid #dfe5e1; }}
th.n, td.n {{ text-align: right; font-variant-numeric: tabular-nums; }}
tfoot td {{ color: #2f6f4f; }}
dl {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 10px; margin: 0; }}
dl div {{ background: #eef4f0; border-radius: 4px; padding: 10px 12px; }}
dd {{ margin: 0; font-size: 22px; }}
svg {{ width: 100%; height: auto; }}
section {{ break-inside: avoid; }}
"""


def bulletin_page(bulletin: Bulletin) -> str:
    """Write it. Takes a second where there are charts, so call it in a thread that nobody waits for.

    Refuses: Unavailable.
    """
    words, title = WORDS[bulletin.language], escape(title_of(bulletin))
    charts = [section.chart for section in bulletin.sections if section.chart is not None]
    drawn = iter(draw(charts, PictureForm.SVG) if charts else [])
    parts = [
        f"<h1>{title}</h1><p><small>{escape(as_of(bulletin))}</small></p>",
        f"<section><h2>{words['overview']}</h2>{_headlines(bulletin)}</section>",
        *_indicators(bulletin),
        *[
            _section(section, None if section.chart is None else next(drawn).decode(), words["cut"])
            for section in bulletin.sections
        ],
    ]
    lang = "en" if bulletin.language == "en" else "zh-CN"
    return (
        f'<!doctype html>\n<html lang="{lang}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{_STYLE}</style></head>'
        f"<body>{''.join(parts)}</body></html>\n"
    )


def _headlines(bulletin: Bulletin) -> str:
    words = WORDS[bulletin.language]
    if not bulletin.headlines:
        return f"<p>{words['nothing']}</p>"
    cards = [
        f"<div><dt><small>{escape(each.label)}</small></dt><dd>{escape(each.value)}</dd>"
        f"<small>{words['on_month']} {escape(each.on_month)} · {words['on_year']} {escape(each.on_year)}</small></div>"
        for each in bulletin.headlines
    ]
    return f"<dl>{''.join(cards)}</dl>"


def _indicators(bulletin: Bulletin) -> list[str]:
    if not bulletin.indicators:
        return []
    words = WORDS[bulletin.language]
    header = [words[name] for name in ("indicator", "target", "actual", "attainment", "status")]
    rows = [[each.name, each.target, each.actual, each.attainment, each.status] for each in bulletin.indicators]
    table = _table(header, [False, True, True, True, False], rows, None)
    return [f"<section><h2>{words['plan']}</h2>{table}</section>"]


def _section(section: Section, chart: str | None, cut: str) -> str:
    parts = [f"<h2>{escape(section.title)}</h2>"]
    if chart is not None:
        # Made by our own process from data: texts in it are escaped there, and it has no script.
        parts.append(f"<figure>{chart}</figure>")
    if section.rows:
        parts.append(_table(section.header, section.is_number, section.rows, section.total))
    if section.cut:
        parts.append(f"<p><small>{escape(cut.format(count=section.cut))}</small></p>")
    if section.definition:
        parts.append(f"<p><small>{escape(section.definition)}</small></p>")
    return f"<section>{''.join(parts)}</section>"


def _table(
    header: Sequence[str], is_number: Sequence[bool], rows: Sequence[Sequence[str]], total: Sequence[str] | None
) -> str:
    def line(tag: str, cells: Sequence[str]) -> str:
        marked = zip(cells, is_number, strict=True)
        return (
            "<tr>"
            + "".join(f"<{tag}{' class=n' if number else ''}>{escape(cell)}</{tag}>" for cell, number in marked)
            + "</tr>"
        )

    body = "".join(line("td", row) for row in rows)
    foot = "" if total is None else f"<tfoot>{line('td', total)}</tfoot>"
    return f"<table><thead>{line('th', header)}</thead><tbody>{body}</tbody>{foot}</table>"
