"""The settings of sign-in, and what they make of the outside world."""

import pytest
import structlog

from market.kernel.market import Market
from market.people.gateways.sms import ConsoleSender, NoSender
from market.people.gateways.tencent import TencentSms
from market.people.gateways.wechat import MiniProgram, NoWeChat
from market.server.gateways import open_sms, open_wechat
from market.server.settings import SettingsError, read_settings

LOG = structlog.get_logger()
SECRET = "a-secret-of-this-installation-alone-0123456789"
TENCENT = {
    "sms": "tencent",
    "sms_secret_id": "AKIDEXAMPLE",
    "sms_secret_key": "the-secret-key",
    "sms_app_id": "1400006666",
    "sms_sign_name": "数字乡村集市",
    "sms_template_id": "1110",
}
WECHAT = {"wechat_app_id": "wx0123456789abcdef", "wechat_app_secret": "the-app-secret"}


def production(**given: object) -> object:
    return read_settings(environment="production", secret=SECRET, **given)


def test_codes_go_to_the_log_in_development_and_nowhere_in_production() -> None:
    assert read_settings().sms == "console"
    assert read_settings(environment="production", secret=SECRET).sms == "off"
    with pytest.raises(SettingsError, match="MARKET_SMS: the console shows sign-in codes"):
        production(sms="console")


def test_a_provider_that_is_set_by_halves_is_refused_with_what_is_missing() -> None:
    for name in TENCENT.keys() - {"sms"}:
        with pytest.raises(SettingsError, match=f"MARKET_{name.upper()}: MARKET_SMS=tencent needs it"):
            read_settings(**{**TENCENT, name: ""})
    for name in WECHAT:
        with pytest.raises(SettingsError, match="MARKET_WECHAT_APP_SECRET: set it together"):
            read_settings(**{**WECHAT, name: ""})


def test_settings_hide_the_secrets_of_providers() -> None:
    shown = repr(production(**TENCENT, **WECHAT))

    assert "the-secret-key" not in shown
    assert "the-app-secret" not in shown


def test_the_settings_open_what_they_name(market: Market) -> None:
    assert isinstance(open_sms(read_settings(), market, LOG), ConsoleSender)
    assert isinstance(open_sms(read_settings(sms="off"), market, LOG), NoSender)
    assert isinstance(open_sms(read_settings(**TENCENT), market, LOG), TencentSms)
    assert isinstance(open_wechat(read_settings(), market, LOG), NoWeChat)
    assert isinstance(open_wechat(read_settings(**WECHAT), market, LOG), MiniProgram)
