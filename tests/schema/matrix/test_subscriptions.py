"""Every subscription × every kind of caller: authorised when it begins, refused as its rule says, and told alike of what
is a stranger's and of what is not there."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from market.live.feed import Feed
from market.people.actors import actor_for
from schema.authentication import Authentication
from schema.edge.http import Answer
from schema.live.execution import LiveExecution, Parts
from tests.schema.asking import SCHEMA
from tests.schema.matrix.callers import Outcome
from tests.schema.matrix.scene import build_scene
from tests.schema.matrix.trying import Stage

GIVEN: Mapping[str, tuple[str, str, str]] = {
    "orderUpdated": ("orderId", "unpaid_order", "{ id state }"),
    "sellerOrders": ("organisationId", "organisation", "{ id state }"),
    "sessionAvailability": ("packageId", "package", "{ id status }"),
}
"""What each is asked with: the argument, the thing, what to show."""
COLLEAGUES = {
    "sellerOrders": ("trusted cooperative's owner", "trusted cooperative's fulfilment", "trusted cooperative's finance")
}
"""A cooperative's people with the power to fulfil see orders too."""
SHOWN_AT_ONCE = {"orderUpdated"}
REFUSALS = {"UNAUTHENTICATED": Outcome.NOT_SIGNED_IN, "FORBIDDEN": Outcome.FORBIDDEN, "NOT_FOUND": Outcome.UNKNOWN}


@pytest.fixture(scope="module", name="stage")
def _stage(databases: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with build_scene(databases) as scene, Stage.over(scene, tmp_path_factory.mktemp("media")) as stage:
        yield stage


def test_it_is_open_to_whom_it_is_for_and_to_nobody_else(stage: Stage) -> None:
    assert SCHEMA.subscription_type is not None
    assert set(SCHEMA.subscription_type.fields) == set(GIVEN), "say in GIVEN what a new one is asked with"
    wrong = stage.runner.run(_all(stage))
    assert not wrong, "\n".join(wrong)


async def _all(stage: Stage) -> list[str]:
    asker, market = stage.asker, stage.scene.market
    authentication = Authentication(market, actor_for)
    parts = Parts(
        market, SCHEMA, asker.documents, asker.planner, asker.delivery, authentication=authentication, log=asker.log
    )
    feed = Feed(market, asker.log)
    live = LiveExecution(parts, feed, asker.execute)
    wrong = []
    try:
        for name, (_argument, thing, _shown) in GIVEN.items():
            mine = stage.scene.here.things[thing]
            for caller in stage.scene.callers.by_name:
                expected = _expected(stage, name, caller)
                told, body = await _begun(stage, live, name, caller, mine.id)
                if told is not expected:
                    wrong.append(f"{caller} of {name} should be told {expected}, was told {told}: {body!r}")
                if expected is Outcome.UNKNOWN and body != (await _begun(stage, live, name, caller, mine.unknown))[1]:
                    wrong.append(f"{caller} can tell {name} from an unknown one")
    finally:
        await feed.close()
    return wrong


def _expected(stage: Stage, name: str, caller: str) -> Outcome:
    assert SCHEMA.subscription_type is not None
    if caller in COLLEAGUES.get(name, ()):
        return Outcome.OPEN
    rule = SCHEMA.subscription_type.fields[name].extensions["rule"]
    return stage.scene.callers.expected(caller, rule, [stage.scene.here.things[GIVEN[name][1]]])


async def _begun(stage: Stage, live: LiveExecution, name: str, caller: str, thing_id: str) -> tuple[Outcome, bytes]:
    """How it began, and what was told first."""
    argument, _thing, shown = GIVEN[name]
    document = f"subscription Try($id: ID!) {{ {name}({argument}: $id) {shown} }}"
    request = stage.asker.request_of(stage.scene.callers.credentials[caller], document, {"id": thing_id})
    begun = await live.perform(request)
    if isinstance(begun, Answer):
        body = begun.body
    else:
        body = (await begun.next() or b"") if name in SHOWN_AT_ONCE else b""
        await begun.close()
    return next((outcome for code, outcome in REFUSALS.items() if f'"{code}"'.encode() in body), Outcome.OPEN), body
