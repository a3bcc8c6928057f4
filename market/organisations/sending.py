"""What the worker does with the outbox message of an invitation: tell the number, if it can still be answered.

An invitation counts without it too: whoever signs in with the number sees it.
"""

from collections.abc import Callable

from market.kernel.market import Market
from market.kernel.outbox import Claimed
from market.organisations.rules import InvitationState
from market.organisations.steps import organisation_of
from market.organisations.tables import INVITED_PHONE, Invitation

Tell = Callable[[str, str], None]
"""Sends (phone, organisation's name), or raises to be called again."""


def send_invitation(market: Market, message: Claimed, tell: Tell) -> bool:
    """Send one invitation, outside any transaction; whether there was anything left to send. May run again for the same
    message: the number is then told twice."""
    now = market.now()
    with market.read() as session:
        invitation = session.get(Invitation, message.payload["invitation_id"])
        if invitation is None or invitation.state is not InvitationState.OPEN or invitation.expires_at <= now:
            return False
        organisation = organisation_of(session, invitation.organisation_id)
    assert invitation.phone_sealed is not None, "an open invitation has its number"
    tell(market.sealer.open(invitation.phone_sealed, purpose=INVITED_PHONE), organisation.name)
    return True
