"""A person changes the number they sign in with, by API."""

from market.kernel.market import Market
from tests.clock import FakeClock
from tests.people.signing import OTHER_PHONE, PHONE
from tests.schema.asking import asked
from tests.schema.people.client import REQUEST, Client

CHANGE = """
mutation Change($input: ChangePhoneInput!) {
  changePhone(input: $input) {
    __typename
    ... on ChangePhonePayload { account { phone devices(first: 5) { nodes { id } } } }
    ... on UserError { code message }
  }
}
"""


def test_a_number_is_changed_and_the_other_device_is_out(market: Market, clock: FakeClock) -> None:
    async def walk(here: Market) -> None:
        other, client = Client(here), Client(here)
        await other.sign_in(PHONE)
        clock.advance(minutes=1)
        mine = await client.sign_in(PHONE)
        clock.advance(minutes=1)
        await client.do(REQUEST, phone=OTHER_PHONE)
        new = client.code
        await client.do(REQUEST, phone=PHONE)
        given = {"phone": OTHER_PHONE, "code": new, "proof": {"oldCode": "000000" if client.code != "000000" else "1"}}

        refused = await client.do(CHANGE, input=given)
        assert (refused["__typename"], refused["code"]) == ("SignInRefused", "WRONG_CODE")
        staff = {**given, "proof": {"staff": {"password": "correct horse battery", "secondFactor": "000000"}}}
        assert (await client.do(CHANGE, input=staff))["code"] == "WRONG_PASSWORD"
        visitor = await Client(here).do(CHANGE, input=given)
        assert visitor["__typename"] == "NotSignedIn"

        changed = await client.do(CHANGE, input={**given, "proof": {"oldCode": client.code}})

        assert changed == {
            "__typename": "ChangePhonePayload",
            "account": {"phone": "199****0002", "devices": {"nodes": [{"id": mine["deviceId"]}]}},
        }
        assert (await other.ask("{ me { id } }"))["status"] == 401

    asked(market, walk)
