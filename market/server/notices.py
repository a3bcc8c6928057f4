"""Notices at the server: by which sender, and which messages of the outbox they come from."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

import httpx

from market.catalogue.review.decide import REVIEWED
from market.catalogue.review.expiry import TOPIC as PAPER_ENDS
from market.kernel.errors import Invalid
from market.kernel.market import Market
from market.kernel.outbox import Claimed
from market.kernel.phones import masked
from market.live.notices import (
    Notice,
    Teller,
    tell_invited,
    tell_of_paper,
    tell_of_review,
    tell_of_statement,
    tell_of_webhook,
)
from market.live.webhooks.send import DISABLED
from market.organisations.manage.invitations import SEND_TOPIC
from market.people.gateways.calls import TIMEOUT
from market.people.gateways.tencent import TencentAccount, TencentSms
from market.server.logs import Log
from market.server.settings import Settings
from market.server.worker import Handler
from market.settlement.statements.answer import ISSUED


class ConsoleTeller:
    """For development: what would be sent goes to the log, the phone gets nothing."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def tell(self, phone: str, notice: Notice, parameters: Sequence[str]) -> None:
        """Write it."""
        self._log.info(
            "notice, development only", phone=masked(phone), notice=notice.value, parameters=list(parameters)
        )


class NoTeller:
    """Where nobody is told: what there is to tell stays in the API."""

    def tell(self, phone: str, notice: Notice, parameters: Sequence[str]) -> None:
        """Nothing."""


class TencentTeller:
    """By Tencent Cloud SMS; a notice whose template is not set is not sent."""

    def __init__(
        self,
        account: TencentAccount,
        templates: Mapping[Notice, str],
        *,
        log: Log,
        market: Market,
        connect: Callable[[], httpx.AsyncClient] = lambda: httpx.AsyncClient(timeout=TIMEOUT),
    ) -> None:
        self._account = account
        self._templates = templates
        self._log = log
        self._market = market
        self._connect = connect

    def tell(self, phone: str, notice: Notice, parameters: Sequence[str]) -> None:
        """Send it; a number that does not exist is not tried again."""
        template = self._templates.get(notice)
        if template:
            asyncio.run(self._send(phone, template, parameters))

    async def _send(self, phone: str, template: str, parameters: Sequence[str]) -> None:
        async with self._connect() as client:
            sms = TencentSms(client, self._account, log=self._log, clock=self._market.now)
            try:
                await sms.send_template(phone, template, parameters)
            except Invalid:
                self._log.warning("notice not sent: no such number", phone=masked(phone))


def open_teller(settings: Settings, market: Market, log: Log) -> Teller:
    """The sender, as the settings say."""
    match settings.sms:
        case "console":
            return ConsoleTeller(log)
        case "tencent":
            account = TencentAccount(
                secret_id=settings.sms_secret_id,
                secret_key=settings.sms_secret_key.get_secret_value(),
                app_id=settings.sms_app_id,
                sign_name=settings.sms_sign_name,
                template_id=settings.sms_template_id,
            )
            templates = {
                Notice.INVITATION: settings.sms_invitation_template_id,
                Notice.PAPER_ENDS: settings.sms_paper_template_id,
                Notice.REVIEWED: settings.sms_review_template_id,
                Notice.STATEMENT: settings.sms_statement_template_id,
                Notice.WEBHOOK_OFF: settings.sms_webhook_template_id,
            }
            return TencentTeller(account, templates, log=log, market=market)
        case "off":
            return NoTeller()


def notice_handlers(market: Market, teller: Teller) -> dict[str, Handler]:
    """What tells people, by the outbox's topics."""

    def handler(tell: Callable[[Market, Claimed, Teller], object]) -> Handler:
        def handle(message: Claimed) -> None:
            tell(market, message, teller)

        return handle

    return {
        SEND_TOPIC: handler(tell_invited),
        PAPER_ENDS: handler(tell_of_paper),
        REVIEWED: handler(tell_of_review),
        ISSUED: handler(tell_of_statement),
        DISABLED: handler(tell_of_webhook),
    }
