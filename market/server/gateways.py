"""The outside world that sign-in speaks to, as the settings say: whoever sends messages to phones, and WeChat."""

from market.kernel.market import Market
from market.people.gateways.calls import open_client
from market.people.gateways.sms import ConsoleSender, NoSender, SmsSender
from market.people.gateways.tencent import TencentAccount, TencentSms
from market.people.gateways.wechat import MiniProgram, NoWeChat, WeChat
from market.server.logs import Log
from market.server.settings import Settings


def open_sms(settings: Settings, market: Market, log: Log) -> SmsSender:
    """What sends one-time codes, for the life of the process."""
    match settings.sms:
        case "console":
            return ConsoleSender(log)
        case "tencent":
            account = TencentAccount(
                secret_id=settings.sms_secret_id,
                secret_key=settings.sms_secret_key.get_secret_value(),
                app_id=settings.sms_app_id,
                sign_name=settings.sms_sign_name,
                template_id=settings.sms_template_id,
            )
            return TencentSms(open_client(), account, log=log, clock=market.now)
        case "off":
            return NoSender()


def open_wechat(settings: Settings, market: Market, log: Log) -> WeChat:
    """What asks WeChat who somebody is, for the life of the process."""
    if not settings.wechat_app_id:
        return NoWeChat()
    return MiniProgram(
        open_client(),
        app_id=settings.wechat_app_id,
        app_secret=settings.wechat_app_secret.get_secret_value(),
        log=log,
        clock=market.now,
    )
