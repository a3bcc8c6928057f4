"""What resolvers need besides the marketplace: clients of the outside world and stores, made once from the settings."""

from dataclasses import dataclass, field

from market.checkout.till import on_paid, on_refunded
from market.live.webhooks.address import Policy
from market.media.store import MediaStore
from market.payments.flow import Till
from market.people.gateways.sms import NoSender, SmsSender
from market.people.gateways.wechat import NoWeChat, WeChat


@dataclass(frozen=True, slots=True)
class Services:
    """One process's; tests make their own."""

    media: MediaStore | None = None
    """Where pictures are kept; without it none is taken in."""
    media_url: str = "/media/"
    """What public pictures' addresses begin with."""
    sms: SmsSender = field(default_factory=NoSender)
    """What sends sign-in codes."""
    till: Till = field(default_factory=lambda: Till({}, on_paid, on_refunded))
    """Payment gateways, and what happens to orders when money comes; none until they are set up."""
    webhooks: Policy = field(default_factory=Policy)
    """Which addresses webhooks may call: public ones."""
    wechat: WeChat = field(default_factory=NoWeChat)
    """What says who a mini-program's user is."""
