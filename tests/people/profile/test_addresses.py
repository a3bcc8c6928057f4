"""An address book: sealed, its owner's alone, with one default, and never more than fifty."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select

from market.kernel.errors import (
    Forbidden,
    IdempotencyConflict,
    Invalid,
    InvalidId,
    MarketError,
    NotFound,
    NotSignedIn,
)
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Permission
from market.people.profile.addresses import (
    AddressDraft,
    PostalAddress,
    add_address,
    address_of,
    edit_address,
    list_addresses,
    make_default,
    remove_address,
)
from market.people.profile.rules import ADDRESSES_MAX, TooManyAddresses
from market.people.profile.tables import Address
from tests.people.profile.persons import COUNTY, KEY, TOWNSHIP, VILLAGE, actions, draft, dump, person, settle

UNKNOWN = "adr_00000000000000000000000000"


def add(market: Market, actor: Actor, number: int = 0, *, is_default: bool = False, **changed: Any) -> str:
    return add_address(market, actor, draft(**changed), key=f"{KEY}-{number}", is_default=is_default)


def fill(market: Market, actor: Actor, count: int) -> list[str]:
    return [add(market, actor, number, label=str(number)) for number in range(count)]


def defaults(market: Market, actor: Actor) -> list[str]:
    return [each.id for each in list_addresses(market, actor) if each.is_default]


def refusal(error: pytest.ExceptionInfo[MarketError]) -> tuple[type[MarketError], str, dict[str, Any]]:
    return type(error.value), str(error.value), error.value.facts


def test_an_address_is_sealed_at_rest_and_opened_for_its_owner(market: Market) -> None:
    settle(market)
    owner = person(market).actor

    address_id = add(market, owner)

    assert list_addresses(market, owner) == [
        PostalAddress(address_id, VILLAGE, "滕头路 12 号", "王小明", "13812345678", "家", is_default=True)
    ]
    with market.read() as session:
        row = session.get_one(Address, address_id)
        at_rest = f"{row.street_sealed} {row.recipient_sealed} {row.phone_sealed} {row.phone_digest}"
    assert not any(text in at_rest for text in ("滕头路", "王小明", "13812345678"))
    assert row.phone_digest == market.sealer.digest("13812345678", purpose="address.phone")


def test_only_the_owners_addresses_are_opened(market: Market) -> None:
    settle(market)
    owner, other = person(market).actor, person(market, "李四", "13912345678").actor
    mine = add(market, owner)
    add(market, other)
    with market.transaction() as session:
        # Opening one of these raises.
        spoilt = sa.update(Address).where(Address.account_id == other.account_id)  # type: ignore[arg-type]
        session.execute(spoilt.values(street_sealed="?", recipient_sealed="?", phone_sealed="?"))

    assert [each.id for each in list_addresses(market, owner)] == [mine]
    with pytest.raises(ValueError, match="not sealed with this secret"):
        list_addresses(market, other)


def test_an_order_gets_the_address_of_its_buyer_only(market: Market) -> None:
    settle(market)
    owner, other = person(market), person(market, "李四", "13912345678")
    address_id = add(market, owner.actor)

    with market.read() as session:
        opened = address_of(session, market.sealer, account_id=owner.id, address_id=address_id)
        with pytest.raises(NotFound):
            address_of(session, market.sealer, account_id=other.id, address_id=address_id)

    assert [opened] == list_addresses(market, owner.actor)


def test_the_first_address_is_the_default_and_a_later_one_when_it_is_to_be(market: Market) -> None:
    settle(market)
    owner = person(market).actor

    first, second = fill(market, owner, 2)
    assert defaults(market, owner) == [first]
    third = add(market, owner, 3, is_default=True)

    assert defaults(market, owner) == [third]
    assert [each.id for each in list_addresses(market, owner)] == [third, second, first]


def test_another_becomes_the_default_when_asked_or_when_the_default_goes(market: Market) -> None:
    settle(market)
    owner = person(market).actor
    first, second, third = fill(market, owner, 3)

    make_default(market, owner, address_id=second)
    make_default(market, owner, address_id=second)
    assert defaults(market, owner) == [second]
    remove_address(market, owner, address_id=second)
    assert defaults(market, owner) == [third]
    remove_address(market, owner, address_id=first)
    assert defaults(market, owner) == [third]
    remove_address(market, owner, address_id=third)

    assert list_addresses(market, owner) == []
    assert actions(market, owner) == ["address.add"] * 3 + ["address.make_default"] * 2 + ["address.remove"] * 3


def test_an_edited_address_keeps_its_id_and_whether_it_is_the_default(market: Market) -> None:
    settle(market)
    owner = person(market).actor
    first, second = fill(market, owner, 2)

    edit_address(market, owner, address_id=first, draft=AddressDraft(TOWNSHIP, "新街 1 号", "王大明", "13900000000"))

    assert list_addresses(market, owner)[0] == PostalAddress(
        first, TOWNSHIP, "新街 1 号", "王大明", "13900000000", "", is_default=True
    )
    assert list_addresses(market, owner)[1].id == second


def test_the_same_key_adds_one_address_and_another_input_is_refused(market: Market) -> None:
    settle(market)
    owner = person(market).actor

    assert add(market, owner) == add(market, owner)
    with pytest.raises(IdempotencyConflict):
        add(market, owner, phone="13812345679")

    assert len(list_addresses(market, owner)) == 1


def test_an_address_book_holds_fifty(market: Market) -> None:
    settle(market)
    owner = person(market).actor
    fill(market, owner, ADDRESSES_MAX)

    with pytest.raises(TooManyAddresses, match="At most 50"):
        add(market, owner, ADDRESSES_MAX)

    assert len(list_addresses(market, owner)) == ADDRESSES_MAX
    assert add(market, person(market, "李四", "13912345678").actor)


@pytest.mark.parametrize(
    ("changed", "field", "refused"),
    [
        ({"region_code": "3302130052"}, "region", Invalid),
        ({"region_code": COUNTY}, "region", Invalid),
        ({"region_code": "330213005999"}, "region", NotFound),
        ({"street": "  "}, "street", Invalid),
        ({"street": "路" * 121}, "street", Invalid),
        ({"street": "路" * 1_000_000}, "street", Invalid),
        ({"street": "滕头路\n12 号"}, "street", Invalid),
        ({"street": "滕头路\x00"}, "street", Invalid),
        ({"street": "滕头路\ud800"}, "street", Invalid),
        ({"recipient": ""}, "recipient", Invalid),
        ({"recipient": "王" * 31}, "recipient", Invalid),
        ({"label": "家" * 21}, "label", Invalid),
        ({"phone": "057488888888"}, "phone", Invalid),
        ({"phone": "12812345678"}, "phone", Invalid),
        ({"phone": "138123456789"}, "phone", Invalid),
        ({"phone": "+1 13812345678"}, "phone", Invalid),
        ({"phone": "1381234567八"}, "phone", Invalid),
        ({"phone": ""}, "phone", Invalid),
    ],
)
def test_what_cannot_be_an_address_is_refused_and_nothing_is_kept(
    market: Market, changed: dict[str, Any], field: str, refused: type[MarketError]
) -> None:
    settle(market)
    owner = person(market).actor
    kept = add(market, owner)
    before = dump(market)

    with pytest.raises(refused) as added:
        add(market, owner, 1, **changed)
    with pytest.raises(refused) as edited:
        edit_address(market, owner, address_id=kept, draft=draft(**changed))

    assert added.value.facts["field"] == edited.value.facts["field"] == field
    assert dump(market) == before


def test_somebody_elses_address_answers_as_one_that_is_not_there(market: Market) -> None:
    settle(market)
    owner, other = person(market).actor, person(market, "李四", "13912345678").actor
    theirs = add(market, other)
    before = dump(market)

    acts: list[Callable[[str], None]] = [
        lambda address_id: edit_address(market, owner, address_id=address_id, draft=draft()),
        lambda address_id: make_default(market, owner, address_id=address_id),
        lambda address_id: remove_address(market, owner, address_id=address_id),
    ]
    for act in acts:
        with pytest.raises(NotFound) as foreign:
            act(theirs)
        with pytest.raises(NotFound) as unknown:
            act(UNKNOWN)
        with pytest.raises(InvalidId):
            act("42")
        assert refusal(foreign) == refusal(unknown)

    assert dump(market) == before


def test_an_address_book_is_for_people_who_are_signed_in_as_themselves(market: Market) -> None:
    settle(market)
    owner = person(market).actor
    key = Actor(ActorKind.CUSTOMER, owner.account_id, limits=frozenset({Permission.ORDER_READ}))

    for actor, refused in ((VISITOR, NotSignedIn), (Actor(ActorKind.SYSTEM), Forbidden), (key, Forbidden)):
        for act in (
            lambda actor: list_addresses(market, actor),
            lambda actor: add(market, actor),
            lambda actor: edit_address(market, actor, address_id=UNKNOWN, draft=draft()),
            lambda actor: make_default(market, actor, address_id=UNKNOWN),
            lambda actor: remove_address(market, actor, address_id=UNKNOWN),
        ):
            with pytest.raises(refused):
                act(actor)


def test_nothing_personal_is_on_record(market: Market) -> None:
    settle(market)
    owner = person(market).actor
    address_id = add(market, owner)
    edit_address(market, owner, address_id=address_id, draft=draft(street="新街 1 号"))

    trail = "\n".join(line for line in dump(market).splitlines() if line.startswith(("audit", "idempotency", "outbox")))

    assert address_id in trail
    assert not any(text in trail for text in ("路", "新街", "王小明", "13812345678", VILLAGE))


def test_a_race_for_the_last_places_leaves_fifty_with_one_default(market: Market) -> None:
    settle(market)
    owner = person(market).actor
    fill(market, owner, ADDRESSES_MAX - 3)
    start = threading.Barrier(8)

    def race(number: int) -> str:
        start.wait()
        try:
            return add(market, owner, 100 + number, is_default=True)
        except TooManyAddresses:
            return ""

    with ThreadPoolExecutor(8) as threads:
        added = [address_id for address_id in threads.map(race, range(8)) if address_id]

    assert len(added) == 3
    assert len(list_addresses(market, owner)) == ADDRESSES_MAX
    assert len(defaults(market, owner)) == 1


def test_a_race_of_changes_leaves_one_default(market: Market) -> None:
    settle(market)
    owner = person(market).actor
    held = fill(market, owner, 12)
    start = threading.Barrier(6)

    def race(number: int) -> None:
        start.wait()
        for address_id in (held[number], held[(number + 1) % 6], held[(number + 2) % 6]):
            make_default(market, owner, address_id=address_id)
        remove_address(market, owner, address_id=held[6 + number])

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(race, range(6)))

    with market.read() as session:
        assert len(session.exec(select(Address.id)).all()) == 6
    assert len(defaults(market, owner)) == 1
