"""Files to fetch: as whoever asks, named and typed for browsers, and nothing to strangers."""

import asyncio
import io
from collections.abc import Mapping
from urllib.parse import quote

import httpx
import pytest
from openpyxl import load_workbook
from starlette.applications import Starlette

from market.bulk.rules import SheetKind
from market.kernel.errors import Language, NotSignedIn
from market.kernel.ids import new_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, ActorKind, Role
from market.organisations.rules import OrganisationKind
from schema.authentication import ACCESS_COOKIE, Authentication
from schema.downloads import Downloads
from tests.bulk.desk import Desk, actor, checked, csv_file, hire, open_desk, register
from tests.schema.stalls import sell


@pytest.fixture(name="desk")
def _desk(market: Market) -> Desk:
    desk = open_desk(market)
    sell(market, desk.stalls, "桃", desk.stalls.peach)
    return desk


def fetch(market: Market, path: str, who: Actor | None, headers: Mapping[str, str] | None = None) -> httpx.Response:
    """What a client gets, its token being good for this actor."""

    def actor_for(_market: Market, credential: str, *, request_id: str, locale: Language) -> Actor:
        assert request_id
        assert locale in {"zh-CN", "en"}
        if credential != "good" or who is None:
            raise NotSignedIn
        return who

    async def get() -> httpx.Response:
        app = Starlette(routes=Downloads(market, Authentication(market, actor_for)).routes())
        sent = {} if who is None else {"authorization": "Bearer good"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as client:
            return await client.get(path, headers={**sent, **(headers or {})})

    return asyncio.run(get())


def export_path(desk: Desk, kind: str = "prices", form: str = "csv") -> str:
    return f"/downloads/sheets/{kind}/export.{form}?organisation={desk.stalls.producer}"


def test_an_export_is_a_file_to_save(market: Market, desk: Desk) -> None:
    response = fetch(market, export_path(desk), desk.owner)

    assert response.status_code == 200
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"] == f"attachment; filename*=UTF-8''{quote('价格 2026-06-02.csv')}"
    assert response.headers["cache-control"] == "private, no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert (
        response.content.decode()
        == '\ufeff"规格编码","#商品名称","#规格名称","价格（元）"\r\n"SKU-桃","桃","盒装",88.00\r\n'
    )


@pytest.mark.parametrize("kind", [kind.value.lower() for kind in SheetKind])
@pytest.mark.parametrize("what", ["template", "export"])
def test_every_sheet_comes_as_a_workbook_too(market: Market, desk: Desk, kind: str, what: str) -> None:
    path = f"/downloads/sheets/{kind}/{what}.xlsx?organisation={desk.stalls.producer}"

    response = fetch(market, path, desk.owner, {"accept-language": "en"})

    assert response.headers["content-type"] == "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    assert load_workbook(io.BytesIO(response.content)).worksheets[0].title == kind.capitalize()


def test_the_rows_in_error_of_an_import_are_a_file(market: Market, desk: Desk) -> None:
    found = checked(market, desk, SheetKind.PRICES, csv_file(["sku", "price"], ["无", 1]))

    response = fetch(market, f"/downloads/imports/{found.id}/errors.csv", desk.owner, {"accept-language": "en"})

    assert response.text.splitlines()[1] == '"无","1",2,"sku：nothing is known as “无”: check it"'


def test_refusals_are_told_with_their_status(market: Market, desk: Desk) -> None:
    viewer = actor(market, hire(market, desk.stalls.producer, Role.VIEWER))

    told = [
        fetch(market, export_path(desk), None),
        fetch(market, export_path(desk), None, {"authorization": "Bearer bad"}),
        fetch(market, export_path(desk), None, {"authorization": "nonsense"}),
        fetch(market, export_path(desk), Actor(ActorKind.CUSTOMER, "acc_2")),
        fetch(market, "/downloads/sheets/prices/template.csv", viewer),
        fetch(market, export_path(desk, kind="secrets"), desk.owner),
        fetch(market, export_path(desk, form="pdf"), desk.owner),
        fetch(market, "/downloads/sheets/prices/export.csv", desk.owner),
    ]

    assert [(each.status_code, each.json()["code"]) for each in told] == [
        (401, "UNAUTHENTICATED"),
        (401, "UNAUTHENTICATED"),
        (401, "UNAUTHENTICATED"),
        (403, "FORBIDDEN"),
        (403, "FORBIDDEN"),
        (404, "NOT_FOUND"),
        (404, "NOT_FOUND"),
        (404, "NOT_FOUND"),
    ]
    assert all(each.json()["message"] for each in told)
    assert fetch(market, export_path(desk), viewer).status_code == 200


def test_a_strangers_organisation_and_import_are_as_unknown_as_any(market: Market, desk: Desk) -> None:
    found = checked(market, desk, SheetKind.PRICES, csv_file(["sku", "price"], ["无", 1]))
    other = register(market, desk, OrganisationKind.HOUSEHOLD, "老李家")
    stranger = actor(market, hire(market, other, Role.OWNER))

    def answers(organisation_id: str, import_id: str) -> list[tuple[int, bytes]]:
        paths = (
            f"/downloads/sheets/prices/export.csv?organisation={organisation_id}",
            f"/downloads/imports/{import_id}/errors.csv",
        )
        return [(each.status_code, each.content) for each in (fetch(market, path, stranger) for path in paths)]

    assert answers(desk.stalls.producer, found.id) == answers(new_id("pdr"), new_id("imp"))


def test_another_sites_page_cannot_use_the_cookies(market: Market, desk: Desk) -> None:
    cookie = {"cookie": f"{ACCESS_COOKIE}=good", "authorization": ""}

    def status(site: str) -> int:
        headers = {"cookie": cookie["cookie"], "sec-fetch-site": site}

        async def get() -> int:
            app = Starlette(routes=Downloads(market, Authentication(market, lambda *_a, **_k: desk.owner)).routes())
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://shop.example") as client:
                return (await client.get(export_path(desk), headers=headers)).status_code

        return asyncio.run(get())

    assert (status("same-origin"), status("cross-site")) == (200, 403)
