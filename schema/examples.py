"""Queries to start with, shown as GraphiQL's tabs. A test runs each of them against the demo data."""

from collections.abc import Mapping
from typing import Any

Example = tuple[str, str, Mapping[str, Any]]

EXAMPLES: list[Example] = [
    (
        "当季农产品 · produce in season",
        """query InSeason($day: Date!) {
  products(where: { inSeasonOn: $day, available: true }, first: 12) {
    totalCount
    nodes {
      title
      summary
      price { amount currency }
      storage
      seasonWindows { kind from to }
      images { url alt }
      producer { name village { name } }
      rating { average count }
    }
    facets { categories { node { name } count } storages { value count } }
    pageInfo { hasNextPage endCursor }
  }
}""",
        {"day": "2026-12-01"},
    ),
    (
        "搜索 · search",
        """query Search($words: String!) {
  search(query: $words, first: 10) {
    edges {
      titleSegments
      node {
        __typename
        id
        price { amount }
        village { name county { name } }
        ... on Product { stockState variants { name price { amount } } }
        ... on TourPackage { durationMinutes nextSession { startsAt vacancies status } }
      }
    }
    totalCount
  }
}""",
        {"words": "红美人"},
    ),
    (
        "可预订的套餐 · packages with room",
        """query WithRoom($from: Date!, $to: Date!, $people: Int!) {
  tourPackages(
    where: { sessions: { from: $from, to: $to, vacancies: $people } }
    orderBy: NEXT_SESSION
    first: 6
  ) {
    nodes {
      id
      title
      price { amount }
      options { name units { kind name price { amount } paxCount } }
      gifts { quantity per variant { name } product { title } }
      sessions(where: { from: $from, to: $to, vacancies: $people }, first: 5) {
        nodes { startsAt vacancies status }
      }
    }
  }
}""",
        {"from": "2026-11-28", "to": "2026-12-13", "people": 4},
    ),
    (
        "身边 · near me",
        """query Near($latitude: Float!, $longitude: Float!) {
  villages(where: { near: { latitude: $latitude, longitude: $longitude, radiusKm: 25 } }, orderBy: DISTANCE, first: 6) {
    nodes { name story county { name } honours { title } location { latitude longitude } }
  }
  products(where: { near: { latitude: $latitude, longitude: $longitude, radiusKm: 25 } }, orderBy: DISTANCE, first: 6) {
    edges { distanceMetres node { title price { amount } } }
  }
}""",
        {"latitude": 29.65, "longitude": 121.4},
    ),
    (
        "合作社与社员 · cooperatives and members",
        """query Cooperatives {
  cooperatives(first: 5) {
    nodes {
      name(locale: EN)
      village { name }
      certificates { kind name number isValid }
      members(first: 5) { totalCount nodes { name kind } }
      products(first: 3) { totalCount nodes { title(locale: EN) price { amount } } }
    }
  }
}""",
        {},
    ),
    (
        "类目与地区 · categories and regions",
        """query Tree {
  categories(where: { depth: 1 }, first: 4) {
    nodes { name kind children(first: 12) { nodes { name slug children(first: 10) { nodes { name } } } } }
  }
  regions(where: { level: COUNTY }, first: 10) { nodes { code name } }
}""",
        {},
    ),
]

STAFF_EXAMPLES: list[Example] = [
    (
        "销售报表 · sales reports, for staff and sellers who have signed in",
        """query Reports($from: Date!, $to: Date!) {
  salesReport(range: { from: $from, to: $to }, groupBy: [MONTH, KIND], compareWith: LAST_YEAR) {
    asOf
    definition
    rows { groups { dimension key label } figures { orders net { amount } payable { amount } } netGrowth }
    totals { orders gross { amount } refunded { amount } net { amount } averageOrder { amount } }
  }
  reportCatalogue {
    goodsCategories(range: { from: $from, to: $to }) {
      title
      definition
      rows { category units net { amount } giShare }
      totals { net { amount } giShare }
      files { xlsx png }
    }
  }
  reports { key title filters groupBy }
}""",
        {"from": "2025-12-01", "to": "2026-11-30"},
    ),
    (
        "规划计分卡 · the plan's scorecard, for staff who have signed in",
        """query Scorecard($region: String) {
  planScorecard(regionCode: $region) {
    regionName
    asOf
    rows {
      code
      name
      unitLabel
      target
      actual
      attainment
      elapsed
      gap
      light
      authority
      sources { report column from to }
    }
  }
}""",
        {"region": "330200000000"},
    ),
]
"""Those that need somebody's sign-in, see `schema/walks.py`."""
