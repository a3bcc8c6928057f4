"""What vouchers give off an order. Pure: read `evaluate` first.

Which go together: of the sellers' own, one for each seller; of the government's, one; of the platform's, one. They
are taken in this order, each from what the ones before left of the price, so that public money never pays for what a
seller gave away. A code that was typed in goes before what comes by itself; of several that come by themselves the
buyer gets the best.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from market.kernel.money import allocate
from market.kernel.permissions import region_prefix
from market.vouchers.rules import DiscountKind, Funder, WhyNot

_ORDER = (Funder.SELLER, Funder.GOVERNMENT, Funder.PLATFORM)


@dataclass(frozen=True, slots=True)
class VoucherLine:
    """A line as vouchers look at it. `key` is the caller's name for it."""

    key: str
    amount_fen: int
    kind: str
    listing_id: str
    producer_id: str
    village_id: str
    region_code: str
    category_path: tuple[str, ...]
    starts_at: datetime | None = None
    """Of a session."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a campaign is for: all that is said must hold; with nothing said, everything."""

    producer_id: str | None = None
    village_id: str | None = None
    region_code: str | None = None
    category_id: str | None = None
    listing_id: str | None = None
    kind: str | None = None
    early_days: int | None = None
    """Only sessions booked at least so many days before they start."""

    def covers(self, line: VoucherLine, now: datetime) -> bool:
        """Whether it is for this line."""
        return (
            self.producer_id in {None, line.producer_id}
            and self.village_id in {None, line.village_id}
            and (self.region_code is None or line.region_code.startswith(region_prefix(self.region_code)))
            and (self.category_id is None or self.category_id in line.category_path)
            and self.listing_id in {None, line.listing_id}
            and self.kind in {None, line.kind}
            and self._is_early(line, now)
        )

    def _is_early(self, line: VoucherLine, now: datetime) -> bool:
        if self.early_days is None:
            return True
        return line.starts_at is not None and line.starts_at - now >= timedelta(days=self.early_days)


@dataclass(frozen=True, slots=True)
class Terms:
    """A campaign that is running, as far as its price goes."""

    id: str
    code: str | None
    """None: it comes by itself."""
    name: str
    funder: Funder
    owner: str
    """The seller that pays, or the authority."""
    kind: DiscountKind
    scope: Scope
    percent: int = 0
    amount_fen: int = 0
    minimum_fen: int = 0
    cap_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """What a campaign gives off one line."""

    key: str
    campaign_id: str
    funder: Funder
    amount_fen: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """A code that was asked for and gives nothing."""

    code: str
    why: WhyNot


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is given off, and what is not and why."""

    shares: tuple[Share, ...]
    refused: tuple[Refusal, ...] = ()

    def by_campaign(self) -> dict[str, int]:
        """Fen by campaign, in id order: what is to be held."""
        sums: dict[str, int] = {}
        for share in sorted(self.shares, key=lambda each: each.campaign_id):
            sums[share.campaign_id] = sums.get(share.campaign_id, 0) + share.amount_fen
        return sums


def evaluate(terms: Sequence[Terms], lines: Sequence[VoucherLine], *, now: datetime) -> Evaluation:
    """The discounts of these campaigns on these lines; Σ shares of a campaign is what it gives, to the fen."""
    left = {line.key: line.amount_fen for line in lines}
    shares: list[Share] = []
    refused: list[Refusal] = []
    ranked = sorted(terms, key=lambda each: (_ORDER.index(each.funder), _payer(each), each.code is None, each.id))
    for (funder, _owner), group in groupby(ranked, key=lambda each: (each.funder, _payer(each))):
        chosen, unfit = _choose(list(group), lines, left, now)
        refused += unfit
        if chosen is not None:
            campaign, given = chosen
            for key, amount in given.items():
                left[key] -= amount
                shares.append(Share(key, campaign.id, funder, amount))
    return Evaluation(tuple(shares), tuple(refused))


def _payer(terms: Terms) -> str:
    """Sellers' campaigns go together when they are of different sellers; others never."""
    return terms.owner if terms.funder is Funder.SELLER else ""


Given = tuple[Terms, dict[str, int]]


def _choose(
    group: list[Terms], lines: Sequence[VoucherLine], left: dict[str, int], now: datetime
) -> tuple[Given | None, list[Refusal]]:
    """The one campaign of a group that applies, with what it gives each line; and the codes that do not."""
    chosen: Given | None = None
    refused: list[Refusal] = []
    for terms in group:
        found = _given(terms, lines, left, now)
        if terms.code is not None:
            if chosen is not None:
                refused.append(Refusal(terms.code, WhyNot.NOT_TOGETHER))
            elif isinstance(found, WhyNot):
                refused.append(Refusal(terms.code, found))
            else:
                chosen = (terms, found)
        elif not isinstance(found, WhyNot) and (
            chosen is None or (chosen[0].code is None and sum(found.values()) > sum(chosen[1].values()))
        ):
            chosen = (terms, found)
    return chosen, refused


def _given(terms: Terms, lines: Sequence[VoucherLine], left: dict[str, int], now: datetime) -> dict[str, int] | WhyNot:
    fitting = [line for line in lines if terms.scope.covers(line, now)]
    rest = sum(left[line.key] for line in fitting)
    if not fitting or rest == 0:
        return WhyNot.NOT_APPLICABLE
    if sum(line.amount_fen for line in fitting) < terms.minimum_fen:
        return WhyNot.BELOW_MINIMUM
    whole = rest * terms.percent // 100 if terms.kind is DiscountKind.PERCENT else terms.amount_fen
    whole = min(whole, rest, terms.cap_fen if terms.cap_fen is not None else rest)
    if whole <= 0:
        return WhyNot.NOT_APPLICABLE
    parts = allocate(whole, [left[line.key] for line in fitting])
    return {line.key: part for line, part in zip(fitting, parts, strict=True) if part}
