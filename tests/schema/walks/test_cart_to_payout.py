"""One order of produce and a dated visit, from a stranger's cart to the seller's bank, by API; every fen on the way.

Three boxes of peaches at ¥88.00 and two adults' visit at ¥128.00 that comes with a bag each: ¥520.00, delivered for
¥12.00, less a voucher of ¥30.00 that the county pays. The platform takes 5 %. Half of a box is spoilt.
"""

from typing import Any

from market.kernel.market import Market
from tests.aftersales.claiming import photo
from tests.checkout.shop import VISIT_DAY, key
from tests.clock import FakeClock
from tests.schema.asking import asked
from tests.schema.walks.walking import CODE, COUNTY, VILLAGE, Walk, build, finance

CART = f"""
query Cart($token: String) {{
  cart(token: $token, region: "{VILLAGE}", codes: ["{CODE}"]) {{
    id payable {{ amount }} problems {{ kind }}
    lines {{ title payable {{ amount }} units {{ name count }} }}
    sellers {{ delivery {{ amount }} offers {{ method fee {{ amount }} }} }}
  }}
}}"""
PLACED = """
... on OrderPayload { order {
  id number state payable { amount }
  sellerOrders { id lines { id kind title quantity payable { amount } } }
  bookings { id state tickets { id state } }
} }
... on OrderNotPlaced { problems { kind line } }"""
ORDER = """
query Order($id: ID!) {
  order(id: $id) {
    state refunded { amount } refunds { amount { amount } state reason }
    sellerOrders { state lines { kind refunded { amount } } shipments { state method trackingStatus } }
    bookings { state tickets { code state } }
  }
}"""
BALANCE = """
query Balance($party: ID!) {
  settlementBalance(party: $party) { pending { amount } payable { amount } onItsWay { amount } }
}"""
STATEMENT = """
query { statements { nodes { id state opening { amount } released { amount } refunded { amount } closing { amount } } } }
"""
CAMPAIGN = "query Campaign($id: ID!) { node(id: $id) { ... on VoucherCampaign { spent { amount } usedCount } } }"
SALES = """
query { salesReport(range: { from: "2026-06-01", to: "2026-06-30" }) {
  totals { orders buyers gross { amount } net { amount } paid { amount } payable { amount } refunded { amount } }
} }"""
BATCH = "... on PayoutBatchPayload { batch { id state total { amount } payouts { nodes { id state } } } }"


def fen(*amounts: str) -> dict[str, dict[str, str]]:
    """A balance: what is pending, payable, on its way."""
    return {name: {"amount": amount} for name, amount in zip(("pending", "payable", "onItsWay"), amounts, strict=True)}


def test_from_a_strangers_cart_to_the_sellers_bank(market: Market, clock: FakeClock) -> None:
    world = build(market)

    async def walk(here: Market) -> None:
        walk = Walk(here, clock, world)
        await Buyer(walk).goes()

    asked(market, walk)


