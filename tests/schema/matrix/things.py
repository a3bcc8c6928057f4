"""What mutations are about: things with an id, and whose they are."""

from dataclasses import dataclass, field
from typing import Any

from market.kernel.market import Market
from market.kernel.permissions import Actor
from tests.checkout.shop import Shop
from tests.schema.matrix.rows import id_for


@dataclass(frozen=True)
class Thing:
    """An id, and whose it is: a person's, an organisation's, a region's; with none of these, the platform's."""

    id: str
    account: str | None = None
    organisation: str | None = None
    region: str | None = None
    other_organisation: str | None = None
    """Of what two organisations have between them."""

    @property
    def unknown(self) -> str:
        """An id of the same kind that nothing has; a region that there is not."""
        return id_for(self.id.split("_")[0]) if "_" in self.id else "440000000000"


@dataclass
class Side:
    """One half of the world: a seller with all it has, and a buyer with all that they bought there. The other half has
    another of everything, in another district: what is named alike in both is of one kind."""

    market: Market
    shop: Shop
    seller: str
    region: str
    owner: Actor
    buyer: Actor
    things: dict[str, Thing] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    """What is no id: a version, a code."""

    def sells(self, **ids: str) -> None:
        """These are the seller's."""
        for name, each in ids.items():
            self.things[name] = Thing(each, organisation=self.seller, region=self.region)

    def bought(self, **ids: str) -> None:
        """These are the buyer's, and the seller's: who may do what with them says the permission."""
        for name, each in ids.items():
            self.things[name] = Thing(each, self.buyer.account_id, self.seller, self.region)

    def own(self, **ids: str) -> None:
        """These are the buyer's alone."""
        for name, each in ids.items():
            self.things[name] = Thing(each, self.buyer.account_id)

    def of(self, organisation: str, **ids: str) -> None:
        """These are another organisation's of the same district."""
        for name, each in ids.items():
            self.things[name] = Thing(each, organisation=organisation, region=self.region)

    def regional(self, **ids: str) -> None:
        """These are the district's."""
        for name, each in ids.items():
            self.things[name] = Thing(each, region=self.region)

    def platform(self, **ids: str) -> None:
        """These are the platform's: administrators decide about them."""
        for name, each in ids.items():
            self.things[name] = Thing(each)
