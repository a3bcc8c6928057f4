"""Answers of a made-up report, and who asks for them: what exports, charts, submissions and schedules are tried on."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime

from market.kernel.errors import MarketError
from market.kernel.ids import new_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.people.tables import Account, RoleHeld
from market.places.manage import RegionRow, add_regions
from market.reports.declare import (
    ChartKind,
    ChartSpec,
    Column,
    ColumnKind,
    Found,
    Report,
    ReportAsked,
    ReportResult,
    Row,
)
from tests.schema.stalls import ADMIN

CITY, NINGHAI, CIXI = "330200000000", "330226000000", "330282000000"

MONTH = Column("month", "月份", "Month", ColumnKind.DATE)
VILLAGE = Column("village", "村", "Village", ColumnKind.TEXT)
KIND = Column("kind", "类别", "Kind", ColumnKind.TEXT)
ORDERS = Column("orders", "订单数", "Orders", ColumnKind.COUNT, "已付款的订单数", "Paid orders")
NET = Column("net", "净额", "Net", ColumnKind.MONEY, "实付减退款", "Paid less refunded")
WEIGHT = Column("weight", "重量", "Weight", ColumnKind.WEIGHT)
SHARE = Column("share", "占比", "Share", ColumnKind.SHARE, derive=lambda row, all_: row["net"] * 10_000 // all_["net"])
NOW = datetime(2026, 11, 24, 2, tzinfo=UTC)


def report(chart: ChartSpec | None = None, *, title: str = "区域销售") -> Report:
    """A report with these columns."""
    chart = chart or ChartSpec(ChartKind.BAR, "village", ("net",))
    return Report(
        "test-report",
        title,
        "Sales by region",
        "各村净额",
        "Net by village",
        dimensions=(),
        measures=(),
        filters=(),
        readers=frozenset(),
        run=lambda _session, _reading: Found((), ()),
        chart=chart,
    )


def answer(
    columns: Sequence[Column],
    rows: Sequence[Row],
    *,
    chart: ChartSpec | None = None,
    totals: Row | None = None,
    title: str = "区域销售",
    asked: ReportAsked | None = None,
) -> ReportResult:
    """An answer with these rows."""
    return ReportResult(
        report(chart, title=title),
        tuple(columns),
        tuple(rows),
        totals or (None,) * len(columns),
        NOW,
        asked or ReportAsked("test-report", date(2026, 10, 1), date(2026, 10, 31)),
        len(rows),
    )


def villages(*rows: tuple[str, int, int], asked: ReportAsked | None = None) -> ReportResult:
    """Orders and net of villages, with their sums."""
    totals = (None, sum(row[1] for row in rows), sum(row[2] for row in rows))
    return answer((VILLAGE, ORDERS, NET), rows, totals=totals, asked=asked)


@dataclass
class Books:
    """Answers questions in place of the catalogue: what it is told to, or refuses as it is told to. Remembers them."""

    rows: list[tuple[str, int, int]] = field(default_factory=lambda: [("葛家村", 3, 26_400), ("梅园村", 1, 8_800)])
    refusal: MarketError | None = None
    asked: list[tuple[Actor, ReportAsked]] = field(default_factory=list)

    def __call__(self, market: Market, actor: Actor, asked: ReportAsked) -> ReportResult:
        self.asked.append((actor, asked))
        if self.refusal is not None:
            raise self.refusal
        return replace(villages(*self.rows, asked=asked), as_of=market.now())


def add_county(market: Market) -> None:
    """A city with two counties."""
    rows = [(CITY, "宁波市", None), (NINGHAI, "宁海县", CITY), (CIXI, "慈溪市", CITY)]
    add_regions(market, ADMIN, [RegionRow(code, name, parent) for code, name, parent in rows])


def staff(market: Market, role: Role, region_code: str) -> Actor:
    """Somebody with an account and a staff role in a region."""
    account_id = new_id("acc")
    with market.transaction() as session:
        session.add(Account(id=account_id, name="小李", created_at=NOW))
        session.flush()
        session.add(
            RoleHeld(id=new_id("rol"), account_id=account_id, role=role, within=region_code, region_code=region_code)
        )
    return Actor(ActorKind.STAFF, account_id, staff_roles=frozenset({role}), region_codes=frozenset({region_code}))


def key(name: str) -> str:
    """An idempotency key."""
    return name.ljust(16, "-")
