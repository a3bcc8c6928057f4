"""What WeChat sends by itself: signed, sealed, again and again until it is answered with 2xx, and sometimes a probe
whose signature is wrong on purpose."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from market.payments.errors import ForgedNotice
from market.payments.gateways.wechat.client import refund_of, trade_of
from market.payments.gateways.wechat.signing import Credentials, unseal, verify
from market.payments.port import RefundAnswer, Trade


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice that is WeChat's, opened: of a trade or of a refund."""

    id: str
    event: str
    trade: Trade | None = None
    refund: RefundAnswer | None = None


def read_notice(credentials: Credentials, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
    """A notice, verified before it is opened; or refuses with ForgedNotice: not WeChat's, altered, too old, sealed with
    another key, of another merchant or app. `headers` by lower-case name."""
    verify(credentials, headers, body, now)
    try:
        told = json.loads(body)
        resource = told["resource"]
        opened = json.loads(
            unseal(
                credentials,
                ciphertext=resource["ciphertext"],
                nonce=resource["nonce"],
                associated_data=resource.get("associated_data", ""),
            )
        )
        if opened.get("mchid") != credentials.mchid or opened.get("appid", credentials.appid) != credentials.appid:
            raise ForgedNotice("of another merchant")
        notice_id, event = str(told["id"])[:64], str(told["event_type"])[:64]
        if event.startswith("REFUND."):
            return Notice(notice_id, event, refund=refund_of(opened))
        return Notice(notice_id, event, trade=trade_of(opened))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ForgedNotice("not a notice") from error
