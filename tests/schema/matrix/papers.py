"""An organisation's papers, people, memberships, keys and webhooks; and applications that wait."""

from collections.abc import Mapping
from datetime import date, timedelta

import sqlalchemy as sa

from market.catalogue.review.freezing import freeze_organisation
from market.kernel.permissions import Permission, Role
from market.live.webhooks.address import Policy
from market.live.webhooks.endpoints import EndpointDraft, create_endpoint
from market.media.keep import MediaDraft, add_media
from market.media.rules import MediaKind
from market.organisations.manage import (
    CertificateDraft,
    LegalFacts,
    LicenceDraft,
    OrganisationDraft,
    apply_for_organisation,
    grant_powers,
    invite_person,
    join_cooperative,
    register_organisation,
    request_membership,
    review_licence,
    submit_certificate,
    submit_licence,
    submit_organisation,
)
from market.organisations.rules import CertificateKind, LicenceKind, MembershipSide, OrganisationKind, Power
from market.people.keys import KeyDraft, create_key
from tests.checkout.shop import key
from tests.schema.matrix.callers import again, person
from tests.schema.matrix.rows import add_row, id_for
from tests.schema.matrix.things import Side, Thing
from tests.schema.stalls import ADMIN

PHONES = {True: ("13900000001", "13900000002"), False: ("13900000003", "13900000004")}
CODES = {True: "93330213MA2AAAAA18", False: "93330281MA2BBBBB10"}


def fill_papers(side: Side, *, is_first: bool) -> None:
    """A licence and a certificate that wait, and scans for more."""
    market, owner, seller = side.market, side.owner, side.seller
    scan, other = _scan(side, seller, "licence"), _scan(side, seller, "certificate")
    licence = LicenceDraft(seller, LicenceKind.BUSINESS_LICENCE, _scan(side, seller, "a"), number=CODES[is_first])
    certificate = CertificateDraft(
        seller, CertificateKind.GREEN_FOOD, "绿色食品", number="GF330213200001",
        scan_id=_scan(side, seller, "b"), valid_to=date(2027, 6, 1),
    )  # fmt: skip
    side.sells(
        licence_scan=scan,
        certificate_scan=other,
        picture=_scan(side, seller, "picture", MediaKind.LISTING),
        licence=submit_licence(market, owner, licence, idempotency_key=key()),
        certificate=submit_certificate(market, owner, certificate, idempotency_key=key()),
        organisation=seller,
    )


def fill_people(side: Side, *, is_first: bool) -> None:
    """Somebody who works there, an open invitation, one that the buyer has, a key, a webhook and what it did not take."""
    market, owner, seller = side.market, side.owner, side.seller
    theirs, buyers_own = PHONES[is_first]
    hand = person(market, None, **{seller: [Role.VIEWER]})

    def invited(phone: str) -> str:
        return invite_person(
            market, owner, organisation_id=seller, phone=phone, roles=[Role.EDITOR], idempotency_key=key()
        )

    made = create_key(
        market, owner, KeyDraft(seller, "旧的", frozenset({Permission.ORDER_READ}), 30), idempotency_key=key()
    )
    hook = EndpointDraft(seller, "https://hooks.example.cn/", ["order.paid"])
    endpoint = create_endpoint(market, owner, hook, policy=Policy(), idempotency_key=key()).endpoint_id
    delivery = id_for("whd")
    invitation, own_invitation = invited(theirs), invited(buyers_own)
    with market.transaction() as session:
        table = _table("webhook_delivery")
        session.execute(
            sa.update(_table("invitation")).values(sent_at=market.now() - timedelta(days=1))
        )  # may be again
        add_row(session, table, {"webhook_endpoint": endpoint}, id=delivery, topic="order.paid", body={}, state="DEAD")
    side.sells(invitation=invitation, key=made.key_id, endpoint=endpoint, delivery=delivery, hand=str(hand.account_id))
    side.own(own_invitation=own_invitation)