class Buyer:
    """The walk, in the order in which it happens."""

    def __init__(self, walk: Walk) -> None:
        self.walk, self.world, self.shop = walk, walk.world, walk.world.shop
        self.order: dict[str, Any] = {}

    async def goes(self) -> None:
        """From the cart to the bank."""
        token = await self.fills_a_cart_as_a_visitor()
        await self.signs_in_and_takes_it_along(token)
        await self.taps_twice_and_has_one_order()
        await self.pays_by_wechat()
        await self.gets_the_peaches()
        await self.complains_of_half_a_box()
        await self.comes_with_a_friend()
        await self.writes_a_review()
        await self.seller_is_paid()

    async def balance(self, pending: str, payable: str, on_its_way: str = "0.00") -> None:
        """What the seller has, by the ledger."""
        party = self.shop.stalls.producer
        assert await self.walk.ask(BALANCE, self.world.seller, party=party) == fen(pending, payable, on_its_way)

    async def order_now(self) -> Any:
        """The order as its buyer sees it."""
        return await self.walk.ask(ORDER, self.buyer, id=self.order["id"])

    async def fills_a_cart_as_a_visitor(self) -> str:
        walk, shop = self.walk, self.shop
        token: str = (await walk.do("openCart", "... on CartPayload { token }"))["token"]
        tickets = f'units: [{{ unitTypeId: "{shop.adult}", count: 2 }}], participants: ["林一", "林二"]'
        for line in (
            f'variant: {{ variantId: "{shop.peaches}", quantity: 3 }}',
            f'session: {{ sessionId: "{shop.visit}", {tickets} }}',
        ):
            put = await walk.do(
                f'setCartLine(token: "{token}", line: {{ {line} }})', "... on CartPayload { cart { id } }"
            )
            assert put["__typename"] == "CartPayload"
        cart = await walk.ask(CART, token=token)
        assert cart["problems"] == []
        assert [line["payable"]["amount"] for line in cart["lines"]] == ["248.77", "241.23"]
        assert cart["sellers"] == [
            {
                "delivery": {"amount": "12.00"},
                "offers": [
                    {"method": "EXPRESS", "fee": {"amount": "12.00"}},
                    {"method": "COLD_CHAIN", "fee": {"amount": "24.00"}},
                ],
            }
        ]
        assert cart["payable"]["amount"] == "502.00"
        return token

    async def signs_in_and_takes_it_along(self, token: str) -> None:
        walk = self.walk
        self.buyer = await walk.sign_in("13800001234")
        merged = await walk.do(
            f'mergeCart(token: "{token}")', "... on CartPayload { cart { lines { title } } }", self.buyer
        )
        assert [line["title"] for line in merged["cart"]["lines"]] == ["水蜜桃", "桃园一日"]
        assert await walk.ask(CART, token=token) is None, "the visitor's cart has ended"
        assert (await walk.ask(CART, self.buyer))["payable"]["amount"] == "502.00"
        given = f'region: "{VILLAGE}", street: "桃花路 1 号", recipient: "林顾客", phone: "13800001234"'
        added = await walk.do(
            f'addAddress(input: {{ {given} }}, idempotencyKey: "{key()}")',
            "... on AddressPayload { address { id } }",
            self.buyer,
        )
        self.address = added["address"]["id"]

    async def taps_twice_and_has_one_order(self) -> None:
        walk, same = self.walk, key()

        def place(total: str, with_key: str) -> str:
            given = f'expectedTotal: "{total}", addressId: "{self.address}", codes: ["{CODE}"], confirmsNoReturn: true'
            return f'placeOrder(input: {{ {given} }}, idempotencyKey: "{with_key}")'

        refused = await walk.do(place("501.99", key()), PLACED, self.buyer)
        assert [each["kind"] for each in refused["problems"]] == ["PRICE_CHANGED"]
        first = await walk.do(place("502.00", same), PLACED, self.buyer)
        again = await walk.do(place("502.00", same), PLACED, self.buyer)
        other = await walk.do(place("501.00", same), PLACED, self.buyer)
        assert again == first
        assert other["code"] == "IDEMPOTENCY_CONFLICT"
        self.order = first["order"]
        assert (self.order["state"], self.order["payable"]["amount"]) == ("PENDING_PAYMENT", "502.00")
        (part,) = self.order["sellerOrders"]
        assert [(line["kind"], line["quantity"], line["payable"]["amount"]) for line in part["lines"]] == [
            ("PRODUCT", 3, "248.77"),
            ("BOOKING", 1, "241.23"),
            ("GIFT", 2, "0.00"),
        ]
        self.part, self.line = part["id"], part["lines"][0]["id"]
        assert (await walk.ask(CART, self.buyer))["lines"] == []
        await self.voucher("30.00", 1)
        await self.balance("0.00", "0.00")

    async def voucher(self, spent: str, used: int) -> None:
        """What is spent of the public money."""
        found = await self.walk.ask(CAMPAIGN, finance(1), id=self.world.campaign)
        assert found == {"spent": {"amount": spent}, "usedCount": used}

    async def pays_by_wechat(self) -> None:
        walk = self.walk
        started = await walk.do(
            f'startPayment(orderId: "{self.order["id"]}", method: WECHAT_NATIVE)',
            "... on PaymentPayload { action parameters }",
            self.buyer,
        )
        assert started["action"] == "QR"
        assert started["parameters"]["codeUrl"].startswith("weixin://")
        (number,) = walk.wechat.trades
        assert walk.wechat.trades[number]["amount"] == {"total": 50_200, "currency": "CNY"}
        notice = walk.wechat.notice(walk.wechat.pay(number))
        assert [await walk.wechat_says(notice), await walk.wechat_says(notice)] == [204, 204]
        order = await self.order_now()
        assert (order["state"], order["bookings"][0]["state"]) == ("PAID", "CONFIRMED")
        self.codes = [ticket["code"] for ticket in order["bookings"][0]["tickets"]]
        # 502.00 paid, 30.00 from the county, less 5 % of 520.00
        await self.balance("506.00", "0.00")

    async def gets_the_peaches(self) -> None:
        walk = self.walk
        given = f'sellerOrderId: "{self.part}", carrier: YTO, trackingNumber: "YT0000000001"'
        shipped = await walk.do(
            f'shipOrder(input: {{ {given} }}, idempotencyKey: "{key()}")',
            "... on ShipOrderPayload { sellerOrder { state } shipment { state } }",
            self.world.gatekeeper,
        )
        assert (shipped["sellerOrder"]["state"], shipped["shipment"]["state"]) == ("PARTLY_FULFILLED", "SENT")
        walk.clock.advance(days=2)
        assert await walk.carrier_says("YT0000000001", "签收") == 200
        (parcel,) = (await self.order_now())["sellerOrders"][0]["shipments"]
        assert parcel == {"state": "DELIVERED", "method": "EXPRESS", "trackingStatus": "DELIVERED"}

    async def complains_of_half_a_box(self) -> None:
        walk = self.walk
        walk.clock.advance(hours=1)
        picture = await walk.market.run(photo, walk.market, self.buyer)
        given = f'lineId: "{self.line}", reason: SPOILED, wish: REFUND, quantity: 1, spoilagePercent: 50'
        opened = await walk.do(
            f'openClaim(input: {{ {given}, photoIds: ["{picture}"] }}, idempotencyKey: "{key()}")',
            "... on ClaimPayload { claim { id state asked { amount } } }",
            self.buyer,
        )
        assert opened["claim"]["asked"] == {"amount": "41.46"}
        answered = await walk.do(
            f'answerClaim(input: {{ claimId: "{opened["claim"]["id"]}", kind: REFUND }}, idempotencyKey: "{key()}")',
            "... on ClaimPayload { claim { state refunded { amount } } }",
            self.world.seller,
        )
        assert answered["claim"] == {"state": "REFUNDED", "refunded": {"amount": "41.46"}}
        walk.wechat.refund_status = "SUCCESS"
        await walk.worker()
        (refund,) = walk.wechat.refunds.values()
        assert refund["amount"] == {"refund": 4_146, "total": 50_200, "currency": "CNY"}
        order = await self.order_now()
        assert order["refunded"] == {"amount": "41.46"}
        assert order["refunds"] == [{"amount": {"amount": "41.46"}, "state": "SUCCEEDED", "reason": "CLAIM"}]
        await self.voucher("27.47", 1)
        # of the sale's 506.00: less 41.46 and the voucher's 2.53, 2.19 of commission back
        await self.balance("464.20", "0.00")

    async def comes_with_a_friend(self) -> None:
        walk = self.walk
        start = walk.clock.now.replace(day=VISIT_DAY.day, hour=0, minute=30)
        walk.clock.now = start
        outcomes = []
        for code in (*self.codes, self.codes[0]):
            checked = await walk.do(
                f'checkIn(tickets: {{ code: "{code}" }}, gate: "北门", idempotencyKey: "{key()}")',
                "... on CheckInPayload { tickets { outcome } }",
                self.world.gatekeeper,
            )
            outcomes += [ticket["outcome"] for ticket in checked["tickets"]]
        assert outcomes == ["REDEEMED", "REDEEMED", "ALREADY_REDEEMED"]
        mine = "query { me { tickets(where: { states: [REDEEMED] }) { totalCount nodes { gate participant } } } }"
        tickets = (await walk.ask(mine, self.buyer))["tickets"]
        assert tickets["totalCount"] == 2
        assert {(each["gate"], each["participant"]) for each in tickets["nodes"]} == {
            ("北门", "林一"),
            ("北门", "林二"),
        }
        given = await walk.do(
            f'shipOrder(input: {{ sellerOrderId: "{self.part}", inPerson: true }}, idempotencyKey: "{key()}")',
            "... on ShipOrderPayload { sellerOrder { state } shipment { state lines { quantity } } }",
            self.world.gatekeeper,
        )
        assert given["shipment"] == {"state": "DELIVERED", "lines": [{"quantity": 2}]}
        assert given["sellerOrder"]["state"] == "FULFILLED"

    async def writes_a_review(self) -> None:
        walk = self.walk
        written = await walk.do(
            f'writeReview(lineId: "{self.line}", input: {{ rating: 4, text: "很甜" }}, idempotencyKey: "{key()}")',
            "... on ReviewPayload { review { id rating } }",
            self.buyer,
        )
        answered = await walk.do(
            f'replyToReview(reviewId: "{written["review"]["id"]}", text: "谢谢")',
            "... on ReviewPayload { review { reply } }",
            self.world.editor,
        )
        assert answered["review"] == {"reply": "谢谢"}

    async def seller_is_paid(self) -> None:
        walk, seller = self.walk, self.world.seller
        walk.clock.advance(days=1)
        await walk.worker()
        # the visit's: 256.00 less 5 %
        await self.balance("221.00", "243.20")
        walk.clock.advance(days=7)
        await walk.worker()
        await self.balance("0.00", "464.20")
        assert (await self.order_now())["state"] == "COMPLETED"

        walk.clock.now = walk.clock.now.replace(month=7, day=2)
        await walk.worker()
        (draft,) = (await walk.ask(STATEMENT, finance(1)))["nodes"]
        issued = await walk.do(
            f'issueStatements(statementIds: ["{draft["id"]}"])', "... on IssuedPayload { statementIds }", finance(1)
        )
        assert issued["statementIds"] == [draft["id"]]
        (mine,) = (await walk.ask(STATEMENT, seller))["nodes"]
        assert (mine["opening"]["amount"], mine["released"]["amount"], mine["closing"]["amount"]) == (
            "0.00",
            "464.20",
            "464.20",
        )
        confirmed = await walk.do(
            f'confirmStatement(statementId: "{mine["id"]}", idempotencyKey: "{key()}")',
            "... on StatementPayload { statement { state } }",
            seller,
        )
        assert confirmed["statement"] == {"state": "CONFIRMED"}
        await self.two_people_pay_out()
        await self.books_agree()

    async def two_people_pay_out(self) -> None:
        walk = self.walk
        proposed = await walk.do(
            f'proposePayouts(input: {{ region: "{COUNTY}" }}, idempotencyKey: "{key()}")', BATCH, finance(1)
        )
        batch = proposed["batch"]
        assert (batch["state"], batch["total"]) == ("PROPOSED", {"amount": "464.20"})
        approve = f'approvePayouts(batchId: "{batch["id"]}", idempotencyKey: "{{}}")'
        assert (await walk.do(approve.format(key()), BATCH, finance(1)))["code"] == "SAME_PERSON"
        await self.balance("0.00", "464.20")
        approved = await walk.do(approve.format(key()), BATCH, finance(2))
        assert approved["batch"]["state"] == "APPROVED"
        await self.balance("0.00", "0.00", "464.20")
        payout = batch["payouts"]["nodes"][0]["id"]
        paid = await walk.do(
            f'recordPayoutPaid(payoutId: "{payout}", reference: "ICBC-1", idempotencyKey: "{key()}")',
            "... on PayoutPayload { payout { state } }",
            finance(1),
        )
        assert paid["payout"] == {"state": "PAID"}
        await self.balance("0.00", "0.00")

    async def books_agree(self) -> None:
        walk = self.walk
        check = await walk.ask("query { ledgerCheck { isRight findingCount } }", finance(1))
        assert check == {"isRight": True, "findingCount": 0}
        totals = (await walk.ask(SALES, self.world.seller))["totals"]
        assert totals == {
            "orders": 1,
            "buyers": 1,
            "gross": {"amount": "520.00"},
            "net": {"amount": "460.54"},
            "paid": {"amount": "502.00"},
            "payable": {"amount": "464.20"},
            "refunded": {"amount": "41.46"},
        }
