"""WeChat Pay, API v3 (https://pay.weixin.qq.com/doc/v3/merchant): direct merchant, public-key mode.

`signing.py`: what is signed and sealed. `client.py`: the gateway. `notices.py`: what WeChat sends by itself.
"""

from market.payments.gateways.wechat.client import WeChatPay
from market.payments.gateways.wechat.notices import read_notice
from market.payments.gateways.wechat.signing import Credentials

__all__ = ["Credentials", "WeChatPay", "read_notice"]
