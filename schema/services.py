"""What resolvers need besides the marketplace: clients of the outside world and stores, made once from the settings."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Services:
    """One process's; tests make their own."""
