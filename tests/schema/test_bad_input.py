"""Whatever is sent: a typed refusal that says what is wrong, or the answer that the rows give. Nothing else."""

import json
from typing import Any

import pytest

from market.kernel.market import Market
from tests.schema.asking import SCHEMA, Asker, asked
from tests.schema.bad import REFUSED, Case
from tests.schema.harmless import HARMLESS
from tests.schema.oracle.answers import Oracle
from tests.schema.test_oracle import is_same, told

CODES = {"BAD_USER_INPUT", "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "QUERY_TOO_COMPLEX"}


@pytest.fixture(scope="module", name="oracle")
def _oracle(seeded_market: Market) -> Oracle:
    return Oracle(seeded_market, SCHEMA)


def is_chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_what_can_never_work_is_refused_in_words(seeded_market: Market, case: Case) -> None:
    async def ask(here: Market) -> list[Any]:
        asker = Asker(here)
        responses = [
            json.loads((await asker.answer(case.document, case.variables, language=language)).body)
            for language in ("zh-CN,zh;q=0.9", "en-GB,en;q=0.5")
        ]
        assert not asker.log.masked
        return responses

    for response, is_zh in zip(asked(seeded_market, ask), (True, False), strict=True):
        assert not any((response.get("data") or {}).values()), response
        assert response["errors"]
        for error in response["errors"]:
            assert error["extensions"]["code"] in CODES
            assert error["message"].strip()
            # What graphql-core says is for programmers, and English.
            if "retryable" in error["extensions"] or error["extensions"]["code"] == "QUERY_TOO_COMPLEX":
                assert is_chinese(error["message"]) is is_zh
                assert error["extensions"].get("retryable") is not True


@pytest.mark.parametrize("case", HARMLESS, ids=str)
def test_what_looks_dangerous_is_only_text(seeded_market: Market, oracle: Oracle, case: Case) -> None:
    async def ask(here: Market) -> Any:
        asker = Asker(here)
        response = await asker.ask(case.document, case.variables)
        assert not asker.log.masked
        return response

    response = asked(seeded_market, ask)
    assert "errors" not in response
    assert is_same(told(response), oracle.answer(case.document, case.variables))
