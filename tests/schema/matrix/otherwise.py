"""Where a mutation answers otherwise than its rule says by itself, each with the reason."""

from collections.abc import Mapping

from tests.schema.matrix.callers import Outcome

OTHERWISE: Mapping[str, Mapping[str, Outcome]] = {
    # Bills are the platform's and nobody's region.
    "compareBill": {"staff finance": Outcome.FORBIDDEN, "staff finance elsewhere": Outcome.FORBIDDEN},
    # A visitor names the cart by its token, which is not given here; a person's own is `order:place`, which no key has.
    "openCart": {
        "key": Outcome.FORBIDDEN,
        "key without the scope": Outcome.FORBIDDEN,
        "another seller's key": Outcome.FORBIDDEN,
    },
    "setCartLine": {
        "visitor": Outcome.UNKNOWN,
        "key": Outcome.FORBIDDEN,
        "key without the scope": Outcome.FORBIDDEN,
        "another seller's key": Outcome.FORBIDDEN,
    },
    # It is about one's own role in an organisation: whoever has one there may give it up.
    "leaveOrganisation": {
        "owner": Outcome.OPEN,
        "editor": Outcome.OPEN,
        "fulfilment": Outcome.OPEN,
        "finance": Outcome.OPEN,
        "viewer": Outcome.OPEN,
    },
    # A membership is both sides' to see and to end, but its powers are the producer's alone to give.
    "grantPowers": {"powerless cooperative's owner": Outcome.FORBIDDEN},
    "revokePowers": {"trusted cooperative's owner": Outcome.FORBIDDEN},
    # A schedule is made with its maker's rights from then on: an organisation's people only, and no key, which ends.
    "scheduleReport": {"administrator": Outcome.UNKNOWN, "key": Outcome.FORBIDDEN},
}
"""By mutation and caller."""

TOLD_FORBIDDEN: Mapping[str, str] = {
    "createApiKey": "asks by require(organisation): whose it is, is public",
    "proposePayouts": "asks by require(region): regions are public",
    "resolveBillDifference": "administrators only, whatever the id",
}
"""Whoever has the permission, but not over this, is told Forbidden here, of what is there and what is not alike."""

JUDGED_BEFORE: Mapping[str, str] = {"placeOrder": "EmptyCart"}
"""What strangers may be told instead of NotFound: it is judged before the id is looked up."""

EACH_BY_ITSELF: Mapping[str, str] = {
    "uploadCheckIns": "... on CheckInPayload { tickets { outcome ticket { id } } }",
    "reviewListings": "... on ReviewListingsPayload { outcomes { isDone code message } }",
}
"""Done for many at once, each told by itself: what to ask for, so that it shows."""

NOT_DONE_HERE: Mapping[str, str] = {
    "compareBill": "needs a provider's bill: tests/settlement/test_bills.py",
    "bindWechatPhone": "needs WeChat: tests/schema/people/test_sign_in.py",
    "confirmSecondFactor": "needs a code of this moment: tests/people/test_second_factor.py",
}
"""Mutations that nobody gets done in this world. All others somebody does, so that a refusal is not the input's fault."""
