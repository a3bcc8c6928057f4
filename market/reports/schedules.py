"""Use cases and the worker's duty: reports and bulletins that are produced after every week or month, and kept.

A period is produced once: the kept report and the schedule's step to the next period are one transaction, over a
conditional update and a unique key. A worker that was away makes up what it missed, period by period.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.kernel import audit
from market.kernel.clock import business_day
from market.kernel.errors import Forbidden, LimitReached, MarketError, NotFound, Unavailable
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.people.actors import actor_of
from market.people.rules import AccountState
from market.people.tables import Account
from market.reports.bulletins import BULLETIN, Gather, check_bulletin, produced, thaw_bulletin
from market.reports.declare import ReportAsked, ReportResult
from market.reports.frozen import asked_json, asked_of, thaw
from market.reports.outputs.bulletin.gather import Bulletin, monthly_bulletin
from market.reports.run import run_report
from market.reports.scoped import Run, check_reader, narrowed
from market.reports.states import KeptReportState, ReportCadence, ReportScheduleState, next_start, period_start
from market.reports.submissions import figures
from market.reports.tables import KeptReport, ReportFigures, ReportSchedule

SCHEDULES_MAX = 50
"""Active ones of one account."""
_LEASE = timedelta(minutes=10)
_BACK_MAX = timedelta(days=731)
_RIGHTS_LOST = {
    "problem": "创建该定时报表的账号已无权查看此报表，定时已停止。",
    "problem_en": "Whoever scheduled this report may no longer read it: the schedule was stopped.",
}


@dataclass(frozen=True, slots=True)
class ScheduleDraft:
    """A report to produce regularly, for a region's staff or for an organisation; or a region's monthly bulletin, whose
    `report` is BULLETIN."""

    report: str
    cadence: ReportCadence
    group_by: tuple[str, ...] = ()
    where: Mapping[str, tuple[str, ...]] | None = None
    region_code: str | None = None
    organisation_id: str | None = None
    start: date | None = None
    """A day of the first period to produce; the period that is going on when left out."""


def try_schedule(
    market: Market,
    actor: Actor,
    draft: ScheduleDraft,
    *,
    run: Run = run_report,
    gather: Gather = monthly_bulletin,
) -> None:
    """Try a schedule on the last period that is over, so that what can never work is refused now and not at night.

    Refuses: NotSignedIn; Forbidden; NotFound for a region or organisation beyond the actor's reach; LimitReached above
    20,000 rows; Invalid for a bulletin that is none; what `run_report` refuses.
    """
    narrow = narrowed(actor, draft.region_code, draft.organisation_id)
    produced(market, narrow, _asked(draft, business_day(market.now())), draft.region_code, run, gather)


def schedule_report(market: Market, actor: Actor, draft: ScheduleDraft, *, key: str) -> str:
    """Have a report produced after every week or month from now on; the schedule's id. `try_schedule` first.

    Refuses: NotSignedIn; Forbidden, to API keys too: a schedule outlives them; NotFound for a region or organisation
    beyond the actor's reach; LimitReached above fifty schedules of one account, and for a start more than two years ago.
    Once: by the idempotency key.
    """
    reach(actor, Permission.REPORT_EXPORT)
    if actor.limits is not None:
        raise Forbidden
    narrowed(actor, draft.region_code, draft.organisation_id)
    if draft.report == BULLETIN:
        check_bulletin(draft.cadence, draft.region_code, is_plain=not draft.group_by and not draft.where)
    now = market.now()
    first = period_start(draft.cadence, draft.start or business_day(now))
    if first < business_day(now) - _BACK_MAX:
        raise LimitReached(what="years back that a schedule can start", limit=2)
    row = ReportSchedule(
        id=market.new_id("rsc"),
        report_key=draft.report,
        cadence=draft.cadence,
        asked=asked_json(_asked(draft, business_day(now))),
        region_code=draft.region_code,
        organisation_id=draft.organisation_id,
        created_by=str(actor.account_id),
        next_start=first,
        due_on=next_start(draft.cadence, first),
        created_at=now,
    )
    mine = IdempotencyKey.of(
        actor=row.created_by, operation="scheduleReport", key=key, asked={**asdict(draft), "start": str(draft.start)}
    )
    with market.transaction() as session:
        return once(session, mine, lambda: _add(session, actor, row), now=now, dump=str, load=str)


def _asked(draft: ScheduleDraft, today: date) -> ReportAsked:
    """The question about the last period that is over."""
    last = period_start(draft.cadence, period_start(draft.cadence, today) - timedelta(days=1))
    end = next_start(draft.cadence, last) - timedelta(days=1)
    return ReportAsked(draft.report, last, end, group_by=draft.group_by, where=draft.where or {})


def _add(session: Session, actor: Actor, row: ReportSchedule) -> str:
    active = sa.select(sa.func.count()).where(
        col(ReportSchedule.created_by) == row.created_by, col(ReportSchedule.state) == ReportScheduleState.ACTIVE
    )
    if session.execute(active).scalar_one() >= SCHEDULES_MAX:
        raise LimitReached(what="schedules of one account", limit=SCHEDULES_MAX)
    session.add(row)
    session.flush()
    audit.record(
        session,
        actor,
        action="report.schedule",
        subject=row.id,
        principal=row.organisation_id or str(row.region_code),
        after={"report": row.report_key, "cadence": row.cadence.value},
        now=row.created_at,
    )
    return row.id


def stop_schedule(market: Market, actor: Actor, schedule_id: str) -> None:
    """Produce no more of it; what was produced stays. Stopping it again changes nothing.

    Refuses: NotSignedIn; Forbidden; NotFound beyond the actor's reach.
    """
    reach(actor, Permission.REPORT_EXPORT)
    now = market.now()
    with market.transaction() as session:
        found = _schedule(session, actor, schedule_id, field="scheduleId")
        if not _stop(session, found.id, now):
            return
        audit.record(
            session,
            actor,
            action="report.schedule_stop",
            subject=found.id,
            principal=found.organisation_id or str(found.region_code),
            now=now,
        )


def kept_figures(market: Market, actor: Actor, kept_id: str) -> ReportResult:
    """What a schedule produced. Refuses: NotSignedIn; Forbidden, also whoever the report itself is not for; NotFound, also
    for a period that failed and for a bulletin."""
    return thaw(_kept(market, actor, kept_id, is_bulletin=False))


def kept_bulletin(market: Market, actor: Actor, kept_id: str) -> Bulletin:
    """A bulletin that a schedule produced. Refuses as `kept_figures`, for all that is none."""
    return thaw_bulletin(_kept(market, actor, kept_id, is_bulletin=True))


def _kept(market: Market, actor: Actor, kept_id: str, *, is_bulletin: bool) -> bytes:
    reach(actor, Permission.REPORT_EXPORT)
    with market.read() as session:
        kept = session.exec(select(KeptReport).where(KeptReport.id == kept_id)).first()
        is_there = kept is not None and kept.state is KeptReportState.MADE
        if kept is None or not is_there or (kept.report_key == BULLETIN) is not is_bulletin:
            raise NotFound(field="keptReportId")
        _schedule(session, actor, kept.schedule_id, field="keptReportId")
        check_reader(actor, kept.report_key)
        return figures(session, kept.id)


def make_scheduled_reports(
    market: Market, *, limit: int, run: Run = run_report, gather: Gather = monthly_bulletin
) -> int:
    """The worker's duty: produce what is due, a period of each schedule at a time; says how many periods.

    Guards: a lease shares schedules out among workers; the conditional update from this period to the next lets only one
    of them finish, should a lease run out. A schedule whose account lost its rights is stopped and says why; a report
    that is refused for another reason is kept as failed, and the next period is tried in its time.
    """
    made = 0
    # One after another, so that a report that breaks the duty holds up no other: its lease keeps it out next time.
    while made < limit:
        schedule_id = _claim(market)
        if schedule_id is None:
            break
        made += _produce(market, schedule_id, run, gather)
    return made


def _claim(market: Market) -> str | None:
    """Take a schedule that is due, for ten minutes; its id. None when there is none."""
    now = market.now()
    due = (
        col(ReportSchedule.state) == ReportScheduleState.ACTIVE,
        col(ReportSchedule.due_on) <= business_day(now),
        sa.or_(col(ReportSchedule.leased_until).is_(None), col(ReportSchedule.leased_until) <= now),
    )
    first = sa.select(col(ReportSchedule.id)).where(*due).order_by(col(ReportSchedule.due_on), col(ReportSchedule.id))
    with market.transaction() as session:
        return session.execute(
            sa.update(ReportSchedule)
            .where(col(ReportSchedule.id) == first.limit(1).scalar_subquery(), *due)
            .values(leased_until=now + _LEASE)
            .returning(col(ReportSchedule.id))
        ).scalar_one_or_none()


def _produce(market: Market, schedule_id: str, run: Run, gather: Gather) -> int:
    now = market.now()
    with market.read() as session:
        schedule = session.exec(select(ReportSchedule).where(ReportSchedule.id == schedule_id)).one()
        actor = _actor_now(session, schedule)
    if actor is None:
        with market.transaction() as session:
            _stop(session, schedule_id, now, **_RIGHTS_LOST)
        return 1
    kept = KeptReport(
        id=market.new_id("rkp"),
        schedule_id=schedule_id,
        report_key=schedule.report_key,
        period_start=schedule.next_start,
        period_end=schedule.due_on - timedelta(days=1),
        state=KeptReportState.FAILED,
        as_of=now,
        made_at=now,
    )
    content: bytes | None = None
    asked = replace(asked_of(schedule.asked), start=kept.period_start, end=kept.period_end)
    try:
        frozen, row_count, as_of = produced(market, actor, asked, schedule.region_code, run, gather)
    except Unavailable:
        raise  # the database's trouble, not the report's: the next round tries again, once the lease is over
    except MarketError as refusal:
        kept.problem, kept.problem_en = refusal.message("zh-CN"), refusal.message("en")
    else:
        kept.state, kept.digest, content = KeptReportState.MADE, frozen.digest, frozen.content
        kept.row_count, kept.as_of = row_count, as_of
    return _keep(market, schedule, kept, content)


def _keep(market: Market, schedule: ReportSchedule, kept: KeptReport, content: bytes | None) -> int:
    following = schedule.due_on
    with market.transaction() as session:
        stepped = session.execute(
            sa.update(ReportSchedule)
            .where(
                col(ReportSchedule.id) == schedule.id,
                col(ReportSchedule.next_start) == kept.period_start,
                col(ReportSchedule.state) == ReportScheduleState.ACTIVE,
            )
            .values(next_start=following, due_on=next_start(schedule.cadence, following), leased_until=None)
        )
        if stepped.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
            return 0  # another worker was faster, or it was stopped meanwhile
        session.add(kept)
        if content is not None:
            session.add(ReportFigures(id=kept.id, content=content))
    return 1


def _stop(session: Session, schedule_id: str, now: datetime, **why: str) -> bool:
    stopped = session.execute(
        sa.update(ReportSchedule)
        .where(col(ReportSchedule.id) == schedule_id, col(ReportSchedule.state) == ReportScheduleState.ACTIVE)
        .values(state=ReportScheduleState.STOPPED, stopped_at=now, leased_until=None, **why)
    )
    return bool(stopped.rowcount)  # type: ignore[attr-defined]  # an UPDATE has one


def _schedule(session: Session, actor: Actor, schedule_id: str, *, field: str) -> ReportSchedule:
    found = session.exec(select(ReportSchedule).where(ReportSchedule.id == schedule_id)).first()
    opened = reach(actor, Permission.REPORT_EXPORT)
    if found is None or not opened.covers(organisation_id=found.organisation_id, region_code=found.region_code):
        raise NotFound(field=field)
    return found


def _actor_now(session: Session, schedule: ReportSchedule) -> Actor | None:
    """The account with the rights it has today, for this region or organisation alone; None when they are gone."""
    state = session.exec(select(Account.state).where(Account.id == schedule.created_by)).first()
    if state is not AccountState.ACTIVE:
        return None
    actor = actor_of(session, schedule.created_by)
    try:
        return narrowed(actor, schedule.region_code, schedule.organisation_id)
    except (Forbidden, NotFound):
        return None
