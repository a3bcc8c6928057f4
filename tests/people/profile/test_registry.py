"""The registry of personal data is what the tables say, and they cannot keep silent."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import AutoString

from market import migrations
from market.kernel.personal import OnErasure, Personal, PersonalKind, part_of, personal, personal_mark
from market.people.profile.belongings import TECHNICAL, belongings
from market.people.profile.registry import EXEMPT, PersonalColumn, personal_columns, undeclared, unreachable

MARK = personal(PersonalKind.PHONE, OnErasure.DELETE, sealed_for="order.phone")


def orders(*columns: sa.Column[Any], reference: str = "account_id") -> sa.MetaData:
    """Tables of a room that is not there yet: orders of people, with lines."""
    metadata = sa.MetaData()
    sa.Table("account", metadata, sa.Column("id", sa.String, primary_key=True))
    sa.Table(
        "purchase",
        metadata,
        sa.Column("id", sa.String, primary_key=True),
        sa.Column(reference, sa.String, sa.ForeignKey("account.id")),
        *columns,
    )
    return metadata


def test_every_personal_column_of_every_room_says_so() -> None:
    assert undeclared(migrations.metadata()) == ()


def test_whatever_is_to_be_erased_with_a_person_can_be_found_from_them() -> None:
    assert unreachable(migrations.metadata()) == ()


def test_sealed_columns_say_what_they_are_sealed_for() -> None:
    sealed = [
        each
        for each in personal_columns(migrations.metadata())
        if each.column.endswith("_sealed") and each.kind is not PersonalKind.CREDENTIAL
    ]

    assert sealed
    assert [f"{each.table}.{each.column}" for each in sealed if each.sealed_for is None] == []


def test_the_registry_says_what_becomes_of_each_column() -> None:
    found = {f"{each.table}.{each.column}": each for each in personal_columns(migrations.metadata())}

    assert found["address.street_sealed"] == PersonalColumn(
        "address", "street_sealed", PersonalKind.ADDRESS, OnErasure.DELETE, "address.street", ""
    )
    assert {"account.name", "account.phone_sealed", "address.phone_sealed", "device.user_agent"} <= found.keys()
    assert all(each.reason for each in found.values() if each.on_erasure is OnErasure.KEEP)


def test_exemptions_have_a_reason_and_are_still_needed() -> None:
    assert all(len(reason) > 10 for reason in (*EXEMPT.values(), *TECHNICAL.values()))
    assert set(undeclared(migrations.metadata(), exempt={})) == EXEMPT.keys()
    assert TECHNICAL.keys() <= migrations.metadata().tables.keys()


@pytest.mark.parametrize(
    "name",
    [
        *("phone", "buyer_phone", "recipient", "street_line", "email", "openid", "user_agent", "ip", "birthday"),
        *("name", "real_name", "login_name", "anything_sealed", "contact", "id_signature"),
    ],
)
@pytest.mark.parametrize("kind", [sa.String, sa.Text, AutoString, sa.JSON, sa.LargeBinary])
def test_a_column_that_looks_personal_must_say_so(name: str, kind: Any) -> None:
    assert undeclared(orders(sa.Column(name, kind))) == (f"purchase.{name}",)
    assert undeclared(orders(sa.Column(name, sa.String, **MARK))) == ()
    assert undeclared(orders(sa.Column(name, sa.String)), exempt={f"purchase.{name}": "of a company"}) == ()


@pytest.mark.parametrize("name", ["state", "title", "shipment", "zip", "tips", "renamed", "phones_count", "descriptor"])
def test_a_column_that_only_resembles_one_need_not(name: str) -> None:
    assert undeclared(orders(sa.Column(name, sa.String))) == ()


def test_a_number_or_a_bare_name_away_from_people_is_nothing_personal() -> None:
    assert undeclared(orders(sa.Column("phone", sa.Integer))) == ()
    assert undeclared(orders(sa.Column("phone", sa.Enum("KNOWN", "UNKNOWN")))) == ()
    assert undeclared(orders(sa.Column("name", sa.String), reference="placed_by")) == ()
    assert undeclared(orders(sa.Column("name", sa.String), sa.Column("name_en", sa.String))) == ()


def test_a_personal_column_that_nobody_finds_from_its_person_is_told() -> None:
    lost = orders(sa.Column("phone_sealed", sa.String, **MARK), reference="placed_by")

    assert unreachable(lost) == ("purchase.phone_sealed",)
    assert unreachable(orders(sa.Column("phone_sealed", sa.String, **MARK))) == ()


def test_rows_are_found_by_account_by_part_and_by_mention() -> None:
    metadata = orders(sa.Column("approved_by", sa.String))
    sa.Table(
        "purchase_line",
        metadata,
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("purchase_id", sa.String, sa.ForeignKey("purchase.id"), **part_of()),
    )
    sa.Table(
        "purchase_note",
        metadata,
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("purchase_id", sa.String, sa.ForeignKey("purchase.id")),
        sa.Column("written_by", sa.String),
    )
    sa.Table("season", metadata, sa.Column("id", sa.String, primary_key=True))
    sa.Table("ledger_account", metadata, sa.Column("id", sa.String, primary_key=True))
    sa.Table(
        "ledger_entry",
        metadata,
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("account_id", sa.String, sa.ForeignKey("ledger_account.id")),
    )

    found = {each.table.name: (each.is_own, str(each.where("acc_1"))) for each in belongings(metadata)}

    assert {name: is_own for name, (is_own, _) in found.items()} == {
        "account": True,
        "purchase": True,
        "purchase_line": True,
        "purchase_note": False,
    }
    assert "account_id" in found["purchase_line"][1]
    assert "written_by" in found["purchase_note"][1]


def test_a_mark_that_says_too_little_is_refused() -> None:
    with pytest.raises(ValueError, match="which law or duty"):
        Personal(PersonalKind.NAME, OnErasure.KEEP)
    with pytest.raises(ValueError, match="only what is cleared"):
        Personal(PersonalKind.NAME, OnErasure.DELETE, replacement="x")
    with pytest.raises(TypeError, match=r"market\.kernel\.personal"):
        personal_mark(sa.Column("phone", sa.String, info={"personal": "phone"}))
