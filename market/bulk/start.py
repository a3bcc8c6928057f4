"""Use cases: run a checked import, or give one up."""

from market.bulk.errors import ImportHasErrors
from market.bulk.queries import job_of, move
from market.bulk.rules import ImportMode, ImportState, check_move
from market.kernel import audit
from market.kernel.clock import business_day
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.acting import act_for


def run_import(market: Market, actor: Actor, *, import_id: str, mode: ImportMode, idempotency_key: str) -> str:
    """Let a checked import run as soon as its turn comes; its id. One of an organisation's imports of a kind runs at a
    time.

    ABORT changes nothing when the check found a row in error, and stops where a row is refused in the run all the same,
    things having changed since; rows before that stay done. SKIP leaves such rows out and lists them.

    Refuses: NotSignedIn; Forbidden; NotFound; IllegalTransition when it is not CHECKED; ImportHasErrors.
    Once: the same idempotency key gives the same answer. Guards: the conditional update of `move`.
    """
    reach(actor, Permission.IMPORT_RUN)
    now = market.now()
    asked = {"import": import_id, "mode": mode.value}
    key = IdempotencyKey.of(actor=str(actor.account_id), operation="runImport", key=idempotency_key, asked=asked)
    with market.transaction() as session:

        def queue() -> str:
            job = job_of(session, actor, import_id, today=business_day(now))
            act_for(
                session,
                actor,
                Permission.IMPORT_RUN,
                producer_id=job.organisation_id,
                today=business_day(now),
                field="importId",
            )
            check_move(job.state, ImportState.QUEUED)
            if mode is ImportMode.ABORT and job.would_fail:
                raise ImportHasErrors(count=job.would_fail)
            # Whoever starts it answers for it: what it changes is changed as them.
            move(
                session,
                job,
                ImportState.QUEUED,
                mode=mode,
                account_id=str(actor.account_id),
                actor_kind=actor.kind.value,
                done_through=0,
                rows_done=0,
                attempts=0,
                lease=None,
                leased_until=None,
                worked_at=now,
            )
            facts = {"mode": mode.value, "rows": job.rows_total, "failing": job.would_fail}
            audit.record(
                session,
                actor,
                action="import.run",
                subject=job.id,
                principal=job.organisation_id,
                after=facts,
                now=now,
            )
            return job.id

        return once(session, key, queue, now=now, dump=str, load=str)


def cancel_import(market: Market, actor: Actor, *, import_id: str) -> None:
    """Give an import up. One that runs stops after the row it is at, and what it has done stays.

    Refuses: NotSignedIn; Forbidden; NotFound; IllegalTransition when it has ended. Guards: as `run_import`.
    """
    reach(actor, Permission.IMPORT_RUN)
    now = market.now()
    with market.transaction() as session:
        job = job_of(session, actor, import_id, today=business_day(now))
        move(session, job, ImportState.CANCELLED, finished_at=now, lease=None, leased_until=None)
        audit.record(
            session,
            actor,
            action="import.cancel",
            subject=job.id,
            principal=job.organisation_id,
            before={"state": job.state.value, "rows_done": job.rows_done},
            now=now,
        )
