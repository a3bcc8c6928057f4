"""The schema as its readers see it: everything described, named alike, and no list that can grow without pages."""

import re
from collections.abc import Iterator

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    get_named_type,
    get_nullable_type,
    is_composite_type,
    is_list_type,
    is_specified_scalar_type,
)

from tests.schema.asking import SCHEMA

SHORT_LISTS = {
    "Booking.tickets",
    "CheckInPayload.tickets",  # as many as were asked for, 200 at most
    "Query.rosterCounts",  # one for each ticket type
    "Cart.discounts",
    "Cart.lines",
    "Cart.problems",
    "Cart.sellers",
    "CartLine.problems",
    "CartLine.units",
    "CartSeller.offers",
    "Claim.photos",  # 9 at most
    "Order.bookings",
    "Payment.refunds",  # one for each claim, cancellation or return of an order's lines
    "Order.events",
    "Order.refunds",  # one for each claim, cancellation or return of its lines
    "Order.sellerOrders",
    "OrderLine.discounts",
    "OrderNotPlaced.problems",
    "RefundPreview.lines",  # 100 at most
    "Review.photos",  # 9 at most
    "ReportDrift.figures",  # 500 at most
    "Query.reports",  # as many as the catalogue has
    "Report.dimensions",
    "Report.measures",
    "ReportTable.columns",
    "SalesReport.rows",  # 10,000 at most: market.reports.sales.rules
    "SalesReportRow.groups",  # 3 at most
    "SellerOrder.events",
    "SellerOrder.lines",
    "SellerOrder.shipments",  # no more than pieces were bought
    "Shipment.lines",
    "Account.roles",  # nobody holds many
    "BulkSheet.columns",  # 25 at most: market.bulk.sheets
    "Cooperative.certificates",
    "LedgerCheck.findings",  # the first 100
    "ListingContent.images",  # 30 at most, as all of these have a bound: market.catalogue.content.bounds
    "ListingDraft.problems",  # one for each part
    "ListingNotReady.problems",  # the same
    "ManagedListing.options",  # 20 at most
    "ManagedListing.suspensions",  # one for each cause
    "ManagedListing.variants",  # 100 at most
    "Membership.powers",  # as many as there are kinds
    "OptionContent.units",
    "PackageOption.units",
    "Plan.indicators",  # 60 at most
    "PlanKeptScorecard.rows",  # the same
    "PlanScorecard.rows",  # the same
    "PlanFigureSource.where",  # one for each filter
    "PlanScorecardRow.sources",  # 20 at most: one for each part of a formula
    "Producer.certificates",
    "Producer.memberships",
    "Product.certificates",
    "Product.images",
    "Product.seasonWindows",
    "Product.variants",
    "ProductContent.seasonWindows",
    "ProductContent.variants",
    "Query.bulkSheets",  # one for each kind
    "Query.availability",  # 92 days at most
    "Query.pickList",  # 500 at most: market.fulfilment.pick
    "Query.nodes",  # as many as ids were given
    "Query.planIndicatorByRegion",  # 100 at most
    "Query.planKeptScorecards",  # 24 at most
    "ReviewListingsPayload.outcomes",  # as many as decisions were given
    "RevisionReview.changes",  # one for each part
    "RevisionReview.problems",
    "TourPackage.bring",
    "TourPackage.cancellationTiers",
    "TourPackage.certificates",
    "TourPackage.excluded",
    "TourPackage.gifts",
    "TourPackage.images",
    "TourPackage.included",
    "TourPackage.options",
    "TourPackageContent.cancellationTiers",
    "TourPackageContent.gifts",
    "TourPackageContent.notes",
    "TourPackageContent.options",
    "Village.honours",
}
SHORT_LISTS |= {  # 5,000 at most
    f"{name[0].upper()}{name[1:]}Report.rows"
    for name in SCHEMA.type_map["ReportCatalogue"].fields  # type: ignore[attr-defined]
}
"""Lists that what they belong to keeps short. A new one belongs here only if nobody can make it long."""


def own_types() -> list[GraphQLNamedType]:
    """The types that are ours."""
    return [
        kind
        for name, kind in SCHEMA.type_map.items()
        if not name.startswith("__") and not is_specified_scalar_type(kind)
    ]


def parts() -> Iterator[tuple[str, str | None]]:
    """Everything that has a description, and what it is."""
    for kind in own_types():
        yield kind.name, kind.description
        if isinstance(kind, GraphQLEnumType):
            for name, value in kind.values.items():
                yield f"{kind.name}.{name}", value.description
        elif isinstance(kind, GraphQLInputObjectType):
            for name, given in kind.fields.items():
                yield f"{kind.name}.{name}", given.description
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                yield f"{kind.name}.{name}", field.description
                for argument, each in field.args.items():
                    yield f"{kind.name}.{name}({argument})", each.description


def test_everything_is_described() -> None:
    assert [name for name, description in parts() if not (description or "").strip()] == []


def test_descriptions_are_sentences() -> None:
    ends = (".", "。", '"', "Z", ")")
    assert [name for name, description in parts() if not (description or "").rstrip().endswith(ends)] == []


def test_names_follow_the_conventions() -> None:
    wrong = []
    for name, _description in parts():
        kind, _dot, rest = name.partition(".")
        if not re.fullmatch("[A-Z][A-Za-z0-9]*", kind):
            wrong.append(name)
        if isinstance(SCHEMA.type_map[kind], GraphQLEnumType):
            if rest and not re.fullmatch("[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", rest):
                wrong.append(name)
        elif rest and not re.fullmatch(r"[a-z][A-Za-z0-9]*(\([a-z][A-Za-z0-9]*\))?", rest):
            wrong.append(name)
    assert wrong == []


def test_inputs_are_filters_or_named_values() -> None:
    inputs = [kind.name for kind in own_types() if isinstance(kind, GraphQLInputObjectType)]

    named = {name for name in inputs if not name.endswith(("Where", "Input"))}
    assert named == {"DateRange", "DeliveryChoice", "Near", "PriceRange"}


def test_lists_that_can_grow_are_connections() -> None:
    whole = set()
    for kind in own_types():
        if not isinstance(kind, GraphQLObjectType) or kind.name.endswith(("Connection", "Facets")):
            continue
        for name, field in kind.fields.items():
            if is_list_type(get_nullable_type(field.type)) and is_composite_type(get_named_type(field.type)):
                whole.add(f"{kind.name}.{name}")

    assert whole == SHORT_LISTS


def test_connections_have_pages_orders_and_one_shape() -> None:
    for kind in own_types():
        if not isinstance(kind, GraphQLObjectType):
            continue
        for name, field in kind.fields.items():
            if get_named_type(field.type).name.endswith("Connection"):
                assert {"first", "after", "last", "before"} <= set(field.args), f"{kind.name}.{name}"
        if kind.name.endswith("Connection"):
            assert {"edges", "nodes", "pageInfo", "totalCount", "isTotalCountExact"} <= set(kind.fields), kind.name


def test_whatever_has_an_id_is_a_node() -> None:
    node = SCHEMA.type_map["Node"]
    assert isinstance(node, GraphQLInterfaceType)
    with_id = [kind for kind in own_types() if isinstance(kind, GraphQLObjectType) and "id" in kind.fields]

    # Parts and computations, named by what they belong to: nobody fetches one by itself.
    parts_of_others = {"Cart", "CartLine", "DeliveryOffer", "OrderLine", "OrderRefund", "PaymentRefund"}
    assert {kind.name for kind in with_id if node not in kind.interfaces} == parts_of_others
