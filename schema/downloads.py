"""Files to fetch: templates, exports, the rows of an import that are in error. As whoever asks, as in GraphQL.

They are written to a temporary file by a reader thread, a page of rows at a time, and sent from there: whatever their
size, neither memory nor a database connection waits for a slow client.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from enum import StrEnum
from tempfile import SpooledTemporaryFile
from types import MappingProxyType
from typing import Any, BinaryIO, TypeVar
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from market.bulk.export import write_error_list, write_export
from market.bulk.rules import FileFormat, SheetKind
from market.bulk.sheets import SHEETS
from market.bulk.writing.templates import write_template
from market.kernel.clock import business_day
from market.kernel.errors import Forbidden, Invalid, Language, MarketError, NotFound, NotSignedIn, Unavailable
from market.kernel.market import Market
from market.kernel.permissions import Actor
from schema.authentication import Authentication
from schema.edge.media import MediaType
from schema.edge.refusals import BadRequest, language_of
from schema.edge.requests import GraphQLRequest, request_id_of

AT_ONCE_MAX = 2
"""Files being written at a time: they take reader threads from everybody else."""

TYPES: Mapping[FileFormat, str] = MappingProxyType(
    {
        FileFormat.CSV: "text/csv; charset=utf-8",
        FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    }
)
_STATUSES: tuple[tuple[type[MarketError], int], ...] = (
    (NotSignedIn, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Invalid, 400),
    (Unavailable, 503),
)
_WORDS: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "zh-CN": {"template": "模板", "errors": "导入错误"},
        "en": {"template": "template", "errors": "import errors"},
    }
)
_IN_MEMORY_BYTES = 1024 * 1024
_PIECE = 256 * 1024

Write = Callable[..., object]
K = TypeVar("K", bound=StrEnum)


class Downloads:
    """The routes, over a market."""

    def __init__(self, market: Market, authentication: Authentication) -> None:
        self._market = market
        self._authentication = authentication
        self._turns = asyncio.Semaphore(AT_ONCE_MAX)

    def routes(self) -> list[Route]:
        """What is fetched where."""
        return [
            Route("/downloads/sheets/{kind}/{what}.{form}", self._sheet),
            Route("/downloads/imports/{import_id}/errors.csv", self._errors),
        ]

    async def _sheet(self, request: Request) -> Response:
        kind, form = named(SheetKind, request, "kind"), named(FileFormat, request, "form")
        what, language = request.path_params["what"], language_asked(request)
        if kind is None or form is None or what not in {"template", "export"}:
            return refused(NotFound(field="path"), language)
        options: dict[str, Any] = {"kind": kind, "form": form}
        name = SHEETS[kind].title(language)
        if what == "template":
            return await self._sent(request, write_template, form, f"{name} {_WORDS[language]['template']}", options)
        options["organisation_id"] = request.query_params.get("organisation", "")
        name = f"{name} {business_day(self._market.now())}"
        return await self._sent(request, write_export, form, name, options)

    async def _errors(self, request: Request) -> Response:
        import_id = request.path_params["import_id"]
        name = f"{_WORDS[language_asked(request)]['errors']} {import_id}"
        return await self._sent(request, write_error_list, FileFormat.CSV, name, {"import_id": import_id})

    async def _sent(
        self, request: Request, write: Write, form: FileFormat, name: str, options: Mapping[str, Any]
    ) -> Response:
        async def answer(actor: Actor) -> Response:
            language = language_asked(request)
            file: BinaryIO = SpooledTemporaryFile(_IN_MEMORY_BYTES)  # type: ignore[assignment]  # noqa: SIM115 - closed once sent
            try:
                async with self._turns:
                    await self._market.look(write, self._market, actor, **options, language=language, file=file)
            except BaseException:
                file.close()
                raise
            file.seek(0)
            headers = headers_of(name, form.value.lower())
            return StreamingResponse(pieces(file), headers=headers, media_type=TYPES[form])

        return await self._answered(request, answer)

    async def _answered(self, request: Request, answer: Callable[[Actor], Awaitable[Response]]) -> Response:
        """The answer to whoever asks, refusals included."""
        language = language_asked(request)
        try:
            return await answer(await self._actor(request, language))
        except MarketError as refusal:
            return refused(refusal, language)
        except BadRequest as refusal:
            words = refusal.message_en if language == "en" else refusal.message_zh
            return JSONResponse({"code": refusal.code, "message": words}, refusal.status)

    async def _actor(self, request: Request, language: Language) -> Actor:
        headers = dict(request.headers.raw)
        authorization = request.headers.get("authorization")
        asked = GraphQLRequest(
            query="",
            operation_name=None,
            variables={},
            accept_language="",
            authorization=authorization,
            request_id=request_id_of(headers),
            media_type=MediaType.JSON,
            may_mutate=False,
            if_none_match=None,
            client="",
            headers=headers,
        )
        return await self._authentication.actor(asked, language)


def language_asked(request: Request) -> Language:
    """The language that is asked for."""
    return "en" if language_of(request.headers.get("accept-language", "")) == "en" else "zh-CN"


def named(kinds: type[K], request: Request, name: str) -> K | None:
    """The member that a part of the path names in lower case, or None."""
    text = request.path_params[name]
    return next((kind for kind in kinds if kind.value.lower() == text), None)


def headers_of(name: str, ending: str) -> dict[str, str]:
    """The headers of a file that is kept, not shown, and by nobody on the way."""
    return {
        "content-disposition": f"attachment; filename*=UTF-8''{quote(f'{name}.{ending}')}",
        "cache-control": "private, no-store",
        "x-content-type-options": "nosniff",
    }


async def pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    """A file, a piece at a time; closed at the end, or when whoever fetches it goes away."""
    try:
        while piece := file.read(_PIECE):
            yield piece
    finally:
        file.close()


def refused(refusal: MarketError, language: Language) -> Response:
    """A refusal as an answer of HTTP."""
    status = next((status for kind, status in _STATUSES if isinstance(refusal, kind)), 409)
    return JSONResponse({"code": refusal.code, "message": refusal.message(language)}, status)
