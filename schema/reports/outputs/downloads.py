"""Files of reports to fetch: sheets and charts of any report, of submitted and kept ones; the bulletin of a county.

The same sign-in and the same rows as in GraphQL. Charts and PDF are made by processes of their own, so that neither
readers nor the event loop wait for them.
"""

import asyncio
import threading
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from functools import partial
from tempfile import TemporaryFile
from types import MappingProxyType
from typing import BinaryIO

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from market.bulk.rules import FileFormat
from market.kernel.errors import Invalid, NotFound
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission
from market.plan.bulletin import county_bulletin
from market.reports.declare import CompareWith, ReportAsked, ReportResult
from market.reports.outputs.bulletin.gather import Bulletin
from market.reports.outputs.bulletin.page import bulletin_page
from market.reports.outputs.bulletin.pdf import bulletin_pdf
from market.reports.outputs.bulletin.words import title_of as bulletin_title
from market.reports.outputs.drawing import AT_ONCE_MAX, PictureForm
from market.reports.outputs.export import Gone, charted, picture_of, write_kept, write_report
from market.reports.outputs.shown import title_of
from market.reports.run import find_report
from market.reports.schedules import kept_bulletin, kept_figures
from market.reports.submissions import submitted_figures
from schema.authentication import Authentication
from schema.downloads import TYPES, Downloads, Write, headers_of, language_asked, pieces

_PICTURES = {PictureForm.SVG: "image/svg+xml", PictureForm.PNG: "image/png"}
_BULLETINS: Mapping[str, tuple[Callable[[Bulletin], bytes | str], str]] = MappingProxyType(
    {"html": (bulletin_page, "text/html; charset=utf-8"), "pdf": (bulletin_pdf, "application/pdf")}
)
_WHERE = "where."
_SAFE = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"}
"""Whatever a browser makes of an SVG or a page of ours when it is opened by itself, it runs nothing."""


class _Form(StrEnum):
    """The endings there are."""

    CSV = "CSV"
    XLSX = "XLSX"
    SVG = "SVG"
    PNG = "PNG"


