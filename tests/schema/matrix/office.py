"""What staff decide about a seller and a district: settlement, vouchers, reports, plans; and the platform's own."""

import io
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from sqlmodel import SQLModel

from market.bulk.rules import SheetKind
from market.bulk.upload import upload_import
from market.bulk.work import work_on_imports
from market.ledger.post import post
from market.ledger.rules import AccountKind, Entry, TxnKind
from market.people.manage import block_account
from market.plan.drafts import IndicatorDraft, PlanDraft
from market.plan.manage import create_plan, define_indicator
from market.plan.observe import ObservationDraft, record_observation, submit_observation
from market.plan.rules import IndicatorKind, IndicatorSource, IndicatorUnit
from market.plan.targets import TargetDraft, set_target
from market.settlement.payouts.decide import BANK, CLEARING
from market.settlement.release import payable
from market.vouchers.manage import CampaignDraft, create_campaign, move_campaign
from market.vouchers.rules import CampaignState, DiscountKind, Funder
from tests.checkout.shop import key
from tests.schema.matrix.callers import person
from tests.schema.matrix.rows import add_row, id_for
from tests.schema.matrix.things import Side, Thing
from tests.schema.reports_outputs.rows import add_reports
from tests.schema.settlement.rows import NOTHING
from tests.schema.stalls import ADMIN

AT = datetime(2026, 6, 20, tzinfo=UTC)
ENDS = datetime(2026, 12, 31, tzinfo=UTC)


def fill_settlement(side: Side) -> None:
    """A statement in each state, payouts proposed and approved, a correction, a commission rule, a difference."""
    with side.market.transaction() as session:

        def row(table: str, prefix: str, **given: Any) -> str:
            made = add_row(session, SQLModel.metadata.tables[table], {}, id=id_for(prefix), **given)
            return str(made["id"])

        def statement(month: int, state: str, **more: Any) -> str:
            days = {"first_day": date(2026, month, 1), "last_day": date(2026, month, 28)}
            told = {"period": "MONTH", "line_count": 0, "drafted_at": AT}
            whose = {"party": side.seller, "region_code": side.region}
            return row("statement", "stm", state=state, **(NOTHING | whose | days | told | more))

        def batch(state: str, **more: Any) -> str:
            told = {"payout_count": 1, "total_fen": 1, "made_by": "acc_maker", "made_at": AT}
            return row("payout_batch", "pob", region_code=side.region, state=state, **told, **more)

        def payout(of: str, state: str, to: str) -> str:
            told = {"region_code": side.region, "statement_id": confirmed, "amount_fen": 1, "made_at": AT}
            return row("payout", "pyo", batch_id=of, party=to, state=state, **told)

        confirmed, disputed = (
            statement(2, "CONFIRMED", opening_fen=100, closing_fen=100),
            statement(3, "DISPUTED", dispute="少算了"),
        )
        proposed = batch("PROPOSED")
        payout(proposed, "PROPOSED", side.things["asking_cooperative"].id)
        approved = batch("APPROVED", checked_by="acc_checker", checked_at=AT)
        to_record = payout(approved, "APPROVED", side.things["other_cooperative"].id)
        for kind, reference, entries in (
            (TxnKind.PAYOUT, to_record, [Entry(payable(side.things["other_cooperative"].id), 1), Entry(CLEARING, -1)]),
            (TxnKind.CORRECTION, id_for("cor"), [Entry(payable(side.seller), -10_000), Entry(BANK, 10_000)]),
        ):
            post(session, kind, reference=reference, entries=entries, at=AT)
        day = {"gateway": "wechat", "day": date(2026, 6, 18 if side.region.startswith("330213") else 17)}
        counted = {f"{name}_fen": 0 for name in ("paid_there", "paid_here", "refunded_there", "refunded_here", "fee")}
        compared = row("reconciliation", "rcn", row_count=0, difference_count=1, compared_at=AT, **day, **counted)
        side.sells(
            disputed_statement=disputed,
            draft_statement=statement(4, "DRAFT"),
            statement=statement(5, "ISSUED"),
            batch=proposed,
            payout=to_record,
            correction=row(
                "ledger_correction", "cor", region_code=side.region, party=side.seller, reason="更正", made_by="acc_maker",
                entries=[[AccountKind.SELLER_PAYABLE.value, 100], [AccountKind.COMMISSION.value, -100]],
                made_at=AT,
            ),
            commission=row(
                "commission_rule", "cmr", organisation_id=side.seller, basis_points=500, valid_from=date(2026, 1, 1)
            ),
        )  # fmt: skip
        side.platform(
            difference=row(
                "bill_difference", "rcd", reconciliation_id=compared, kind="MISSING_HERE", number="T1", found_at=AT
            )
        )


