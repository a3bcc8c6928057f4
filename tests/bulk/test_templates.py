"""Templates explain themselves, and come back filled in."""

import io
from collections.abc import Sequence
from typing import Any

import pytest
from openpyxl import load_workbook

from market.bulk.rules import FileFormat, ImportState, Outcome, SheetKind
from market.bulk.sheets import SHEETS
from market.bulk.writing.templates import write_template
from market.catalogue.publish import CategoryDraft, add_category
from market.catalogue.rules import ListingKind
from market.kernel.errors import Language
from market.kernel.market import Market
from tests.bulk.desk import Desk, checked, imported, open_desk, outcomes
from tests.bulk.test_exports import exported, table
from tests.bulk.test_products import HEADER, TEA
from tests.schema.stalls import ADMIN


@pytest.fixture(name="desk")
def _desk(market: Market) -> Desk:
    return open_desk(market)


def template(market: Market, desk: Desk, kind: SheetKind, form: FileFormat, language: Language = "zh-CN") -> bytes:
    file = io.BytesIO()
    write_template(market, desk.owner, kind=kind, form=form, language=language, file=file)
    return file.getvalue()


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize("kind", SheetKind)
def test_a_template_of_csv_is_understood_and_its_example_is_not_imported(
    market: Market, desk: Desk, kind: SheetKind, language: Language
) -> None:
    content = template(market, desk, kind, FileFormat.CSV, language)
    assert content.startswith(b"\xef\xbb\xbf")

    found = checked(market, desk, kind, content)

    assert (found.state, found.problem_code) == (ImportState.REFUSED, "FILE_NO_ROWS")


@pytest.mark.parametrize("kind", SheetKind)
def test_a_template_of_excel_explains_itself(market: Market, desk: Desk, kind: SheetKind) -> None:
    add_category(market, ADMIN, CategoryDraft("pear", "梨", "Pear", ListingKind.PRODUCT, desk.stalls.fruit))

    book = load_workbook(io.BytesIO(template(market, desk, kind, FileFormat.XLSX)))

    columns = [column for column in SHEETS[kind].columns if not column.is_note]
    data, explained = book.worksheets[0], book.worksheets[1]
    assert data.title == SHEETS[kind].zh
    assert [str(cell.value).removesuffix(" *") for cell in data[1]] == [column.zh for column in columns]
    assert all(
        cell.comment and column.help_zh in cell.comment.text for cell, column in zip(data[1], columns, strict=True)
    )
    assert [row[0].value for row in explained.iter_rows(min_row=2)] == [column.zh for column in columns]
    if kind is SheetKind.PRODUCTS:
        lists = book["列表"]
        offered = {
            str(cell.value): [each.value for each in column[1:] if each.value]
            for column in lists.columns
            for cell in column[:1]
        }
        assert lists.sheet_state == "hidden"
        assert offered == {"生产者": ["老王家"], "类目": ["桃", "梨"], "储存方式": ["常温", "冷藏", "冷冻"]} | {
            "类目": ["水果", "水果/桃", "水果/梨", "茶"]
        }
        assert {str(each.sqref) for each in data.data_validations.dataValidation} == {
            "D2:D50001",
            "E2:E50001",
            "L2:L50001",
        }


def test_an_excel_template_filled_in_is_imported(market: Market, desk: Desk) -> None:
    book = load_workbook(io.BytesIO(template(market, desk, SheetKind.PRODUCTS, FileFormat.XLSX)))
    data = book.worksheets[0]
    filled: dict[str, Any] = dict(zip(HEADER, TEA, strict=True)) | {"销售时段": "03-07~05-31"}
    for at, cell in enumerate(list(data[1]), start=1):
        data.cell(2, at, filled.get(str(cell.value).removesuffix(" *")))
    file = io.BytesIO()
    book.save(file)

    found = imported(market, desk, SheetKind.PRODUCTS, file.getvalue())

    assert outcomes(found) == {Outcome.CREATED: 1}
    assert found.format is FileFormat.XLSX
    rows: Sequence[Sequence[str]] = table(exported(market, desk, SheetKind.PRODUCTS))
    row = dict(zip(rows[0], rows[1], strict=True))
    assert (row["销售时段"], row["村"], row["生产者"], row["类目"]) == ("03-07~05-31", "滕头村", "老王家", "茶")
