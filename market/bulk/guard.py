"""Texts that a spreadsheet would run as formulas, made harmless; and read back as they were.

OWASP, CSV Injection: a cell that begins with = + - @, a tab or a line break may be run when the file is opened, full-width
signs included (Excel in East Asian locales reads them as the plain ones). An apostrophe in front makes it text.
"""

import re

_RISKY = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
"""Apostrophes before such a sign are part of it, so that every text comes back as it was."""


def guarded(text: str) -> str:
    """The text as it goes into a cell.

    >>> guarded("=HYPERLINK(1)"), guarded("'=x"), guarded("it's")
    ("'=HYPERLINK(1)", "''=x", "it's")
    """
    return f"'{text}" if _RISKY.match(text) else text


def unguarded(text: str) -> str:
    """The text that was guarded.

    >>> unguarded(guarded("=HYPERLINK(1)")), unguarded(guarded("''@x")), unguarded("it's")
    ('=HYPERLINK(1)', "''@x", "it's")
    """
    return text[1:] if text.startswith("'") and _RISKY.match(text) else text


def is_formula(text: str) -> bool:
    """Whether a cell's text, as it stands in the file, is a formula: guarded ones are not."""
    return text.startswith(("=", "＝"))
