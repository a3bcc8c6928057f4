"""What payments say no with."""

from market.kernel.errors import Conflict, Unavailable


class NotPayable(Conflict):
    """The order is not waiting to be paid. Facts: `state`."""

    code = "NOT_PAYABLE"
    zh = "订单当前状态为“{state}”，不能支付。"
    en = "The order is “{state}”: there is nothing to pay."

    def __init__(self, *, state: str) -> None:
        super().__init__(state=state)


class PaymentWindowOver(Conflict):
    """It is too late to pay this order."""

    code = "PAYMENT_WINDOW_OVER"
    zh = "支付时间已过，请重新下单。"
    en = "The time to pay is over: order again."


class MethodNotOffered(Conflict):
    """It cannot be paid that way here: the gateway is not set up. `payMethods` says which are."""

    code = "PAY_METHOD_NOT_OFFERED"
    zh = "这里不支持该支付方式，请换一种。"
    en = "It cannot be paid that way here: choose another of `payMethods`."
    retryable = False


class AlreadyPaid(Conflict):
    """The provider has the money already; the order will show it in a moment."""

    code = "ALREADY_PAID"
    zh = "该订单已支付，请稍后刷新查看。"
    en = "It is paid already: look again in a moment."


class TransferDiffers(Conflict):
    """Another amount than the order's came. Facts: `amount`, what must come."""

    code = "TRANSFER_DIFFERS"
    zh = "到账金额与应付 {amount} 元不符，未确认：请将款项原路退回，并请买家按应付金额重新转账。"
    en = (
        "It should be {amount}: nothing was confirmed. Send the money back and let the buyer transfer the exact amount."
    )

    def __init__(self, *, amount: str) -> None:
        super().__init__(amount=amount)


class RefundTooLarge(Conflict):
    """More than is left of the payment. Facts: `left_fen`."""

    code = "REFUND_TOO_LARGE"
    zh = "退款超出可退金额。"
    en = "That is more than is left of the payment."

    def __init__(self, *, left_fen: int) -> None:
        super().__init__(left_fen=left_fen)


class GatewayUnavailable(Unavailable):
    """The payment provider cannot be reached, or did not answer as it should. Try again."""

    code = "GATEWAY_UNAVAILABLE"
    zh = "支付渠道暂时不可用，请稍后重试。"
    en = "The payment provider is not available now: try again."


class ForgedNotice(Exception):
    """Not from the provider, altered, or too old. Answered with 401 and nothing else: it is no refusal to a person."""
