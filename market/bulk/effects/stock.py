"""Stock by SKU: counts, and lots that came in."""

from collections.abc import Mapping, Sequence
from functools import partial

from sqlmodel import Session, col, select

from market.bulk.effects.base import Decision, Done, Effects, Group, Refused, Work
from market.bulk.effects.skus import SkuNow, skus_now
from market.bulk.rules import Outcome
from market.bulk.sheets.columns import Values
from market.kernel.errors import NotFound
from market.kernel.permissions import Permission
from market.stock.drafts import ConformityDraft, LotDraft
from market.stock.rules import AdjustReason
from market.stock.steps import receive_lot, set_counted
from market.stock.tables import StockLot

Lots = Mapping[tuple[str, str | None], StockLot]
"""Lots by producer and code."""


class Stock(Effects):
    """A SKU has so much on hand, or a lot of it came in."""

    def decide(self, session: Session, work: Work, groups: Sequence[Group]) -> list[Decision]:
        """Two selects for the chunk: the levels, and the lots that were received under these codes before."""
        rows = [group[0].values for group in groups]
        found = skus_now(session, work, Permission.STOCK_ADJUST, {values["sku"] for values in rows})
        codes = sorted({values["lot"] for values in rows if values.get("lot")})
        theirs = (
            col(StockLot.code).in_(codes),
            col(StockLot.producer_id).in_(sorted({now.producer_id for now in found.values()})),
        )
        lots = {(lot.producer_id, lot.code): lot for lot in session.exec(select(StockLot).where(*theirs))}
        return [_decide(work, found.get(values["sku"]), lots, values) for values in rows]


def _decide(work: Work, now: SkuNow | None, lots: Lots, values: Values) -> Decision:
    if now is None:
        return Refused([(0, NotFound(field="sku"))])
    if values.get("counted") is not None:
        return () if now.on_hand == values["counted"] else (partial(_count, work, now, values),)
    lot = lots.get((now.producer_id, values["lot"]))
    receipt = (now.variant_id, values["received"], values["harvested_on"])
    if lot is not None and (lot.variant_id, lot.received, lot.harvested_on) == receipt:
        return ()
    return (partial(_receive, work, now, values),)


def _count(work: Work, now: SkuNow, values: Values, session: Session) -> Done:
    level = set_counted(
        session,
        work.market,
        work.actor,
        sku=values["sku"],
        counted=values["counted"],
        reason=AdjustReason.COUNTED,
        reference=work.import_id,
        now=work.now,
    )
    outcome = Outcome.UNCHANGED if now.on_hand == level.on_hand else Outcome.CHANGED
    before, after = {"on_hand": now.on_hand or 0}, {"on_hand": level.on_hand}
    return Done(outcome, "stock.count", now.variant_id, now.producer_id, before=before, after=after)


def _receive(work: Work, now: SkuNow, values: Values, session: Session) -> Done:
    certificate = None
    if values.get("certificate_on") is not None:
        certificate = ConformityDraft(
            issued_on=values["certificate_on"],
            issuer=values["certificate_issuer"],
            basis=values["certificate_basis"],
            number=values.get("certificate"),
        )
    draft = LotDraft(
        now.variant_id,
        values["received"],
        harvested_on=values["harvested_on"],
        code=values["lot"],
        plot=values.get("plot") or "",
        certificate=certificate,
        reference=work.import_id,
    )
    lot_id = receive_lot(session, work.market, work.actor, draft, work.now)
    after = {"lot": lot_id, "quantity": draft.quantity}
    return Done(Outcome.CREATED, "stock.receive", now.variant_id, now.producer_id, after=after)
