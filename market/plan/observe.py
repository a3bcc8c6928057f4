"""Use cases: report a figure with its evidence, submit it, and let somebody else verify it."""

from dataclasses import asdict, dataclass
from datetime import date

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.kernel import audit
from market.kernel.clock import business_day
from market.kernel.errors import Invalid, NotFound
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.rules.texts import text_of
from market.places.rules import RegionLevel, level_of, subtree
from market.plan.drafts import checked_url
from market.plan.errors import OwnFigure
from market.plan.find import indicator_of, require_region_within
from market.plan.rules import (
    Frequency,
    IndicatorKind,
    IndicatorSource,
    IndicatorUnit,
    ObservationState,
    illegal_observation_move,
    parse_value,
    period_of,
)
from market.plan.rules.words import OPEN_STATES
from market.plan.tables import OBSERVATIONS, PlanIndicator, PlanObservation

EVIDENCE_MAX, NOTE_MAX = 2000, 500
"""Characters."""


@dataclass(frozen=True, slots=True)
class ObservationDraft:
    """A figure of a region and the period that `day` lies in, as people write it. Of a RATIO, `value` is the part and
    `whole` what it is a part of."""

    indicator_id: str
    region_code: str
    day: date
    value: str
    whole: str | None = None
    evidence: str = ""
    evidence_url: str | None = None


def record_observation(market: Market, actor: Actor, draft: ObservationDraft, *, key: str) -> str:
    """Write a figure down, as a draft that does not count yet; its id. A region and period that has a verified one gets
    a new revision; a draft or a returned one is written over.

    Refuses: Forbidden; NotFound for an indicator or region that is unknown or not the actor's; Invalid for a region of
    another level, a period that is not over, a value that cannot be; IllegalTransition while one waits for review;
    IdempotencyConflict. Once, by `key`. Guards: one open figure, by a unique index; the indicator's row, locked.
    """
    reach(actor, Permission.OBSERVATION_SUBMIT)
    level_of(draft.region_code, field="region")
    mine = IdempotencyKey.of(actor=actor.account_id or "", operation="recordObservation", key=key, asked=asdict(draft))
    with market.transaction() as session:
        return once(session, mine, lambda: _record(session, market, actor, draft), now=market.now(), dump=str, load=str)


def _record(session: Session, market: Market, actor: Actor, draft: ObservationDraft) -> str:
    session.exec(
        select(PlanIndicator.id).where(PlanIndicator.id == draft.indicator_id).with_for_update(key_share=True)
    ).first()
    if not reach(actor, Permission.OBSERVATION_SUBMIT).covers(region_code=draft.region_code):
        raise NotFound(field="region")
    indicator, plan = indicator_of(session, draft.indicator_id)
    if not draft.region_code.startswith(subtree(plan.region_code)):
        raise NotFound(field="indicator")  # another region's plan: as though there were none
    region = require_region_within(session, draft.region_code, plan)
    starts_on, ends_on = period_of(draft.day, Frequency(indicator.frequency))
    _check(indicator, RegionLevel(region.level), ends_on=ends_on, today=business_day(market.now()))
    value, denominator = _values(indicator, draft)
    found = session.exec(
        select(PlanObservation)
        .where(
            PlanObservation.indicator_id == indicator.id,
            PlanObservation.region_code == region.code,
            PlanObservation.starts_on == starts_on,
        )
        .order_by(col(PlanObservation.revision).desc())
    ).first()
    before = None
    if found is None or found.state not in OPEN_STATES:
        figure = PlanObservation(
            id=market.new_id("obs"),
            indicator_id=indicator.id,
            region_code=region.code,
            starts_on=starts_on,
            ends_on=ends_on,
            revision=1 if found is None else found.revision + 1,
            value=value,
            created_at=market.now(),
        )
    else:
        if found.state == ObservationState.SUBMITTED:
            raise illegal_observation_move(ObservationState.SUBMITTED, ObservationState.DRAFT)
        figure, before = found, {"value": found.value, "whole": found.denominator}
        figure.state = ObservationState.DRAFT
    figure.value, figure.denominator = value, denominator
    figure.evidence = text_of(draft.evidence, field="evidence", characters_max=EVIDENCE_MAX, is_long=True)
    figure.evidence_url = checked_url(draft.evidence_url, field="evidenceUrl")
    session.add(figure)
    session.flush()
    after = {"value": value, "whole": denominator, "revision": figure.revision}
    audit.record(
        session, actor, action="observation.record", subject=figure.id, before=before, after=after, now=market.now()
    )
    return figure.id


def submit_observation(market: Market, actor: Actor, *, observation_id: str) -> None:
    """Hand a figure in. Refuses: Forbidden; NotFound; Invalid without evidence; IllegalTransition.

    Guards: one conditional update.
    """
    reach(actor, Permission.OBSERVATION_SUBMIT)
    with market.transaction() as session:
        figure = _figure(session, actor, Permission.OBSERVATION_SUBMIT, observation_id)
        if not figure.evidence and not figure.evidence_url:
            raise Invalid(
                field="evidence",
                allowed="say in words or by a link where it is from",
                allowed_zh="须填写依据说明或链接",
            )
        sources = (ObservationState.DRAFT, ObservationState.RETURNED)
        values = {
            "state": ObservationState.SUBMITTED,
            "submitted_by": _who(actor),
            "submitted_at": market.now(),
            "verified_by": None,
            "verified_at": None,
            "note": "",
        }
        _move(session, figure, sa.and_(OBSERVATIONS.c.state.in_(sources)), values)
        audit.record(session, actor, action="observation.submit", subject=figure.id, now=market.now())


