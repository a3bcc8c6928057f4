"""Scalars and the enums' descriptions. Answers from projections arrive as JSON, so serializers let text through."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

import strawberry
from strawberry.types.scalar import ScalarDefinition

from schema.edge.multipart import Upload

# Python's own parsers also take weeks, exponents, spaces, underscores and digits of other scripts.
_DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]{1,2})?")


def _moment(text: Any) -> datetime:
    if not isinstance(text, str):
        raise ValueError("a DateTime is text such as 2026-06-02T09:30:00+08:00")  # noqa: TRY004 - becomes a request error
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a DateTime such as 2026-06-02T09:30:00+08:00") from None
    if found.tzinfo is None:
        raise ValueError(f"{text!r} has no offset: write Z or +08:00 at its end")
    if not 1900 < found.year < 9000:
        raise ValueError(f"{text!r} is out of range")
    return found.astimezone(UTC)


def _date(text: Any) -> date:
    try:
        if not isinstance(text, str) or not _DATE.fullmatch(text):
            raise ValueError(text)
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a Date such as 2026-06-02") from None


def _decimal(value: Any) -> Decimal:
    if not isinstance(value, str) or not _AMOUNT.fullmatch(value) or len(value) > 18:
        raise ValueError(f'{value!r} is not an amount such as "88.00": text with at most two decimals')
    return Decimal(value)


def _upload(value: Any) -> Upload:
    if not isinstance(value, Upload):
        raise ValueError("an Upload is null in variables, and a file of a multipart request")  # noqa: TRY004 - becomes a request error
    return value


def _never(_value: Any) -> Any:
    raise TypeError("an Upload is never in an answer")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)


def _iso(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return str(value.isoformat())


def _scalar(name: str, description: str, serialize: Any, parse: Any, origin: type) -> ScalarDefinition:
    return ScalarDefinition(
        name=name,
        description=description,
        specified_by_url=None,
        serialize=serialize,
        parse_value=parse,
        parse_literal=None,
        origin=origin,
    )


SCALARS: dict[object, ScalarDefinition] = {
    datetime: _scalar(
        "DateTime",
        "A moment, RFC 3339. Answers are in UTC with seconds: 2026-06-02T01:30:00Z.",
        _iso,
        _moment,
        datetime,
    ),
    date: _scalar("Date", "A calendar day, ISO 8601: 2026-06-02. Days are Asia/Shanghai's.", _iso, _date, date),
    Decimal: _scalar(
        "Decimal", 'An exact amount as text with at most two decimals: "88.00".', _text, _decimal, Decimal
    ),
    Upload: ScalarDefinition(
        name="Upload",
        description="A file, sent as https://github.com/jaydenseric/graphql-multipart-request-spec says, with the header "
        "`x-graphql-preflight`: at most 10 MiB, and 5 files or 25 MiB a request. Its name and media type do not matter.",
        specified_by_url="https://github.com/jaydenseric/graphql-multipart-request-spec",
        serialize=_never,
        parse_value=_upload,
        parse_literal=None,
        origin=Upload,
    ),
}


def described(kind: type[Enum], description: str, **values: str) -> None:
    """Make an enum a GraphQL enum, each value described. Refuses with TypeError a value left out."""
    made = strawberry.enum(kind, description=description)
    definition: Any = made.__strawberry_definition__  # type: ignore[attr-defined]  # set by strawberry.enum
    for value in definition.values:
        if value.name not in values:
            raise TypeError(f"{kind.__name__}.{value.name} needs a description")
        value.description = values[value.name]


class Locale(StrEnum):
    """The languages that content comes in."""

    ZH_CN = "zh-CN"
    EN = "en"


described(
    Locale,
    "A language of content. Where there is no English, Chinese is shown.",
    ZH_CN="Simplified Chinese, always there.",
    EN="English, where it was written.",
)
