"""Who is at the other end before it is known who they are."""

from dataclasses import dataclass

from market.kernel.errors import Language


@dataclass(frozen=True, slots=True)
class Caller:
    """Where a sign-in comes from. The address is only counted by, as a keyed hash; the rest names the device."""

    ip: str
    user_agent: str = ""
    device_name: str = ""
    """What the person calls it, or the app: "小明的手机". May be empty."""
    request_id: str = ""
    locale: Language = "zh-CN"
