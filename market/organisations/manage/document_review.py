"""Use cases of staff: accept or return the licences and certificates that were submitted.

A returned one stays as it is: a better one is submitted anew. Of two reviewers at once one decides.
"""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from market.kernel import audit
from market.kernel.errors import IllegalTransition, Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.kernel.topics import touch
from market.organisations.once import once_id
from market.organisations.rules import DOCUMENT_MOVES, DocumentState, Reason, check_reasons, stored
from market.organisations.steps import organisation_for, require_impartial
from market.organisations.tables import Certificate, Licence

Document = Licence | Certificate


def review_licence(
    market: Market,
    actor: Actor,
    *,
    licence_id: str,
    accept: bool,
    reasons: Sequence[Reason] = (),
    idempotency_key: str,
) -> str:
    """Accept a licence document, or return it with reasons; its id.

    Refuses: NotSignedIn; Forbidden, also to the organisation's own people; NotFound, also outside the actor's regions;
    Invalid for returning without reasons, or accepting with some; IllegalTransition; IdempotencyConflict.
    Guards: one conditional update of the document; of two reviewers one decides.
    """
    return _review(
        market, actor, Licence, licence_id, field="licence", accept=accept, reasons=reasons, key=idempotency_key
    )


def review_certificate(
    market: Market,
    actor: Actor,
    *,
    certificate_id: str,
    accept: bool,
    reasons: Sequence[Reason] = (),
    idempotency_key: str,
) -> str:
    """Accept a certificate, which everybody sees from then on, or return it with reasons; its id.

    Refuses and guards as `review_licence` does.
    """
    return _review(
        market,
        actor,
        Certificate,
        certificate_id,
        field="certificate",
        accept=accept,
        reasons=reasons,
        key=idempotency_key,
    )


def _review(
    market: Market,
    actor: Actor,
    kind: type[Licence] | type[Certificate],
    document_id: str,
    *,
    field: str,
    accept: bool,
    reasons: Sequence[Reason],
    key: str,
) -> str:
    reach(actor, Permission.ORGANISATION_REVIEW)
    if not accept:
        check_reasons(reasons)
    elif reasons:
        raise Invalid(field="reasons", allowed="what is accepted needs no reasons", allowed_zh="通过时无需填写理由")
    now = market.now()
    to_state = DocumentState.ACCEPTED if accept else DocumentState.RETURNED

    def act() -> str:
        document = session.get(kind, document_id)
        if not isinstance(document, Licence | Certificate):
            raise NotFound(field=field)
        organisation_id = document.organisation_id
        organisation_for(session, actor, Permission.ORGANISATION_REVIEW, organisation_id, now=now, field=field)
        require_impartial(actor, organisation_id)
        _move(session, document, to_state, actor=actor, reasons=reasons, now=now)
        touch(session, "organisations", "catalogue")
        verb = "accept" if accept else "return"
        audit.record(
            session,
            actor,
            action=f"{field}.{verb}",
            subject=document_id,
            principal=organisation_id,
            after={"reasons": [reason.code.value for reason in reasons]} if reasons else None,
            now=now,
        )
        return document_id

    asked = {field: document_id, "accept": accept, "reasons": stored(reasons)}
    with market.transaction() as session:
        return once_id(session, actor, f"review{field.capitalize()}", key, asked=asked, act=act, now=now)


def _move(
    session: Session,
    document: Document,
    to_state: DocumentState,
    *,
    actor: Actor,
    reasons: Sequence[Reason],
    now: datetime,
) -> None:
    table = SQLModel.metadata.tables[str(document.__tablename__)]
    sources = [state for state, targets in DOCUMENT_MOVES.items() if to_state in targets]
    moved = (
        sa.update(table)
        .where(table.c.id == document.id, table.c.state.in_(sources))
        .values(
            state=to_state,
            reviewed_by=actor.account_id or actor.kind.value,
            reviewed_at=now,
            reasons=stored(reasons) or None,
        )
        .returning(table.c.id)
    )
    is_moved = session.execute(moved).first() is not None
    session.refresh(document)
    if not is_moved:
        allowed = tuple(state.value for state in DOCUMENT_MOVES[document.state])
        raise IllegalTransition(from_state=document.state.value, to_state=to_state.value, allowed=allowed)
