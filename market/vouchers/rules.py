"""Words of vouchers."""

from enum import StrEnum


class Funder(StrEnum):
    """Who pays for a discount."""

    PLATFORM = "PLATFORM"
    SELLER = "SELLER"
    GOVERNMENT = "GOVERNMENT"
