"""A person's addresses: opened for their owner and nobody else, administrators included."""

from datetime import datetime
from typing import Annotated

import sqlalchemy as sa
import strawberry

from market.kernel.permissions import Permission
from market.kernel.sealing import Sealer
from market.people.profile.addresses import AddressDraft, add_address, edit_address, make_default, remove_address
from market.people.profile.tables import PHONE, RECIPIENT, STREET
from market.people.profile.tables import Address as AddressTable
from schema.mutations import IdempotencyKey, Info, changed, mutation
from schema.node import Node
from schema.pagination import field
from schema.people.profile.own import own_rows
from schema.permissions import ruled
from schema.places import REGION, Region
from schema.projection import Args, Build, Computed, Given, Order, Projection, ToOne, column, number, table_of
from schema.projection import Connection as Listed
from schema.projection.declare import Expression


@strawberry.type(description="Where a person lets things be sent. Its owner sees it.")
@ruled(Permission.PROFILE_MANAGE)
class Address(Node):
    region: Region | None = field("The village or community it is in, or the township.")
    street: str = field("The street, house and door.")
    recipient: str = field("Who takes it.")
    phone: str = field("The mobile number to call, in full: eleven digits.")
    label: str = field("What its owner calls it; may be empty.")
    is_default: bool = field("Whether it is the one used unless another is chosen. One of a person's addresses is.")
    created_at: datetime = field("When it was added.")
    updated_at: datetime = field("When it was last written.")


@strawberry.input(description="An address, as its owner writes it.")
class AddressInput:
    region: str = strawberry.field(
        description="The 12-digit code of the village or community, or of the township when that is all that is known."
    )
    street: str = strawberry.field(description="The street, house and door: 1 to 120 characters.")
    recipient: str = strawberry.field(description="Who takes it: 1 to 30 characters.")
    phone: str = strawberry.field(description="A mainland mobile number.")
    label: str = strawberry.field(default="", description="What its owner calls it: at most 20 characters.")

    def draft(self) -> AddressDraft:
        """As the use cases take it."""
        return AddressDraft(self.region, self.street, self.recipient, self.phone, self.label)


# -- where they come from ----------------------------------------------------------------------------------------------


def _opened(name: str, purpose: str) -> Computed:
    def act(kept: str, sealer: Sealer) -> str:
        return sealer.open(kept, purpose=purpose)

    def values(t: sa.FromClause, _build: Build, _args: Args) -> list[Expression]:
        return [t.c[name]]

    def given(build: Build, _args: Args) -> dict[str, Given]:
        sealer = build.fact("sealer")
        return {"sealer": Given(via=lambda _nothing: sealer)}

    return Computed(act, values, given)


ADDRESS = Projection(
    "Address",
    table_of(AddressTable),
    visible=own_rows,
    fields={
        "id": column("id"),
        "region": ToOne(lambda: REGION, lambda t, region: region.c.code == t.c.region_code),
        "street": _opened("street_sealed", STREET),
        "recipient": _opened("recipient_sealed", RECIPIENT),
        "phone": _opened("phone_sealed", PHONE),
        "label": column("label"),
        "isDefault": column("is_default"),
        "createdAt": column("created_at"),
        "updatedAt": column("updated_at"),
    },
)


def _is_default(t: sa.FromClause, _build: Build, _args: Args) -> Expression:
    return sa.case((t.c.is_default, number(1)), else_=number(0))


ADDRESSES = Listed(
    lambda: ADDRESS,
    {"DEFAULT": Order("d", _is_default, int, sa.Integer(), is_descending=True)},
    "DEFAULT",
    on=lambda account, address, _build: address.c.account_id == account.c.id,
)
"""The default first, then the newest."""


# -- changes -----------------------------------------------------------------------------------------------------------

_Input = Annotated[AddressInput, strawberry.argument(description="The address.")]
_Id = Annotated[strawberry.ID, strawberry.argument(description="The address's id.")]


@strawberry.type(description="An address was added or changed.")
@ruled(Permission.PROFILE_MANAGE)
class AddressPayload:
    address_id: strawberry.Private[str]
    address: Address | None = changed(
        "The address now.", Address | None, lambda: ADDRESS, lambda payload: payload.address_id
    )


@strawberry.type(description="An address was removed.")
@ruled(Permission.PROFILE_MANAGE)
class RemoveAddressPayload:
    removed: strawberry.ID = strawberry.field(description="The address that was.")


@strawberry.type
class AddressMutations:
    """Changes of one's own addresses."""

    @mutation(
        "Add an address, at most 50. The first one becomes the default. Orders keep the address they were placed with.",
        rule=Permission.PROFILE_MANAGE,
    )
    async def add_address(
        self,
        info: Info,
        input: _Input,  # noqa: A002 - its name in the API
        idempotency_key: IdempotencyKey,
        is_default: Annotated[bool, strawberry.argument(description="Make it the default.")] = False,
    ) -> AddressPayload:
        added = await info.context.act(add_address, input.draft(), key=str(idempotency_key), is_default=is_default)
        return AddressPayload(address_id=added)

    @mutation("Write one of one's own addresses anew.", rule=Permission.PROFILE_MANAGE)
    async def edit_address(
        self,
        info: Info,
        address_id: _Id,
        input: _Input,  # noqa: A002 - its name in the API
    ) -> AddressPayload:
        await info.context.act(edit_address, address_id=str(address_id), draft=input.draft())
        return AddressPayload(address_id=str(address_id))

    @mutation("Make one of one's own addresses the default.", rule=Permission.PROFILE_MANAGE)
    async def make_default_address(self, info: Info, address_id: _Id) -> AddressPayload:
        await info.context.act(make_default, address_id=str(address_id))
        return AddressPayload(address_id=str(address_id))

    @mutation(
        "Remove one of one's own addresses. When it was the default, the newest that is left becomes it.",
        rule=Permission.PROFILE_MANAGE,
    )
    async def remove_address(self, info: Info, address_id: _Id) -> RemoveAddressPayload:
        await info.context.act(remove_address, address_id=str(address_id))
        return RemoveAddressPayload(removed=address_id)