def review_observation(market: Market, actor: Actor, *, observation_id: str, is_right: bool, note: str = "") -> None:
    """Verify a submitted figure, so that it counts in place of the revision before it, or return it with a note.

    Refuses: Forbidden; NotFound; OwnFigure to whoever submitted it; Invalid for a return without a note;
    IllegalTransition. Guards: one conditional update that asks who submitted it, a CHECK beneath, and a unique index
    of what counts.
    """
    reach(actor, Permission.OBSERVATION_VERIFY)
    words = text_of(note, field="note", characters_max=NOTE_MAX, is_long=True)
    if not is_right and not words:
        raise Invalid(field="note", allowed="say what is to be put right", allowed_zh="退回须说明原因")
    to = ObservationState.VERIFIED if is_right else ObservationState.RETURNED
    with market.transaction() as session:
        figure = _figure(session, actor, Permission.OBSERVATION_VERIFY, observation_id)
        if is_right:
            _supersede(session, figure)
        may = sa.and_(OBSERVATIONS.c.state == ObservationState.SUBMITTED, OBSERVATIONS.c.submitted_by != _who(actor))
        values = {"state": to, "verified_by": _who(actor), "verified_at": market.now(), "note": words}
        _move(session, figure, may, values, who=_who(actor))
        after = {"state": to, "value": figure.value, "whole": figure.denominator}
        audit.record(session, actor, action="observation.review", subject=figure.id, after=after, now=market.now())


def _move(
    session: Session,
    figure: PlanObservation,
    may: sa.ColumnElement[bool],
    values: dict[str, object],
    *,
    who: str | None = None,
) -> None:
    moved = session.execute(sa.update(OBSERVATIONS).where(OBSERVATIONS.c.id == figure.id, may).values(**values))
    if moved.rowcount == 0:  # type: ignore[attr-defined]  # an UPDATE has one
        session.refresh(figure)
        state = ObservationState(figure.state)
        if state is ObservationState.SUBMITTED and who == figure.submitted_by:
            raise OwnFigure
        raise illegal_observation_move(state, ObservationState(str(values["state"])))
    session.refresh(figure)


def _supersede(session: Session, figure: PlanObservation) -> None:
    """What counted until now of this region and period counts no more."""
    session.execute(
        sa.update(OBSERVATIONS)
        .where(
            OBSERVATIONS.c.indicator_id == figure.indicator_id,
            OBSERVATIONS.c.region_code == figure.region_code,
            OBSERVATIONS.c.starts_on == figure.starts_on,
            OBSERVATIONS.c.state == ObservationState.VERIFIED,
            OBSERVATIONS.c.id != figure.id,
        )
        .values(state=ObservationState.SUPERSEDED)
    )


def _figure(session: Session, actor: Actor, permission: Permission, observation_id: str) -> PlanObservation:
    """A figure of a region within the actor's reach; else it is unknown."""
    figure = session.get(PlanObservation, observation_id)
    if figure is None or not reach(actor, permission).covers(region_code=figure.region_code):
        raise NotFound(field="observation")
    return figure


def _check(indicator: PlanIndicator, level: RegionLevel, *, ends_on: date, today: date) -> None:
    if indicator.source != IndicatorSource.MANUAL:
        raise Invalid(
            field="indicator", allowed="a MANUAL one: others report by themselves", allowed_zh="须为人工填报指标"
        )
    if level != indicator.level:
        raise Invalid(
            field="region",
            allowed=f"a region of level {indicator.level}: figures are reported there",
            allowed_zh=f"须为填报层级 {indicator.level} 的地区",
        )
    if ends_on >= today:
        raise Invalid(field="day", allowed="of a period that is over", allowed_zh="须为已结束的期间")


def _values(indicator: PlanIndicator, draft: ObservationDraft) -> tuple[int, int | None]:
    """The value and, of a RATIO, its whole; a RATIO's parts are kept in hundredths, whatever they count."""
    is_ratio = indicator.kind == IndicatorKind.RATIO
    unit = IndicatorUnit.NUMBER if is_ratio else IndicatorUnit(indicator.unit)
    value = parse_value(draft.value, unit)
    whole = None if draft.whole is None else parse_value(draft.whole, unit, field="whole")
    if value < 0:
        raise Invalid(field="value", allowed="not below zero", allowed_zh="不小于零")
    if is_ratio is not (whole is not None) or (whole is not None and whole <= 0):
        raise Invalid(
            field="whole",
            allowed="above zero of a RATIO, which is given in its parts; none of others",
            allowed_zh="比率指标须分别填写分子和大于零的分母，其他指标不填",
        )
    return value, whole


def _who(actor: Actor) -> str:
    return actor.account_id or actor.kind.value
