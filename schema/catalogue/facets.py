"""Counts by value, beside a list. One type for each kind of value."""

from typing import Any

import strawberry

from schema.catalogue.categories import Category
from schema.enums import CertificateKind, StockState, Storage
from schema.organisations import Organisation
from schema.pagination import field
from schema.permissions import PUBLIC, ruled
from schema.places import Village

_COUNT = "How many rows of the filtered list, counted up to 10,000."


def count() -> Any:
    """The count of a facet's row."""
    return field(_COUNT)


@strawberry.type(description="Rows in a category.")
@ruled(PUBLIC)
class CategoryCount:
    node: Category = field("The category.")
    count: int = count()


@strawberry.type(description="Rows from a village.")
@ruled(PUBLIC)
class VillageCount:
    node: Village = field("The village.")
    count: int = count()


@strawberry.type(description="Rows of a producer.")
@ruled(PUBLIC)
class ProducerCount:
    node: Organisation = field("Who grows or hosts.")
    count: int = count()


@strawberry.type(description="Rows covered by a kind of certificate that holds today.")
@ruled(PUBLIC)
class CertificateCount:
    value: CertificateKind = field("The kind.")
    count: int = count()


@strawberry.type(description="Rows by how they are stored.")
@ruled(PUBLIC)
class StorageCount:
    value: Storage = field("How they are stored.")
    count: int = count()


@strawberry.type(description="Rows by stock.")
@ruled(PUBLIC)
class StockCount:
    value: StockState = field("What buyers are told about stock.")
    count: int = count()


@strawberry.type(description="Counts of a list of tour packages by value, most first, at most 50 each.")
@ruled(PUBLIC)
class TourPackageFacets:
    is_exact: bool = field("Whether they are counts of the whole list: it has at most 10,000 rows.")
    categories: list[CategoryCount] = field("By category.")
    villages: list[VillageCount] = field("By village.")
    producers: list[ProducerCount] = field("By producer.")
    certificates: list[CertificateCount] = field("By kind of certificate.")


@strawberry.type(description="Counts of a list of produce by value, most first, at most 50 each.")
@ruled(PUBLIC)
class ProductFacets(TourPackageFacets):
    storages: list[StorageCount] = field("By storage class.")
    stocks: list[StockCount] = field("By stock.")
