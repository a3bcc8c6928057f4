"""What a seller says of how it delivers, and whether that can be."""

from dataclasses import dataclass

from market.kernel.errors import Invalid
from market.orders.rules import DeliveryMethod
from market.places.rules import check_point, level_of

GRAMS_MAX = 1_000_000
FEN_MAX = 100_000_00
HOURS_MAX = 24 * 60
TEXT_MAX = 200


@dataclass(frozen=True, slots=True)
class RateDraft:
    """A line of a price list: the first so many grams cost so much, each further part so much more."""

    producer_id: str | None
    """Whose; None: the platform's own, for sellers without a list."""
    method: DeliveryMethod
    first_fen: int
    promise_hours: int
    zone: str | None = None
    """Delivered within this region (a 12-digit code); None: anywhere."""
    first_grams: int = 1_000
    next_grams: int = 1_000
    next_fen: int = 0
    max_grams: int | None = None
    free_from_fen: int | None = None


@dataclass(frozen=True, slots=True)
class PointDraft:
    """A pick-up point. It is offered to buyers as soon as it is there."""

    producer_id: str
    name: str
    place: str
    name_en: str | None = None
    opening: str = ""
    region_code: str | None = None
    """Where it is; where the producer is, unless said."""
    latitude: float | None = None
    longitude: float | None = None
    fee_fen: int = 0
    ready_hours: int = 24
    """How soon after payment things can be fetched."""


@dataclass(frozen=True, slots=True)
class PointPatch:
    """What to change of a pick-up point; None leaves it."""

    name: str | None = None
    name_en: str | None = None
    place: str | None = None
    opening: str | None = None


def check_rate(draft: RateDraft) -> None:
    """Refuses with Invalid a line that cannot be."""
    if draft.method in {DeliveryMethod.PICKUP, DeliveryMethod.NONE}:
        raise Invalid(field="method", allowed="EXPRESS, COLD_CHAIN or DROP", allowed_zh="快递、冷链或无接触配送")
    if draft.zone is not None:
        level_of(draft.zone, field="zone")
    _check_number("firstGrams", draft.first_grams, 0, GRAMS_MAX)
    _check_number("nextGrams", draft.next_grams, 1, GRAMS_MAX)
    _check_number("maxGrams", draft.max_grams, 1, GRAMS_MAX)
    _check_number("firstFee", draft.first_fen, 0, FEN_MAX)
    _check_number("nextFee", draft.next_fen, 0, FEN_MAX)
    _check_number("freeFrom", draft.free_from_fen, 1, FEN_MAX)
    _check_number("promiseHours", draft.promise_hours, 1, HOURS_MAX)


def check_pickup_point(draft: PointDraft) -> None:
    """Refuses with Invalid a point that cannot be."""
    check_words({"name": draft.name, "place": draft.place, "opening": draft.opening, "name_en": draft.name_en or ""})
    if draft.region_code is not None:
        level_of(draft.region_code, field="region")
    if draft.latitude is not None and draft.longitude is not None:
        check_point(draft.latitude, draft.longitude, field="latitude")
    elif draft.latitude is not draft.longitude:
        raise Invalid(field="latitude", allowed="both or neither", allowed_zh="经度与纬度须同时填写")
    _check_number("fee", draft.fee_fen, 0, FEN_MAX)
    _check_number("readyHours", draft.ready_hours, 1, HOURS_MAX)


def check_words(words: dict[str, str]) -> None:
    """Refuses with Invalid texts that are missing or too long, by name."""
    for name, text in words.items():
        least = 1 if name in {"name", "place"} else 0
        if not least <= len(text.strip()) <= TEXT_MAX:
            field = "nameEn" if name == "name_en" else name
            raise Invalid(
                field=field, allowed=f"{least} to {TEXT_MAX} characters", allowed_zh=f"{least} 至 {TEXT_MAX} 个字"
            )


def _check_number(field: str, value: int | None, least: int, most: int) -> None:
    if value is not None and not least <= value <= most:
        raise Invalid(field=field, allowed=f"{least} to {most}", allowed_zh=f"{least} 到 {most}")