def fill_memberships(side: Side, cooperatives: Mapping[str, str]) -> None:
    """A member of both cooperatives: one was given all powers, the other (`powerless`) one that no mutation is done by; and
    requests to and from others."""
    market, owner, seller = side.market, side.owner, side.seller
    asking, asked = (_registered(side, name, OrganisationKind.COOPERATIVE) for name in ("问的合作社", "被问的合作社"))

    def request(cooperative: str, by: MembershipSide) -> str:
        who = ADMIN if by is MembershipSide.COOPERATIVE else owner
        return request_membership(
            market, who, cooperative_id=cooperative, producer_id=seller, asked_by=by, idempotency_key=key()
        )

    joined = {
        name: join_cooperative(
            market, ADMIN, cooperative_id=each, producer_id=seller, joined_on=date(2026, 1, 1)
        )
        for name, each in cooperatives.items()
    }  # fmt: skip
    for name, powers in (("trusted", list(Power)), ("powerless", [Power.VIEW_FINANCE])):
        grant_powers(
            market,
            owner,
            membership_id=joined[name],
            powers=powers,
            valid_from=date(2026, 6, 2),
            idempotency_key=key(),
        )
    for name, each in joined.items():
        mine = Thing(each, organisation=seller, region=side.region, other_organisation=cooperatives[name])
        side.things["membership" if name == "trusted" else "powerless_membership"] = mine
    side.sells(
        request=request(asking, MembershipSide.COOPERATIVE),
        own_request=request(asked, MembershipSide.PRODUCER),
        asking_cooperative=asking,
        other_cooperative=_registered(side, "第三家合作社", OrganisationKind.COOPERATIVE),
    )


def fill_applications(side: Side, *, is_first: bool) -> None:
    """What the owner applied for too: one to hand in, one that waits; and others' that are frozen or to be closed."""
    market, owner = side.market, side.owner
    ready, waiting = (_application(side, name, is_first=is_first) for name in ("新农场", "待审农场"))
    submit_organisation(market, again(market, owner.account_id), organisation_id=waiting, idempotency_key=key())
    frozen = _registered(side, "冻结的农场", OrganisationKind.HOUSEHOLD)
    freeze_organisation(market, ADMIN, organisation_id=frozen, reason="停业", idempotency_key=key())
    side.of(ready, ready_organisation=ready)
    side.of(waiting, waiting_organisation=waiting)
    for name, each in {"frozen": frozen, "idle": _registered(side, "歇业的农场", OrganisationKind.HOUSEHOLD)}.items():
        side.of(each, **{f"{name}_organisation": each})


def _application(side: Side, name: str, *, is_first: bool) -> str:
    draft = OrganisationDraft(OrganisationKind.HOUSEHOLD, name, None, "种桃三十年。", None, side.shop.stalls.village)
    facts = LegalFacts(name, None, "王小明", "13800000001")
    made = apply_for_organisation(side.market, side.owner, draft, facts, idempotency_key=key())
    owner = again(side.market, side.owner.account_id)
    paper = LicenceDraft(made, LicenceKind.BUSINESS_LICENCE, _scan(side, made, "p"), number=CODES[is_first])
    licence = submit_licence(side.market, owner, paper, idempotency_key=key())
    review_licence(side.market, ADMIN, licence_id=licence, accept=True, idempotency_key=key())
    return made


def _registered(side: Side, name: str, kind: OrganisationKind) -> str:
    draft = OrganisationDraft(kind, f"{name}{side.seller[-4:]}", None, "", None, side.shop.stalls.village)
    return register_organisation(side.market, ADMIN, draft)


def _scan(side: Side, owner: str, name: str, kind: MediaKind = MediaKind.LICENCE) -> str:
    number = f"{owner[-20:]}-{name}".rjust(64, "0")
    with side.market.transaction() as session:
        return add_media(session, MediaDraft(owner, kind, number, number, 800, 600, 1000), now=side.market.now())[0]


def _table(name: str) -> sa.Table:
    from sqlmodel import SQLModel

    return SQLModel.metadata.tables[name]
