"""Whether a lot may come in without a conformity certificate (承诺达标合格证)."""

from sqlmodel import Session

from market.catalogue.queries import needs_conformity
from market.organisations.rules import OrganisationKind
from market.stock.drafts import ConformityDraft
from market.stock.errors import ConformityRequired
from market.stock.rules import CONFORMITY_RULE, ConformityState, conformity_of


def judged(
    session: Session, variant_id: str, kind: OrganisationKind, certificate: ConformityDraft | None
) -> ConformityState:
    """Step: how a lot of this variant, from a producer of this kind, stands. Refuses: ConformityRequired."""
    state = conformity_of(
        is_covered=certificate is None and needs_conformity(session, variant_id),
        has_certificate=certificate is not None,
        kind=kind,
    )
    if state is None:
        raise ConformityRequired(rule=CONFORMITY_RULE)
    return state
