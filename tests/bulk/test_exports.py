"""What is exported can be imported again, opens in Excel, and runs nothing."""

import csv
import io
import zipfile
from datetime import date, datetime, time
from typing import Any

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook
from sqlmodel import col

from market.bulk.export import scope as scopes
from market.bulk.export import write_error_list, write_export
from market.bulk.rules import FileFormat, ImportState, Outcome, SheetKind
from market.bulk.writing.delimited import write_csv
from market.bulk.writing.workbook import Book
from market.catalogue.tables import Listing, Variant
from market.kernel.errors import Forbidden, Language, NotFound
from market.kernel.ids import new_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, Role
from market.organisations.rules import OrganisationKind, Power
from tests.bulk.desk import (
    Desk,
    actor,
    checked,
    csv_file,
    everything,
    hire,
    imported,
    join,
    open_desk,
    outcomes,
    problems,
    register,
)
from tests.bulk.test_products import BIG, HEADER, SMALL, TEA, sheet
from tests.schema.stalls import offer_tour, schedule, sell

HOSTILE = (
    '=HYPERLINK("http://evil.example","看")',
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\tx",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    "'=x",
    "a;=cmd()",
    'a",=cmd(),"',
    "一\n=二",
)


@pytest.fixture(name="desk")
def _desk(market: Market) -> Desk:
    return open_desk(market)


def exported(
    market: Market,
    desk: Desk,
    kind: SheetKind,
    form: FileFormat = FileFormat.CSV,
    *,
    who: Actor | None = None,
    language: Language = "zh-CN",
) -> bytes:
    file = io.BytesIO()
    write_export(
        market,
        who or desk.owner,
        kind=kind,
        organisation_id=desk.stalls.producer,
        form=form,
        language=language,
        file=file,
    )
    return file.getvalue()


def table(content: bytes) -> list[list[str]]:
    """A CSV file as Excel splits it."""
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def cells(content: bytes) -> list[list[Any]]:
    """The first sheet of a workbook as Excel has it."""
    first = load_workbook(io.BytesIO(content)).worksheets[0]
    return [[cell.value for cell in row] for row in first.iter_rows()]


def furnish(market: Market, desk: Desk) -> None:
    """Drafts, things on sale, stock and sessions, with texts that mean harm."""
    imported(market, desk, SheetKind.PRODUCTS, sheet(BIG, SMALL, TEA))
    listing_id = sell(market, desk.stalls, "桃", desk.stalls.peach)
    with market.transaction() as session:
        session.execute(
            sa.update(Listing).where(col(Listing.id) == listing_id).values(title=HOSTILE[0], summary=HOSTILE[1])
        )
        session.execute(sa.update(Variant).where(col(Variant.sku) == "SKU-桃").values(name=HOSTILE[2]))
    imported(market, desk, SheetKind.STOCK, csv_file(["sku", "盘点数量"], ["SKU-桃", 7]))
    package = offer_tour(market, desk.stalls, "采摘")
    schedule(market, package, date(2026, 6, 20))
    schedule(market, package, date(2026, 6, 21))


@pytest.mark.parametrize("form", FileFormat)
@pytest.mark.parametrize("kind", SheetKind)
def test_what_is_exported_is_imported_as_unchanged(
    market: Market, desk: Desk, kind: SheetKind, form: FileFormat
) -> None:
    furnish(market, desk)
    content = exported(market, desk, kind, form)
    before = everything(market)

    found = checked(market, desk, kind, content)

    expected = {SheetKind.PRODUCTS: 4, SheetKind.PRICES: 1, SheetKind.STOCK: 1, SheetKind.SESSIONS: 2}[kind]
    assert (found.state, found.problem, problems(market, found.id)) == (ImportState.CHECKED, None, [])
    assert (found.rows_total, found.would_keep) == (expected, expected)
    after = everything(market)
    assert {name: rows for name, rows in after.items() if rows != before[name]}.keys() <= {
        "audit_entry",
        "audit_head",
        "idempotency_key",
    }


def test_english_headers_are_understood_as_well(market: Market, desk: Desk) -> None:
    furnish(market, desk)

    found = checked(market, desk, SheetKind.STOCK, exported(market, desk, SheetKind.STOCK, language="en"))

    assert (found.state, found.would_keep) == (ImportState.CHECKED, 1)


@pytest.mark.parametrize("text", HOSTILE)
def test_no_cell_of_a_csv_file_begins_like_a_formula_and_each_is_read_as_it_was(text: str) -> None:
    file = io.BytesIO()
    write_csv(file, ["a", "b"], [[text, -5]])

    for delimiter in (",", ";", "\t"):
        for row in csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig"), newline=""), delimiter=delimiter):
            assert not [cell for cell in row[:1] if cell.startswith(("=", "+", "-", "@", "\t", "＝", "＋", "－", "＠"))]
    first = table(file.getvalue())[1]
    assert first[1] == "-5"
    assert (first[0] if first[0] == text else first[0][1:]) == text
    assert file.getvalue().startswith(b"\xef\xbb\xbf")