class ReportDownloads(Downloads):
    """The routes of reports, and those of sheets, which share their turns. `write` is what writes an export."""

    def __init__(self, market: Market, authentication: Authentication, *, write: Write = write_report) -> None:
        super().__init__(market, authentication)
        self._write = write
        # Whoever waits for a process that draws waits here, and not in a thread.
        self._drawing = asyncio.Semaphore(AT_ONCE_MAX)

    def routes(self) -> list[Route]:
        """What is fetched where."""
        return [
            *super().routes(),
            Route("/downloads/reports/submissions/{id}.{form}", self._submission),
            Route("/downloads/reports/kept/{id}.{form}", self._kept),
            Route("/downloads/reports/bulletin.{form}", self._bulletin),
            Route("/downloads/reports/{key}.{form}", self._report),
        ]

    async def _report(self, request: Request) -> Response:
        async def answer(actor: Actor) -> Response:
            form, language = _form(request), language_asked(request)
            asked = _asked(request)
            name = f"{title_of(find_report(actor, asked.key), language)} {asked.start} {asked.end}"
            if form in _PICTURES:
                result = await self._market.look(charted, self._market, actor, asked=asked)
                return await self._drawn(request, result, name)
            return await self._written(request, actor, asked, name)

        return await self._answered(request, answer)

    async def _submission(self, request: Request) -> Response:
        return await self._frozen(request, partial(submitted_figures, permission=Permission.REPORT_EXPORT))

    async def _kept(self, request: Request) -> Response:
        if request.path_params["form"] in _BULLETINS:
            return await self._answered(request, partial(self._kept_bulletin, request))
        return await self._frozen(request, kept_figures)

    async def _kept_bulletin(self, request: Request, actor: Actor) -> Response:
        found = await self._market.look(kept_bulletin, self._market, actor, request.path_params["id"])
        return await self._printed(found, request.path_params["form"])

    async def _frozen(self, request: Request, find: Callable[..., ReportResult]) -> Response:
        async def answer(actor: Actor) -> Response:
            form, language = _form(request), language_asked(request)
            result = await self._market.look(find, self._market, actor, request.path_params["id"])
            name = f"{title_of(result.report, language)} {result.asked.start} {result.asked.end}"
            if form in _PICTURES:
                return await self._drawn(request, result, name)
            file: BinaryIO = TemporaryFile()  # noqa: SIM115 - closed once sent
            sheet = FileFormat(form)
            try:
                async with self._turns:
                    await self._market.look(write_kept, result, form=sheet, language=language, file=file)
            except BaseException:
                file.close()
                raise
            return _file(file, sheet, name)

        return await self._answered(request, answer)

    async def _bulletin(self, request: Request) -> Response:
        async def answer(actor: Actor) -> Response:
            form, language = request.path_params["form"], language_asked(request)
            if form not in _BULLETINS:
                raise NotFound(field="path")
            region, month = request.query_params.get("region", ""), _month(request)
            bulletin = await self._market.look(
                county_bulletin, self._market, actor, region_code=region, month=month, language=language
            )
            return await self._printed(bulletin, form)

        return await self._answered(request, answer)

    async def _printed(self, bulletin: Bulletin, form: str) -> Response:
        make, media_type = _BULLETINS[form]
        async with self._drawing:
            made = await asyncio.to_thread(make, bulletin)
        headers = {**headers_of(bulletin_title(bulletin), form), **_SAFE}
        # To be read and printed where it is opened.
        headers["content-disposition"] = headers["content-disposition"].replace("attachment", "inline")
        return Response(made, headers=headers, media_type=media_type)

    async def _drawn(self, request: Request, result: ReportResult, name: str) -> Response:
        form = PictureForm(_form(request))
        async with self._drawing:
            picture = await asyncio.to_thread(picture_of, result, form=form, language=language_asked(request))
        headers = {**headers_of(name, form.value.lower()), **_SAFE}
        return Response(picture, headers=headers, media_type=_PICTURES[form])

    async def _written(self, request: Request, actor: Actor, asked: ReportAsked, name: str) -> Response:
        """A sheet, row by row; broken off when whoever asked for it hangs up."""
        form, gone = FileFormat(_form(request)), threading.Event()
        file: BinaryIO = TemporaryFile()  # noqa: SIM115 - closed once sent
        watching = asyncio.create_task(_watch(request, gone))
        try:
            async with self._turns:
                await self._market.look(
                    self._write,
                    self._market,
                    actor,
                    asked=asked,
                    form=form,
                    language=language_asked(request),
                    file=file,
                    is_gone=gone.is_set,
                )
        except Gone:
            file.close()
            return Response(status_code=499)  # nginx's number for it; nobody reads this
        except BaseException:
            gone.set()  # whatever ended the request, the thread that writes for it ends too
            file.close()
            raise
        finally:
            watching.cancel()
        return _file(file, form, name)


async def _watch(request: Request, gone: threading.Event) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass  # the request's own body, of which nothing is expected
    gone.set()


def _file(file: BinaryIO, form: FileFormat, name: str) -> Response:
    file.seek(0)
    return StreamingResponse(pieces(file), headers=headers_of(name, form.value.lower()), media_type=TYPES[form])


def _form(request: Request) -> str:
    form = request.path_params["form"].upper()
    if form not in list(_Form):
        raise NotFound(field="path")
    return str(form)


def _asked(request: Request) -> ReportAsked:
    """The question in an address: `from`, `to`, `groupBy` (with commas), `compareWith`, `where.<filter>` (repeated)."""
    given = request.query_params
    filters = {name.removeprefix(_WHERE) for name in given if name.startswith(_WHERE)}
    compared = given.get("compareWith")
    if compared is not None and compared not in list(CompareWith):
        raise Invalid(field="compareWith", allowed=", ".join(CompareWith))
    return ReportAsked(
        key=request.path_params["key"],
        start=_day(request, "from"),
        end=_day(request, "to"),
        group_by=tuple(part for part in given.get("groupBy", "").split(",") if part),
        where={name: tuple(given.getlist(f"{_WHERE}{name}")) for name in sorted(filters)},
        compare_with=None if compared is None else CompareWith(compared),
    )


def _month(request: Request) -> date:
    """The first day of `month`, written 2026-06."""
    try:
        return date.fromisoformat(f"{request.query_params.get('month', '')}-01")
    except ValueError:
        raise Invalid(field="month", allowed="a month such as 2026-06", allowed_zh="月份，例如 2026-06") from None


def _day(request: Request, name: str) -> date:
    try:
        return date.fromisoformat(request.query_params.get(name, ""))
    except ValueError:
        raise Invalid(field=name, allowed="a day such as 2026-06-01", allowed_zh="日期，例如 2026-06-01") from None
