"""Products are made, and made to say what the file says."""

from collections.abc import Mapping, Sequence
from functools import partial

import sqlalchemy as sa
from sqlmodel import Session, col, select

from market.bulk.effects.base import Act, Decision, Done, Effects, Group, Refusals, Refused, RowsRefused, Work
from market.bulk.effects.products.names import Names, names_of
from market.bulk.effects.products.now import WINDOWS, ProductNow, products_now, rows_of, spans_of
from market.bulk.effects.products.overlay import blank, overlaid
from market.bulk.errors import RowRefused
from market.bulk.rules import Outcome
from market.bulk.sheets.columns import Values
from market.bulk.sheets.products import OF_VARIANT
from market.catalogue.content.drafts import ProductDraft, WindowDraft
from market.catalogue.errors import NotReady
from market.catalogue.manage.seasons import change_seasons_step
from market.catalogue.manage.steps import SaveOutcome, save_product, set_price
from market.catalogue.rules import ListingKind, WindowKind
from market.catalogue.rules.states import EDITABLE_REVISIONS
from market.catalogue.tables import Listing
from market.kernel.errors import MarketError, NotFound

_OUTCOMES: Mapping[SaveOutcome, Outcome] = {
    SaveOutcome.CREATED: Outcome.CREATED,
    SaveOutcome.CHANGED: Outcome.CHANGED,
    SaveOutcome.UNCHANGED: Outcome.UNCHANGED,
    SaveOutcome.SUBMITTED: Outcome.CHANGED,
}
Known = Mapping[tuple[str, str], ProductNow]
"""Products by producer and code."""


class Products(Effects):
    """A producer has a product of this code, with these variants."""

    def decide(self, session: Session, work: Work, groups: Sequence[Group]) -> list[Decision]:
        """About ten selects for the chunk: the names, and the products as they are now."""
        firsts = [group[0].values for group in groups]
        names = names_of(
            session,
            work,
            {values.get("producer") for values in firsts},
            {row.values.get("village") for group in groups for row in group},
        )
        resolved = [_resolved(names, work, group) for group in groups]
        found = [rows[0] for rows in resolved if not isinstance(rows, Refused)]
        known = _known(session, {(values["producer"], values["code"]) for values in found})
        return [
            rows
            if isinstance(rows, Refused)
            else _decide(work, known.get((rows[0]["producer"], rows[0]["code"])), rows)
            for rows in resolved
        ]


def _resolved(names: Names, work: Work, group: Group) -> list[Values] | Refused:
    """The rows with ids in place of names; or what is unknown, and in which column a row differs from the first."""
    rows: list[Values] = []
    refusals: list[tuple[int, MarketError]] = []
    for at, row in enumerate(group):
        try:
            producer_id = names.producer(row.values.get("producer"), work.organisation_id)
            place = {"village": names.village(row.values.get("village"), producer_id)}
            category = names.category(row.values["category"])
        except MarketError as refusal:
            refusals.append((at, refusal))
            continue
        rows.append({**row.values, **place, "producer": producer_id, "category": category})
        differing = [key for key in rows[-1] if key not in OF_VARIANT and rows[-1][key] != rows[0][key]]
        refusals += [(at, _differs(group[0].number, key)) for key in differing]
    return Refused(refusals) if refusals else rows


def _differs(number: int, key: str) -> RowRefused:
    return RowRefused(
        f"it differs from row {number}, which is the same product: write the same in both",
        f"与同一商品的第 {number} 行不一致，请填写相同内容",
        column=key,
    )


def _known(session: Session, codes: set[tuple[str, str]]) -> Known:
    """By the seller's code, or by the listing's id, which exports write where there is no code."""
    producers, names = sorted({each[0] for each in codes}), sorted({each[1] for each in codes})
    named = (
        Listing.kind == ListingKind.PRODUCT,
        col(Listing.producer_id).in_(producers),
        sa.or_(col(Listing.external_code).in_(names), col(Listing.id).in_(names)),
    )
    listings = session.exec(select(Listing).where(*named)).all()
    now = products_now(session, listings)
    return {
        (each.producer_id, name): now[each.id] for each in listings for name in (each.external_code, each.id) if name
    }


