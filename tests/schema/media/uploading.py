"""Uploads through an execution, and through the edge before it."""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from sqlmodel import func, select

from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor
from market.media.store import MediaStore
from market.media.tables import Media
from schema.edge.http import GraphQLEndpoint
from schema.edge.multipart import Upload, UploadLimits
from schema.services import Services
from tests.media.files import jpeg
from tests.organisations.county import key
from tests.schema.asking import Asker, asked
from tests.server.edge.asgi import Response
from tests.server.edge.forms import MULTIPART

UPLOAD = """mutation($file: Upload!, $kind: MediaKind!, $organisation: ID, $key: ID!) {
  uploadPicture(input: {file: $file, kind: $kind, organisation: $organisation}, idempotencyKey: $key) {
    __typename
    ... on UploadPicturePayload { media { id kind url small: url(size: SMALL) width height createdAt expiresAt } }
    ... on UserError { code message path retryable }
    ... on UnusableImage { field reason allowed }
    ... on InvalidInput { field allowed }
    ... on NotFound { field }
  }
}"""
READ = "query($id: ID!) { media(id: $id) { id kind url(size: MEDIUM) expiresAt } node(id: $id) { id } }"
PICTURE = jpeg(640, 480)


@contextmanager
def upload_of(content: bytes) -> Iterator[Upload]:
    """A file as the edge hands it over, and takes it away again."""
    upload = Upload()
    upload.write(content)
    upload.file.seek(0)
    yield upload
    upload.file.close()


def run(market: Market, store: MediaStore | None, ask: Callable[[Asker], Coroutine[Any, Any, Any]]) -> Any:
    async def over(here: Market) -> Any:
        return await ask(Asker(here, services=Services(media=store)))

    return asked(market, over)


def upload(
    market: Market,
    store: MediaStore | None,
    actor: Actor,
    *,
    content: bytes = PICTURE,
    kind: str = "LISTING",
    organisation: str | None = None,
    language: str = "en",
) -> Any:
    """What `uploadPicture` answers."""
    with upload_of(content) as file:
        variables = {"file": file, "kind": kind, "organisation": organisation, "key": key()}
        data = run(market, store, lambda asker: asker.data(UPLOAD, variables, actor=actor, language=language))
    return data["uploadPicture"]


def read(market: Market, media_id: str, actor: Actor) -> Any:
    return run(market, None, lambda asker: asker.ask(READ, {"id": media_id}, actor=actor))


def rows(market: Market) -> int:
    with market.read() as session:
        return session.exec(select(func.count()).select_from(Media)).one()


def post(market: Market, store: MediaStore, actor: Actor, body: bytes, *, is_cached: bool = False) -> Response:
    """Send a form through the edge; the answer."""
    sent: list[Any] = []

    async def over(here: Market) -> None:
        asker = Asker(here, services=Services(media=store), is_cached=is_cached)
        asker._actors["me"] = actor
        endpoint = GraphQLEndpoint(asker.execute, log=_Silent(), observe=lambda _seen: None, uploads=UploadLimits())
        messages = iter([body[at : at + 65536] for at in range(0, len(body), 65536)])
        pairs = {**MULTIPART, "accept-language": "en", **({} if actor is VISITOR else {"authorization": "Bearer me"})}

        async def receive() -> dict[str, Any]:
            piece = next(messages, b"")
            return {"type": "http.request", "body": piece, "more_body": bool(piece)}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/graphql",
            "headers": [(name.encode(), value.encode()) for name, value in pairs.items()],
            "client": ("192.0.2.7", 1),
        }
        await endpoint(scope, receive, send)

    asked(market, over)
    return Response(sent[0]["status"], {}, sent[1]["body"])


class _Silent:
    """A log that fails the test when something unexpected is told."""

    def error(self, msg: str, /, **facts: Any) -> None:
        raise AssertionError(msg) from facts["exc_info"]
