"""A stage on which mutations are tried, one caller after the other, and what became of each try."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from market.checkout.till import on_paid, on_refunded
from market.media.links import Links
from market.media.objects import open_objects
from market.media.store import MediaStore
from market.payments.flow import Till
from market.payments.gateways.sandbox import Sandbox
from schema.services import Services
from tests.schema.asking import SCHEMA
from tests.schema.matrix.callers import Outcome
from tests.schema.matrix.inputs import Attempt, uploads
from tests.schema.matrix.otherwise import OTHERWISE
from tests.schema.matrix.scene import Scene
from tests.schema.matrix.signed import SignedAsker
from tests.schema.matrix.watching import Watch

assert SCHEMA.mutation_type is not None
MUTATIONS = SCHEMA.mutation_type.fields


class _Phone:
    """Takes every message."""

    async def send_code(self, phone: str, code: str) -> None:
        """Forget it."""


@dataclass(frozen=True)
class Told:
    """What a caller was answered: the whole body, and the result's type."""

    body: bytes
    kind: str
    error: dict[str, Any] | None

    def __str__(self) -> str:
        return self.kind if self.error is None else f"{self.kind} ({self.error['message']})"

    @property
    def is_done(self) -> bool:
        """Whether it was done."""
        return self.error is None


@dataclass
class Stage:
    """The world, an execution over it, and somebody who watches the tables."""

    scene: Scene
    asker: SignedAsker
    watch: Watch
    runner: asyncio.Runner

    @classmethod
    @contextmanager
    def over(cls, scene: Scene, folder: Path) -> Iterator["Stage"]:
        """With services as in development; `folder` is where pictures are kept."""
        market = scene.market
        sandbox = Sandbox(market.now)
        till = Till({"sandbox": sandbox}, on_paid, on_refunded)
        store = MediaStore(open_objects(folder.as_uri()), Links.of(market.sealer, public_url="/media/"))
        services = Services(media=store, till=till, sms=_Phone())
        asker = SignedAsker(market, services=services)
        with asyncio.Runner() as runner, closing(store):
            try:
                for each in scene.callers.credentials.values():
                    runner.run(asker.answer_to(each, "{ __typename }", {}))  # that a key was used, is noted now
                with closing(Watch(scene.database)) as watch:
                    yield cls(scene, asker, watch, runner)
            finally:
                runner.run(market.database.reader.close())

    def expected(self, caller: str, attempt: Attempt) -> Outcome:
        """What the caller is to be told."""
        otherwise = OTHERWISE.get(attempt.name, {})
        if caller in otherwise:
            return otherwise[caller]
        rule = MUTATIONS[attempt.name].extensions["rule"]
        return self.scene.callers.expected(caller, rule, attempt.things(self.scene.here))

    def refusal(self, caller: str, attempt: Attempt, **instead: str) -> tuple[Told, set[str]]:
        """What a caller is told, and which tables were changed by it."""
        told = self._ask(caller, attempt, instead)
        return told, self.watch.changed()

    def rehearsed(self, caller: str, attempt: Attempt, **instead: str) -> Told:
        """What a caller is told; whatever it does is undone."""
        with self.scene.database.rehearsal():
            return self._ask(caller, attempt, instead)

    def _ask(self, caller: str, attempt: Attempt, instead: dict[str, str]) -> Told:
        variables = attempt.variables(self.scene.here, **instead)
        credential = self.scene.callers.credentials[caller]
        answer = self.runner.run(self.asker.answer_to(credential, attempt.document, variables))
        for each in uploads(variables):
            each.file.close()
        response = json.loads(answer.body)
        assert "errors" not in response, (caller, attempt.name, variables, response["errors"], self.asker.log.masked)
        found = response["data"]["it"]
        return Told(answer.body, found["__typename"], found if "code" in found else None)
