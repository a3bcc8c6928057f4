"""Callers as they are in production: people signed in on a device of theirs, keys by their text."""

from typing import Any

from market.kernel.errors import Language
from market.kernel.market import Market
from market.kernel.permissions import Actor
from market.people.actors import actor_for
from market.people.caller import Caller
from market.people.codes import make_code
from market.people.passwords import set_password
from market.people.profile.erasure import request_erasure
from market.people.rules import SignInMethod
from market.people.second_factor import set_second_factor
from market.people.sign_in import let_in_step, settled
from market.people.tokens import SignedIn
from schema.edge.http import Answer
from schema.edge.media import MediaType
from schema.edge.requests import GraphQLRequest
from tests.checkout.shop import key
from tests.schema.asking import Asker
from tests.schema.matrix.things import Side
from tests.schema.stalls import ADMIN

_HERE = Caller("203.0.113.7", "Tester/1.0", "手机")
PASSWORD = "correct horse battery"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def sign_in(market: Market, account_id: str) -> SignedIn:
    """A new device of an account, as after password and second factor."""
    with market.transaction() as session:
        outcome = let_in_step(
            session,
            market,
            _HERE,
            account_id=account_id,
            method=SignInMethod.PASSWORD,
            is_strong=True,
            now=market.now(),
        )
    return settled(outcome)


def fill_own(side: Side, *, buyers_phone: str, is_first: bool) -> None:
    """The buyer's other device, an erasure to take back, a password; a number that has a code; a second factor."""
    market, buyer = side.market, side.buyer
    assert buyer.account_id is not None
    if is_first:  # hashing takes its time
        set_password(market, ADMIN, account_id=buyer.account_id, login_name="buyer", password=PASSWORD)
    asking = sign_in(market, buyer.account_id).device_id
    erasure = request_erasure(market, buyer, device_id=asking, key=key(), checks=())
    device = sign_in(market, buyer.account_id)
    side.own(device=device.device_id, erasure=erasure)
    phone = f"1391111000{1 + is_first}"
    side.facts |= {
        "refresh_token": device.refresh_token,
        "phone": phone,
        "code": make_code(market, _HERE, phone=phone).code,
        "old_code": make_code(market, _HERE, phone=buyers_phone).code,
    }
    set_second_factor(market, ADMIN, account_id=side.things["someone"].id, secret=SECRET)


class SignedAsker(Asker):
    """An execution that is asked with credentials: what anybody may do is found out anew each time."""

    def _who(self, market: Market, credential: str, *, request_id: str, locale: Language) -> Actor:
        return actor_for(market, credential, request_id=request_id, locale=locale)

    async def answer_to(self, credential: str | None, query: str, variables: dict[str, Any]) -> Answer:
        """The answer as the edge gets it."""
        return await self.execute(self.request_of(credential, query, variables))

    @staticmethod
    def request_of(credential: str | None, query: str, variables: dict[str, Any]) -> GraphQLRequest:
        """A request with this credential."""
        return GraphQLRequest(
            query=query,
            operation_name=None,
            variables=variables,
            accept_language="zh",
            authorization=credential and f"Bearer {credential}",
            request_id="test",
            media_type=MediaType.GRAPHQL,
            may_mutate=True,
            if_none_match=None,
            client="203.0.113.7",
        )


def credential_of(market: Market, actor: Actor, secrets: dict[str, str]) -> str | None:
    """What the caller shows: nothing, a key's text (by its id), or a new access token."""
    if actor.account_id is None:
        return None
    return secrets.get(actor.account_id) or sign_in(market, actor.account_id).access_token
