"""The type of claims, and which ones to list."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import strawberry
from strawberry import UNSET

from market.kernel.permissions import Permission
from schema.enums import Carrier, ClaimReason, ClaimState, ClaimWish
from schema.node import SIZE, Money, Node
from schema.orders.types import OrderLine, SellerOrder
from schema.pagination import Connection, field, listed, single
from schema.permissions import PUBLIC, ruled
from schema.scalars import described


@strawberry.type(description="A picture of what arrived: for the two sides and staff.")
@ruled(Permission.ORDER_READ)
class ClaimPhoto:
    url: str | None = single(
        "Where it is found for ten minutes, by whoever has the link; null once it was removed.", str | None, size=SIZE
    )


@strawberry.type(description="What a buyer says is wrong with a line of an order, or sends back.")
@ruled(Permission.ORDER_READ)
class Claim(Node):
    line: OrderLine = field("What it is about, as it was sold.")
    seller_order: SellerOrder | None = field("The part of the order it is in.")
    reason: ClaimReason = field("What is wrong.")
    wish: ClaimWish = field("What the buyer asks for.")
    state: ClaimState = field("Where it stands.")
    next_states: list[ClaimState] = field("Where it can go from here.")
    quantity: int = field("Pieces; 1 of a booking.")
    spoilage_percent: int = field("How much of each piece is worthless; 100 unless it is SPOILED.")
    asked: Money = field("What it comes to, from the line as it was sold.")
    refunded: Money = field("What was paid for it.")
    text: str = field("What the buyer says; may be empty.")
    answer: str = field("What the seller said last; empty before.")
    appeal: str = field("Why the buyer took it to staff; empty unless they did.")
    decision: str = field("What staff said; empty before.")
    carrier: Carrier | None = field("Who carries what is sent back, or again.")
    tracking_number: str | None = field("Its number there.")
    photos: list[ClaimPhoto] = field("Pictures of what arrived, 9 at most.")
    opened_at: datetime = field("When it was opened.")
    answered_at: datetime | None = field("When the seller last answered.")
    due_at: datetime | None = field("Until when somebody has to act in this state.")
    settled_at: datetime | None = field("When it was over, so far.")


@strawberry.input(description="Which claims.")
class ClaimWhere:
    states: list[ClaimState] | None = strawberry.field(default=UNSET, description="In any of these states.")
    reasons: list[ClaimReason] | None = strawberry.field(default=UNSET, description="For any of these reasons.")
    producer: strawberry.ID | None = strawberry.field(default=UNSET, description="On what this producer sold.")
    cooperative: strawberry.ID | None = strawberry.field(
        default=UNSET, description="On what was sold through this cooperative."
    )
    region: str | None = strawberry.field(
        default=UNSET, description="On what sellers in this region's subtree sold: its 12-digit code."
    )
    order: strawberry.ID | None = strawberry.field(default=UNSET, description="On lines of this order.")
    is_mine: bool | None = strawberry.field(default=UNSET, description="Whether the caller opened it.")
    is_overdue: bool | None = strawberry.field(
        default=UNSET, description="Whether the time of whoever is to act is over."
    )


class ClaimOrder(StrEnum):
    """Orders of claims."""

    NEWEST = "NEWEST"
    OLDEST = "OLDEST"


described(ClaimOrder, "How claims are ordered.", NEWEST="Last opened first.", OLDEST="First opened first.")


@strawberry.type(description="Reads of claims.")
@ruled(PUBLIC)
class ClaimQueries:
    claim: Claim | None = single(
        "A claim by its id: for its buyer, its seller's people, and staff.",
        Claim | None,
        id=Annotated[strawberry.ID, strawberry.argument(description="Its id.")],
    )
    claims: Connection[Claim] = listed(
        "Claims that the caller may see: a queue for sellers and staff, one's own for buyers.",
        Connection[Claim],
        where=ClaimWhere,
        order=ClaimOrder,
        usual="NEWEST",
    )