def _decide(work: Work, now: ProductNow | None, rows: Sequence[Values]) -> Decision:
    """What differs, by who changes it: prices and seasons of what is on sale change at once, all else through a
    revision."""
    if now is None and rows[0]["code"].startswith("prd_"):
        return Refused([(0, NotFound(field="code"))])
    if now is None or now.draft is None:
        return (partial(_save, work, now, rows),)
    said = {row["sku"]: row for row in rows_of(rows[0]["code"], now.draft)}
    on_sale = {} if now.live is None else {each.sku: each.price_fen for each in now.live.variants}
    acts: list[Act] = []
    if (
        work.submit
        and now.revision in EDITABLE_REVISIONS
        or not all(_says(said.get(row["sku"]), row, is_on_sale=row["sku"] in on_sale) for row in rows)
    ):
        acts.append(partial(_save, work, now, rows))
    acts += [partial(_set_price, work, row) for row in rows if row["price"] != on_sale.get(row["sku"], row["price"])]
    windows = () if now.live is None else overlaid(now.live, rows).windows
    if now.live is not None and any(spans_of(windows, kind) != spans_of(now.live.windows, kind) for kind in WindowKind):
        acts.append(partial(_set_seasons, work, now.listing.id, windows))
    return tuple(acts)


def _says(said: Values | None, row: Values, *, is_on_sale: bool) -> bool:
    """Whether a product says of a variant what the row does, but for what changes at once."""
    at_once = {"price", *WINDOWS} if is_on_sale else ()
    return said is not None and all(said[key] == row[key] for key in row if key not in at_once)


def _save(work: Work, now: ProductNow | None, rows: Sequence[Values], session: Session) -> Done:
    base = now.draft if now is not None and now.draft is not None else _new(work, rows[0])
    draft = overlaid(base, rows)
    code = rows[0]["code"] if now is None else now.listing.external_code or now.listing.id
    if now is not None and now.listing.external_code is None:
        # Imports find it by a code from now on: its id.
        unnamed = (col(Listing.id) == now.listing.id, col(Listing.external_code).is_(None))
        session.execute(sa.update(Listing).where(*unnamed).values(external_code=code))
    try:
        saved = save_product(
            session,
            work.market,
            work.actor,
            draft,
            external_code=code,
            submit=work.submit,
            now=work.now,
        )
    except MarketError as refusal:
        raise RowsRefused(_refusals(draft, rows, refusal)) from refusal
    outcome = Outcome.CREATED if now is None else _OUTCOMES[saved.outcome]
    return Done(outcome)


def _new(work: Work, first: Values) -> ProductDraft:
    """What a new product says before its rows: a cooperative sells for its members."""
    is_members = work.organisation_id.startswith("cop_") and first["producer"] != work.organisation_id
    return blank(first["producer"], work.organisation_id if is_members else None)


def _set_price(work: Work, row: Values, session: Session) -> Done:
    is_new = set_price(
        session,
        work.market,
        work.actor,
        sku=row["sku"],
        price_fen=row["price"],
        reason=work.import_id,
        now=work.now,
    )
    return Done(Outcome.CHANGED if is_new else Outcome.UNCHANGED)


def _set_seasons(work: Work, listing_id: str, windows: Sequence[WindowDraft], session: Session) -> Done:
    change_seasons_step(session, work.actor, listing_id, windows, now=work.now)
    return Done(Outcome.CHANGED)


def _refusals(draft: ProductDraft, rows: Sequence[Values], refusal: MarketError) -> Refusals:
    """Which rows a refusal of the draft is about: its paths count variants from 1."""
    problems: list[tuple[str, MarketError]]
    if isinstance(refusal, NotReady):
        problems = [(each.path, RowRefused(each.en, each.zh, column=each.path)) for each in refusal.facts["problems"]]
    else:
        problems = [(str(refusal.facts.get("field", "")), refusal)]
    return [(_place(draft, rows, path), each) for path, each in problems]


def _place(draft: ProductDraft, rows: Sequence[Values], path: str) -> int:
    noun, _, rest = path.partition(".")
    number = rest.partition(".")[0]
    if noun != "variants" or not number.isdigit():
        return 0
    sku = draft.variants[int(number) - 1].sku
    return next((at for at, row in enumerate(rows) if row["sku"] == sku), 0)
