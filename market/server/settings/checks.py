"""Settings that do not go together, or that production must not be started with."""

import typing
from typing import TYPE_CHECKING

from market.kernel.market import UNSAFE_SECRET

if TYPE_CHECKING:
    from market.server.settings.fields import Settings

_SECRET_LENGTH_MIN = 32


def incomplete(settings: "Settings") -> typing.Iterator[str]:
    """What is set by halves."""
    needed = ("sms_secret_id", "sms_secret_key", "sms_app_id", "sms_sign_name", "sms_template_id")
    for name in needed if settings.sms == "tencent" else ():
        if not getattr(settings, name):
            yield f"MARKET_{name.upper()}: MARKET_SMS=tencent needs it"
    if bool(settings.wechat_app_id) != bool(settings.wechat_app_secret):
        yield "MARKET_WECHAT_APP_SECRET: set it together with MARKET_WECHAT_APP_ID, or neither"
    needed = ("serial_no", "private_key", "api_key", "public_key_id", "public_key")
    for name in needed if settings.wechat_pay_mchid else ():
        if not getattr(settings, f"wechat_pay_{name}"):
            yield f"MARKET_WECHAT_PAY_{name.upper()}: MARKET_WECHAT_PAY_MCHID needs it"
    if settings.wechat_pay_mchid and not settings.wechat_app_id:
        yield "MARKET_WECHAT_APP_ID: MARKET_WECHAT_PAY_MCHID needs it"
    if bool(settings.kuaidi100_key.get_secret_value()) != bool(settings.kuaidi100_customer):
        yield "MARKET_KUAIDI100_CUSTOMER: set it together with MARKET_KUAIDI100_KEY, or neither"


def unsafe(settings: "Settings") -> typing.Iterator[str]:
    """What production must not be started with, and what to do instead."""
    secret = settings.secret.get_secret_value()
    if secret == UNSAFE_SECRET or len(secret) < _SECRET_LENGTH_MIN:
        yield "MARKET_SECRET: production needs a secret of its own; make one with `openssl rand -base64 48`"
    if settings.graphiql:
        yield "MARKET_GRAPHIQL: GraphiQL is for development; remove it or set it to false"
    if settings.sandbox:
        yield "MARKET_SANDBOX: it takes no money; remove it or set it to false"
    if settings.sms == "console":
        yield "MARKET_SMS: the console shows sign-in codes to whoever reads the log; set it to tencent or off"
    if settings.media_store.startswith("memory:"):
        yield "MARKET_MEDIA_STORE: memory:/// is gone with the process; use a folder or a bucket"
    for origin in settings.allowed_origins:
        if not origin.startswith("https://") or "*" in origin:
            yield f"MARKET_ALLOWED_ORIGINS: {origin!r} is not safe; name each site as https://shop.example.cn"
