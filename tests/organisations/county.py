"""A small county with people: who applies, who reviews, who owns; and a shorthand for the use cases' keys."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from threading import Barrier
from typing import Any

from market.kernel.errors import MarketError
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.media.keep import MediaDraft, add_media
from market.media.rules import MediaKind
from market.organisations.manage import (
    LegalFacts,
    LicenceDraft,
    OrganisationDraft,
    apply_for_organisation,
    register_organisation,
    review_licence,
    submit_licence,
    submit_organisation,
)
from market.organisations.rules import LicenceKind, OrganisationKind
from market.people.actors import actor_of
from market.people.manage import give_role, open_account
from market.places.manage import RegionRow, VillageDraft, add_regions, add_village

ADMIN = Actor(ActorKind.ADMIN, "account")
DISTRICT, OTHER_DISTRICT = "330213000000", "330226000000"
CODE = "93330213MA2AAAAA18"
"""A made-up unified social credit code whose check character is right."""
REGIONS = [
    ("330200000000", "宁波市", None),
    (DISTRICT, "奉化区", "330200000000"),
    ("330213005000", "萧王庙街道", DISTRICT),
    ("330213005208", "滕头村", "330213005000"),
    (OTHER_DISTRICT, "宁海县", "330200000000"),
]
UNKNOWN = {
    "cop": "cop_00000000000000000000000000",
    "pdr": "pdr_00000000000000000000000000",
    "inv": "inv_00000000000000000000000000",
    "lic": "lic_00000000000000000000000000",
    "mbr": "mbr_00000000000000000000000000",
    "acc": "acc_00000000000000000000000000",
}
_numbers = count()


def key() -> str:
    """A new idempotency key."""
    return f"key-of-a-test-{next(_numbers):06}"


@dataclass
class County:
    """One marketplace with a village, and people by their account's id."""

    market: Market
    village: str = ""

    def __post_init__(self) -> None:
        add_regions(self.market, ADMIN, [RegionRow(code, name, parent) for code, name, parent in REGIONS])
        draft = VillageDraft("330213005208", "滕头村", "Tengtou", "", None, 29.69, 121.39, is_place_checked=True)
        self.village = add_village(self.market, ADMIN, draft)

    def person(self, phone: str | None = None, *, name: str = "王大明") -> str:
        """An account."""
        return open_account(self.market, ADMIN, name=name, phone=phone)

    def actor(self, account_id: str) -> Actor:
        """The account as it may act now."""
        with self.market.read() as session:
            return actor_of(session, account_id)

    def holding(self, role: Role, within: str, *, phone: str | None = None) -> Actor:
        """A new person who holds this role."""
        account_id = self.person(phone)
        give_role(self.market, ADMIN, account_id=account_id, role=role, within=within)
        return self.actor(account_id)

    def moderator(self, region: str = DISTRICT) -> Actor:
        """A member of staff."""
        return self.holding(Role.STAFF_MODERATOR, region)

    def draft(self, kind: OrganisationKind = OrganisationKind.COOPERATIVE, name: str = "滕头果业") -> OrganisationDraft:
        return OrganisationDraft(kind, name, "Tengtou Fruit", "种桃三十年。", None, self.village)

    def active(self, kind: OrganisationKind = OrganisationKind.HOUSEHOLD, name: str = "老王家") -> str:
        """An organisation that sells."""
        return register_organisation(self.market, ADMIN, self.draft(kind, name))

    def cooperative(self, name: str = "滕头合作社") -> str:
        return self.active(OrganisationKind.COOPERATIVE, name)

    def application(
        self, owner: Actor, *, kind: OrganisationKind = OrganisationKind.COOPERATIVE, code: str = CODE
    ) -> str:
        """A draft with all its legal facts; no licence yet."""
        facts = LegalFacts("宁波滕头果业专业合作社", code, "王小明", "13800000001")
        return apply_for_organisation(self.market, owner, self.draft(kind), facts, idempotency_key=key())

    def scan(self, owner_id: str, kind: MediaKind = MediaKind.LICENCE) -> str:
        """A picture that somebody has uploaded."""
        number = f"{next(_numbers):064}"
        with self.market.transaction() as session:
            media_id, _is_new = add_media(
                session, MediaDraft(owner_id, kind, number, number, 800, 600, 1000), now=self.market.now()
            )
        return media_id

    def licence(self, owner: Actor, organisation_id: str, **of: Any) -> str:
        """A licence that waits for review."""
        said: dict[str, Any] = {"kind": LicenceKind.BUSINESS_LICENCE, "number": CODE} | of
        said.setdefault("scan_id", self.scan(organisation_id))
        draft = LicenceDraft(organisation_id, **said)
        return submit_licence(self.market, owner, draft, idempotency_key=key())

    def accepted_licence(self, owner: Actor, organisation_id: str, **of: Any) -> str:
        licence_id = self.licence(owner, organisation_id, **of)
        return review_licence(self.market, self.moderator(), licence_id=licence_id, accept=True, idempotency_key=key())

    def submitted(self) -> tuple[Actor, str]:
        """An application that staff can approve, and its owner."""
        account_id = self.person()
        organisation_id = self.application(self.actor(account_id))
        owner = self.actor(account_id)
        self.accepted_licence(owner, organisation_id)
        submit_organisation(self.market, owner, organisation_id=organisation_id, idempotency_key=key())
        return owner, organisation_id


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each gives, or the refusal it raises, when all begin at the same moment."""
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        barrier.wait()
        try:
            return act()
        except MarketError as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
