"""What is asked: the product list, a package's page, a two-character search; each with many values in turn."""

import json
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from market.kernel.clock import business_day
from market.kernel.market import Market

QUERIES = Path(__file__).parent / "queries"
WORDS = (
    "杨梅", "水蜜", "蜜桃", "农家", "特级", "蜂蜜", "采摘", "葡萄", "绿茶", "年糕", "宁海", "象山", "走马", "火星",
)  # fmt: skip
"""Common, rare and, the last one, nowhere."""
DAYS = ("12-15", "07-15", "06-15", "05-25")


def variables(market: Market, query: str) -> list[dict[str, Any]]:
    """The variables of a query, in the order they are asked."""
    today = business_day(market.now())
    with market.read() as session:
        connection = session.connection()
        if query == "q1":
            used = "SELECT DISTINCT category_id FROM listing WHERE kind = 'PRODUCT' ORDER BY 1"
            categories = connection.execute(sa.text(used)).scalars().all()
            return [
                {"category": each, "day": f"{today.year}-{day}", "first": 24} for day in DAYS for each in categories
            ]
        if query == "q2":
            some = "SELECT id FROM listing WHERE kind = 'TOUR_PACKAGE' ORDER BY id LIMIT 970"
            packages = connection.execute(sa.text(some)).scalars().all()[::10]
            return [{"id": each, "from": today.isoformat()} for each in packages]
    return [{"words": word, "first": 24} for word in WORDS]


def bodies(market: Market, query: str) -> list[bytes]:
    """The request bodies of a query."""
    text = (QUERIES / f"{query}.graphql").read_text()
    return [
        json.dumps({"operationName": query.upper(), "query": text, "variables": each}, ensure_ascii=False).encode()
        for each in variables(market, query)
    ]
