"""Every mutation × every kind of caller, made from the schema: refused as is written, with nothing changed; told alike
of what is a stranger's and of what is not there; open to whom it is for."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.schema.asking import SCHEMA
from tests.schema.matrix.callers import Outcome
from tests.schema.matrix.hints import HINTS
from tests.schema.matrix.inputs import Attempt, attempt
from tests.schema.matrix.otherwise import EACH_BY_ITSELF, JUDGED_BEFORE, NOT_DONE_HERE, TOLD_FORBIDDEN
from tests.schema.matrix.scene import build_scene
from tests.schema.matrix.trying import Stage, Told

assert SCHEMA.mutation_type is not None
MUTATIONS = SCHEMA.mutation_type.fields
REFUSED = {"NotSignedIn", "Forbidden", "NotFound"}


@pytest.fixture(scope="module", name="stage")
def _stage(databases: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with build_scene(databases) as scene, Stage.over(scene, tmp_path_factory.mktemp("media")) as stage:
        yield stage


@pytest.fixture(name="tried")
def _tried(request: pytest.FixtureRequest) -> Attempt:
    name = request.param
    return attempt(name, MUTATIONS[name], HINTS, more=EACH_BY_ITSELF.get(name, ""))


@pytest.mark.parametrize("tried", MUTATIONS, indirect=True)
def test_it_is_open_to_whom_it_is_for_and_to_nobody_else(stage: Stage, tried: Attempt) -> None:
    wrong: list[str] = []
    open_to: list[str] = []
    done_by: list[str] = []
    for caller in stage.scene.callers.by_name:
        match expected := stage.expected(caller, tried):
            case Outcome.OPEN:
                told = stage.rehearsed(caller, tried)
                open_to.append(caller)
                done_by += [caller] if told.is_done else []
                if told.kind in REFUSED and not _is_about_something_else(tried, told):
                    wrong.append(f"{caller} should get past the permission, was told {told}")
            case Outcome.UNKNOWN:
                wrong += _as_unknown(stage, caller, tried)
            case _:
                told, changed = stage.refusal(caller, tried)
                if told.kind != expected or changed:
                    wrong.append(
                        f"{caller} should be told {expected}, was told {told}; changed: {changed or 'nothing'}"
                    )
    if (not done_by) != (tried.name in NOT_DONE_HERE):
        wrong.append(f"done by {done_by or 'nobody'}: see NOT_DONE_HERE; open to {open_to}")
    wrong += [each for caller in _rightful(done_by) for each in _foreign_ids(stage, caller, tried)]
    assert not wrong, "\n".join([str(tried.given), *wrong])


def _as_unknown(stage: Stage, caller: str, tried: Attempt) -> list[str]:
    """A stranger is told the same of what is there and of what is not, and changes nothing."""
    unknown = {name: stage.scene.here.things[name].unknown for name in tried.named}
    told, changed = stage.refusal(caller, tried)
    blank, changed_too = stage.refusal(caller, tried, **unknown)
    kinds = {"Forbidden" if tried.name in TOLD_FORBIDDEN else "NotFound", JUDGED_BEFORE.get(tried.name, "NotFound")}
    wrong = []
    if not (
        told.is_done and tried.name in EACH_BY_ITSELF
    ):  # then the caller's key is kept, and what is told is compared
        if told.kind not in kinds:
            wrong.append(f"{caller} should be told {' or '.join(kinds)}, was told {told}")
        if changed | changed_too:
            wrong.append(f"{caller} was told {told}, but changed {sorted(changed | changed_too)}")
    if told.body != blank.body:
        wrong.append(f"{caller} can tell it from an unknown one: {told}, and {blank}")
    return wrong


def _foreign_ids(stage: Stage, caller: str, tried: Attempt) -> list[str]:
    """Whoever may do it with their own things, may not with one of somebody else's among them."""
    wrong = []
    for name in tried.named:
        theirs = stage.rehearsed(caller, tried, **{name: stage.scene.there.things[name].id})
        unknown = stage.rehearsed(caller, tried, **{name: stage.scene.there.things[name].unknown})
        if theirs.is_done and tried.name not in EACH_BY_ITSELF:
            wrong.append(f"{caller} did it with the other half's {name}")
        if theirs.body != unknown.body:
            wrong.append(f"{caller} can tell the other half's {name} from an unknown one: {theirs}, and {unknown}")
    return wrong


def _rightful(done_by: list[str]) -> list[str]:
    """One of those who did it and whose rights end somewhere."""
    return [caller for caller in done_by if caller != "administrator"][:1]


def _is_about_something_else(tried: Attempt, told: Told) -> bool:
    """Whether NotFound is said of something that is not named in the input."""
    return told.kind == "NotFound" and not tried.named
