"""As whom an import works, long after the request that started it."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session, col, select

from market.bulk.tables import ImportJob
from market.kernel.clock import business_day
from market.kernel.errors import Forbidden, NotFound
from market.kernel.permissions import Actor, ActorKind, Permission, Role
from market.organisations.acting import act_for
from market.people.actors import actor_of
from market.people.rules import AccountState
from market.people.tables import Account, ApiKey

RIGHTS_LOST = {
    "problem_code": "IMPORT_RIGHTS_LOST",
    "problem": "启动导入的账号已无权为该组织导入，导入已停止，已完成的行保留。",
    "problem_en": "Whoever started the import may no longer import for this organisation: it was stopped, what is done stays.",
}
_KEY = "key_"


def worker_actor(session: Session, job: ImportJob, now: datetime) -> Actor:
    """Step: the job's account or API key as an actor, with what it may do now; its entries in the audit trail have the
    import's id as their request.

    Refuses with Forbidden or NotFound when it may not import for this organisation any more: an account that is blocked,
    a key that ended, a role or power that was taken away.
    """
    actor = _key(session, job, now) if job.account_id.startswith(_KEY) else _person(session, job)
    act_for(
        session,
        actor,
        Permission.IMPORT_RUN,
        producer_id=job.organisation_id,
        today=business_day(now),
        field="organisation",
    )
    return actor


def _person(session: Session, job: ImportJob) -> Actor:
    state = session.exec(select(Account.state).where(Account.id == job.account_id)).first()
    if state is not AccountState.ACTIVE:
        raise Forbidden
    actor = actor_of(session, job.account_id)
    if actor.kind in {ActorKind.STAFF, ActorKind.ADMIN} and actor.kind.value != job.actor_kind:
        # Staff roles count only after a strong sign-in, and this upload came without one.
        actor = Actor(
            ActorKind.MEMBER if actor.organisations else ActorKind.CUSTOMER,
            actor.account_id,
            organisations=actor.organisations,
        )
    return replace(actor, request_id=job.id)


def _key(session: Session, job: ImportJob, now: datetime) -> Actor:
    key = session.exec(
        select(ApiKey).where(
            ApiKey.id == job.account_id, col(ApiKey.revoked_at).is_(None), col(ApiKey.expires_at) > now
        )
    ).first()
    if key is None:
        raise NotFound(field="account")
    return Actor(
        ActorKind.MEMBER,
        key.id,
        organisations={key.organisation_id: frozenset({Role.OWNER})},
        limits=frozenset(Permission(scope) for scope in key.scopes),
        request_id=job.id,
    )
