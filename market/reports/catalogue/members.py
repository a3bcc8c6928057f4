"""Reports that the law on farmers' cooperatives asks for: what was traded with whom, and who gets what of a surplus."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlmodel import Session

from market.catalogue.tables import Category
from market.kernel.errors import Invalid
from market.kernel.money import Money, allocate
from market.organisations.rules import OrganisationKind
from market.organisations.tables import Membership, Organisation
from market.reports.catalogue.base import asked_for, code, count, money, of_total, plainly, share, table, text, weight
from market.reports.catalogue.sold import net_of, sold
from market.reports.declare import EVERYBODY, ChartKind, ChartSpec, Found, ReaderKind, Reading, Report, Row

_CATEGORY, _ORGANISATION = table(Category), table(Organisation)
_MEMBERSHIP = table(Membership)


def _members(reading: Reading) -> sa.Executable:
    rows, coop, producer = sold(reading), _ORGANISATION.alias("coop"), _ORGANISATION.alias("producer")
    belongs = sa.exists().where(
        _MEMBERSHIP.c.cooperative_id == rows.c.settlement_party,
        _MEMBERSHIP.c.producer_id == rows.c.producer_id,
        _MEMBERSHIP.c.joined_on <= rows.c.business_day,
        sa.or_(_MEMBERSHIP.c.left_on.is_(None), _MEMBERSHIP.c.left_on > rows.c.business_day),
    )
    amount = net_of(rows)
    total = sa.func.sum(amount)
    return (
        sa.select(
            coop.c.name,
            rows.c.settlement_party,
            producer.c.name,
            rows.c.producer_id,
            _CATEGORY.c.name,
            rows.c.category_id,
            sa.func.sum(rows.c.units),
            sa.func.sum(rows.c.weight_grams),
            sa.func.sum(sa.case((belongs, amount), else_=0)),
            sa.func.sum(sa.case((belongs, 0), else_=amount)),
        )
        .join_from(
            rows, coop, sa.and_(coop.c.id == rows.c.settlement_party, coop.c.kind == OrganisationKind.COOPERATIVE)
        )
        .join(producer, producer.c.id == rows.c.producer_id)
        .join(_CATEGORY, _CATEGORY.c.id == rows.c.category_id)
        .group_by(
            rows.c.settlement_party,
            coop.c.name,
            rows.c.producer_id,
            producer.c.name,
            rows.c.category_id,
            _CATEGORY.c.name,
        )
        .order_by(rows.c.settlement_party, total.desc(), rows.c.producer_id, rows.c.category_id)
    )


_MEMBER_COLUMNS = (
    text("cooperative", "合作社", "Cooperative"),
    code("cooperativeId", "合作社编码", "Cooperative id"),
    text("producer", "成员", "Member"),
    code("producerId", "成员编码", "Member id"),
    text("category", "类目", "Category"),
    code("categoryId", "类目编码", "Category id"),
    count("units", "交易量（件）", "Units"),
    weight("weight", "交易量（重量）", "Weight"),
    money(
        "memberNet",
        "成员交易额",
        "Members' volume",
        "交易当日为本社成员的净额",
        "Net of whoever was a member on the day of the trade",
    ),
    money("otherNet", "非成员交易额", "Others' volume", "其余净额，单独列示", "Net of others, told apart"),
    share(
        "memberShare", "成员交易额占比", "Share", "占成员交易额合计", "Of all members' volume", of_total("memberNet")
    ),
)

_POOL_BP_MIN = 6_000


def _patronage(session: Session, reading: Reading) -> Found:
    """Divide a surplus among members by their volume, to the fen: at least 60 % of it."""
    surplus, rate = _surplus(reading)
    rows = sold(reading)
    volume = sa.func.sum(net_of(rows))
    belongs = sa.and_(
        _MEMBERSHIP.c.cooperative_id == rows.c.settlement_party,
        _MEMBERSHIP.c.producer_id == rows.c.producer_id,
        _MEMBERSHIP.c.joined_on <= rows.c.business_day,
        sa.or_(_MEMBERSHIP.c.left_on.is_(None), _MEMBERSHIP.c.left_on > rows.c.business_day),
    )
    found = session.execute(
        sa.select(_ORGANISATION.c.name, rows.c.producer_id, volume)
        .join_from(rows, _MEMBERSHIP, belongs)
        .join(_ORGANISATION, _ORGANISATION.c.id == rows.c.producer_id)
        .group_by(rows.c.producer_id, _ORGANISATION.c.name)
        .having(volume > 0)
        .order_by(volume.desc(), rows.c.producer_id)
    ).all()
    parts = allocate(surplus * rate // 10_000, [int(row[2]) for row in found]) if found else []

    def lines() -> Iterator[Row]:
        for row, part in zip(found, parts, strict=True):
            yield (row[0], row[1], int(row[2]), part)

    return Found(_PATRONAGE_COLUMNS, lines())


def _surplus(reading: Reading) -> tuple[int, int]:
    """The surplus in fen, and the share of it in basis points. Refuses with Invalid what is missing or too little."""
    if len(asked_for(reading, "cooperative")) != 1:
        raise Invalid(field="where.cooperative", allowed="one cooperative", allowed_zh="请指定一个合作社")
    said = asked_for(reading, "surplus")
    surplus = Money.parse(said[0] if said else "", field="where.surplus").amount_fen
    rate = asked_for(reading, "share") or (str(_POOL_BP_MIN),)
    if surplus < 0 or not rate[0].isdecimal() or not _POOL_BP_MIN <= int(rate[0]) <= 10_000:
        raise Invalid(
            field="where.share",
            allowed=f"basis points from {_POOL_BP_MIN} to 10000, of a surplus not below nothing",
            allowed_zh=f"万分比 {_POOL_BP_MIN} 到 10000（法定不低于百分之六十），盈余不小于 0",
        )
    return surplus, int(rate[0])


_PATRONAGE_COLUMNS = (
    text("producer", "成员", "Member"),
    code("producerId", "成员编码", "Member id"),
    money("volume", "成员交易额", "Volume", "期间内净额", "Net in the period"),
    money(
        "refund",
        "盈余返还",
        "Patronage refund",
        "可分配盈余 × 返还比例，按成员交易额分摊到分",
        "The surplus by the share, divided by volume to the fen",
    ),
    share("volumeShare", "交易额占比", "Share", "占成员交易额合计", "Of all members' volume", of_total("volume")),
)

_FILTERS = ("region", "village", "cooperative", "producer", "category", "kind")
_GROWERS = frozenset({ReaderKind.SELLER, ReaderKind.FINANCE})

MEMBERS = (
    Report(
        "goods.members",
        "成员交易量（额）",
        "Member transaction volume",
        "合作社、成员、类目的交易量与交易额，非成员单列（农民专业合作社法）。",
        "What cooperatives sold for each member, non-members apart, as the law on farmers' cooperatives asks.",
        _MEMBER_COLUMNS[:6],
        _MEMBER_COLUMNS[6:],
        _FILTERS,
        EVERYBODY,
        plainly(_members, _MEMBER_COLUMNS),
        ChartSpec(ChartKind.BAR, "producer", ("memberNet", "otherNet")),
    ),
    Report(
        "goods.patronage",
        "盈余返还测算",
        "Patronage refund simulator",
        "输入合作社（cooperative）、可分配盈余（surplus，元）与返还比例（share，万分比，不低于 6000），按成员交易额测算。",
        "Give one cooperative, its surplus in yuan and the share in basis points, at least 6000: who would get what.",
        _PATRONAGE_COLUMNS[:2],
        _PATRONAGE_COLUMNS[2:],
        ("cooperative", "surplus", "share"),
        _GROWERS,
        _patronage,
        ChartSpec(ChartKind.BAR, "producer", ("refund",)),
    ),
)