def fill_vouchers(side: Side) -> None:
    """A seller's campaigns: a draft, and one that runs."""

    def made(name: str) -> str:
        draft = CampaignDraft(name, Funder.SELLER, DiscountKind.FIXED, AT, ENDS, seller_id=side.seller, amount_fen=500)
        return create_campaign(side.market, side.owner, replace(draft, budget_fen=50_000), key=key())

    draft, active = made("新券"), made("在用的券")
    move_campaign(side.market, side.owner, campaign_id=active, to=CampaignState.ACTIVE)
    side.sells(draft_campaign=draft, campaign=active)


def fill_imports(side: Side) -> None:
    """A file that was checked, and one that waits."""

    def uploaded() -> str:
        return upload_import(
            side.market,
            side.owner,
            kind=SheetKind.PRICES,
            organisation_id=side.seller,
            file=io.BytesIO(f"sku,price\n{side.seller[-4:]}-水蜜桃,89".encode()),
            file_name="价格.csv",
            idempotency_key=key(),
        )

    checked = uploaded()
    while work_on_imports(side.market):
        pass
    side.sells(checked_import=checked, waiting_import=uploaded())


def fill_reports(side: Side) -> None:
    """A submission of the district, and a schedule of the seller's."""
    with side.market.transaction() as session:
        add_reports(session, side.seller, side.region)
    side.regional(submission=_newest(side, "report_submission"))
    mine = Thing(
        _newest(side, "report_schedule"), organisation=side.seller
    )  # not the district's: its staff have their own
    side.things |= {"schedule": mine, "own_reports": Thing(side.seller, organisation=side.seller)}


def fill_plan(side: Side) -> None:
    """A plan of the district with one of everything."""
    market, county = side.market, f"{side.region[:6]}000000"
    plan = create_plan(market, ADMIN, PlanDraft(county, "规划", date(2026, 1, 1), date(2026, 12, 31)), key=key())

    def indicator(code: str) -> str:
        draft = IndicatorDraft(code, code, IndicatorKind.FLOW, IndicatorSource.MANUAL, IndicatorUnit.COUNT)
        return define_indicator(market, ADMIN, draft, plan_id=plan)

    shops = indicator("shops")
    year = (date(2026, 1, 1), date(2026, 12, 31))

    def observed(day: date) -> str:
        draft = ObservationDraft(shops, county, day, "12", evidence="乡镇报表")
        return record_observation(market, ADMIN, draft, key=key())

    sent = observed(date(2026, 4, 30))
    submit_observation(market, ADMIN, observation_id=sent)
    side.regional(
        plan=plan,
        indicator=shops,
        spare_indicator=indicator("spare"),
        target=set_target(market, ADMIN, TargetDraft(shops, county, *year, "120")),
        observation=observed(date(2026, 5, 31)),
        sent_observation=sent,
        county=county,
        district=side.region,
    )


def fill_accounts(side: Side) -> None:
    """People whom administrators look after: one to be, one that is blocked."""
    someone, blocked = (str(person(side.market).account_id) for _ in range(2))
    block_account(side.market, ADMIN, account_id=blocked)
    side.platform(someone=someone, blocked=blocked)


def _newest(side: Side, table: str) -> str:
    import sqlalchemy as sa

    with side.market.read() as session:
        chosen = SQLModel.metadata.tables[table]
        return str(session.execute(sa.select(chosen.c.id).order_by(chosen.c.id.desc()).limit(1)).scalar_one())
