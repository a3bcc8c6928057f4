"""The port through which one-time codes go to phones, and its two simplest ends."""

from typing import Any, Protocol

from market.kernel.errors import Unavailable
from market.kernel.phones import masked


class SmsSender(Protocol):
    """Sends messages to mainland mobile numbers."""

    async def send_code(self, phone: str, code: str) -> None:
        """Hand a one-time code over to be sent, or refuse: Unavailable; TooManyAttempts when the provider limits this
        number; Invalid when it says that there is none such."""


class CodeLog(Protocol):
    """The log, as far as it is needed here."""

    def info(self, event: str, **facts: Any) -> None:
        """Write it."""


class ConsoleSender:
    """For development: the code goes to the server's log, the phone gets nothing. Production refuses it."""

    def __init__(self, log: CodeLog) -> None:
        self._log = log

    async def send_code(self, phone: str, code: str) -> None:
        """Write it."""
        self._log.info("one-time code, development only", phone=masked(phone), one_time_code=code)


class NoSender:
    """For a marketplace that has no provider: phones cannot sign in."""

    async def send_code(self, phone: str, code: str) -> None:
        """Refuse with Unavailable."""
        raise Unavailable
