"""What keeps a draft from going on sale: all of it at once. What cannot even be saved is refused by `content.bounds`."""

from collections.abc import Iterator
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.catalogue.content.drafts import Draft, PackageDraft, ProductDraft
from market.catalogue.content.problems import problems_of
from market.catalogue.rules.problems import Problem
from market.catalogue.tables import Variant
from market.organisations.rules import DocumentState, is_valid_on
from market.organisations.tables import Certificate, Membership


def problems_at(session: Session, draft: Draft, *, today: date) -> tuple[Problem, ...]:
    """Step: what is wrong with the draft, alone and with what it points to on this day."""
    of_kind = _at_skus(session, draft) if isinstance(draft, ProductDraft) else _at_gifts(session, draft)
    return (*problems_of(draft), *of_kind, *_at_sellers(session, draft, today))


def _at_skus(session: Session, draft: ProductDraft) -> Iterator[Problem]:
    skus, own = [each.sku for each in draft.variants], [each.id for each in draft.variants if each.id]
    others = select(Variant.sku).where(col(Variant.sku).in_(skus), col(Variant.id).not_in(own))
    taken = set(session.exec(others))
    for number, each in enumerate(draft.variants, start=1):
        if each.sku in taken:
            yield sku_taken(number)


def sku_taken(number: int) -> Problem:
    """A SKU that another variant of the marketplace has, be it retired."""
    return Problem(f"variants.{number}.sku", "该货号已被使用，请换一个", "this SKU is taken, choose another")


def _at_gifts(session: Session, draft: PackageDraft) -> Iterator[Problem]:
    offered = set(
        session.exec(
            select(Variant.id).where(
                col(Variant.id).in_([each.variant_id for each in draft.gifts]), col(Variant.retired_at).is_(None)
            )
        )
    )
    for number, each in enumerate(draft.gifts, start=1):
        if each.variant_id not in offered:
            yield Problem(f"gifts.{number}.variant_id", "该赠品已不再供应，请更换", "no longer offered, choose another")


def _at_sellers(session: Session, draft: Draft, today: date) -> Iterator[Problem]:
    listing = draft.listing
    if listing.cooperative_id is not None and listing.cooperative_id != listing.producer_id:
        member = select(Membership.id).where(
            Membership.cooperative_id == listing.cooperative_id,
            Membership.producer_id == listing.producer_id,
            Membership.joined_on <= today,
            sa.or_(col(Membership.left_on).is_(None), col(Membership.left_on) > today),
        )
        if session.exec(member).first() is None:
            yield Problem("cooperative_id", "生产者目前不是该合作社的社员", "the producer is not its member today")
    found = {
        each.id: each
        for each in session.exec(select(Certificate).where(col(Certificate.id).in_(listing.certificate_ids)))
    }
    for number, certificate_id in enumerate(listing.certificate_ids, start=1):
        certificate = found.get(certificate_id)
        if certificate is None or certificate.organisation_id not in {listing.producer_id, listing.cooperative_id}:
            yield Problem(
                f"certificate_ids.{number}",
                "须为生产者或所属合作社持有的证书",
                "a certificate of the producer or of the cooperative that sells it",
            )
        elif certificate.state is not DocumentState.ACCEPTED or not is_valid_on(
            today, valid_from=certificate.valid_from, valid_to=certificate.valid_to
        ):
            yield Problem(f"certificate_ids.{number}", "证书未通过核验或不在有效期内", "accepted and valid today")