def test_no_cell_of_a_workbook_is_a_formula_or_a_link_and_numbers_are_numbers() -> None:
    file = io.BytesIO()
    book = Book(file)
    data = book.sheet("数据", ["a", "b"])
    book.write(data, [[text, -5] for text in (*HOSTILE, "http://evil.example", "{=1}", "0123")])
    book.close()

    rows = list(load_workbook(io.BytesIO(file.getvalue())).worksheets[0].iter_rows(min_row=2))
    assert {row[0].data_type for row in rows} == {"s"}
    assert {(row[1].data_type, row[1].value) for row in rows} == {("n", -5)}
    assert not any(row[0].hyperlink for row in rows)
    assert not [
        row[0].value for row in rows if str(row[0].value).startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    ]
    with zipfile.ZipFile(io.BytesIO(file.getvalue())) as parts:
        assert b"<f>" not in parts.read("xl/worksheets/sheet1.xml")


def test_a_workbook_has_days_and_times_that_excel_can_count_with(market: Market, desk: Desk) -> None:
    furnish(market, desk)

    header, first, _second = cells(exported(market, desk, SheetKind.SESSIONS, FileFormat.XLSX))

    assert header == ["套餐编码", "#套餐名称", "方案", "日期", "时间", "容量"]
    assert first[1:] == ["采摘", "半日", datetime(2026, 6, 20), time(9), 20]  # noqa: DTZ001 - Excel knows no zones


def test_an_export_of_many_pages_has_every_row_once(market: Market, desk: Desk) -> None:
    count = scopes.PAGE + 3
    rows = [[f"C-{at}", "桃", "tea", "常温", f"S-{at}", "罐", 250, 1, "罐", 128] for at in range(count)]
    found = imported(market, desk, SheetKind.PRODUCTS, csv_file(HEADER, *rows))
    assert outcomes(found) == {Outcome.CREATED: count}

    codes = [row[0] for row in table(exported(market, desk, SheetKind.PRODUCTS))[1:]]

    assert sorted(codes) == sorted(f"C-{at}" for at in range(count))


# -- whose -------------------------------------------------------------------------------------------------------------


def skus(content: bytes) -> list[str]:
    return [row[0] for row in table(content)[1:]]


def test_an_export_holds_what_the_actor_may_see_of_the_organisation_and_its_members(market: Market, desk: Desk) -> None:
    sell(market, desk.stalls, "桃", desk.stalls.peach)
    cooperative = register(market, desk, OrganisationKind.COOPERATIVE, "合作社")
    other = register(market, desk, OrganisationKind.HOUSEHOLD, "老李家")
    join(market, cooperative, desk.stalls.producer, Power.MANAGE_LISTINGS, now=market.now())
    clerk = actor(market, hire(market, cooperative, Role.VIEWER))
    stranger = actor(market, hire(market, other, Role.OWNER))

    def export(kind: SheetKind, who: Actor, organisation_id: str) -> bytes:
        file = io.BytesIO()
        write_export(
            market, who, kind=kind, organisation_id=organisation_id, form=FileFormat.CSV, language="zh-CN", file=file
        )
        return file.getvalue()

    assert skus(export(SheetKind.PRICES, clerk, cooperative)) == ["SKU-桃"]
    assert skus(export(SheetKind.STOCK, clerk, cooperative)) == []
    assert skus(export(SheetKind.PRICES, stranger, other)) == []
    for hidden in (desk.stalls.producer, new_id("pdr")):
        with pytest.raises(NotFound) as refused:
            export(SheetKind.PRICES, stranger, hidden)
        assert refused.value.facts == {"field": "organisationId"}
    customer = actor(market, hire(market, other, Role.OWNER))
    with pytest.raises(Forbidden):
        export(SheetKind.PRICES, Actor(customer.kind, customer.account_id), other)


# -- rows in error -----------------------------------------------------------------------------------------------------


def test_the_rows_in_error_can_be_put_right_and_uploaded_as_they_come(market: Market, desk: Desk) -> None:
    sell(market, desk.stalls, "桃", desk.stalls.peach)
    content = csv_file(["售价", "货号", "#注"], ["99", "SKU-桃", ""], ["x", "SKU-桃 ", "'=注"], ["=1+1", "无", ""])
    found = checked(market, desk, SheetKind.PRICES, content)
    file = io.BytesIO()

    count = write_error_list(market, desk.owner, import_id=found.id, language="zh-CN", file=file)

    assert count == 2
    header, first, second = table(file.getvalue())
    assert header == ["售价", "货号", "#注", "#原行号", "#错误"]
    assert first[:4] == ["x", "SKU-桃 ", "'=注", "3"]
    assert (second[0], second[3]) == ("'=1+1", "4")
    assert "售价：请填写金额" in first[4]
    corrected = (
        file.getvalue().replace(b'"x"', b'"98"', 1).replace(b"'=1+1", b"97").replace("无".encode(), "SKU-桃".encode())
    )
    again = checked(market, desk, SheetKind.PRICES, corrected)
    assert (again.state, again.would_change, again.would_fail) == (ImportState.CHECKED, 1, 1)
