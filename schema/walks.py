"""Whole affairs to click through in GraphiQL, each a tab of several operations: run them from top to bottom, putting what
one answers into the variables of the next. A test walks them."""

from schema.examples import Example

BUYING: Example = (
    "下单 · buying, step by step: choose the operation beside ▶; each fills in variables of the next",
    """# The code is in the server's log. Signed in with COOKIES, this page stays signed in.
mutation Code($phone: String!) {
  requestSignInCode(phone: $phone) { ... on UserError { code message } }
}
mutation SignIn($phone: String!, $code: String!) {
  signIn(input: { phone: { phone: $phone, code: $code } }, tokens: COOKIES) {
    ... on SignInPayload { accountId }
    ... on UserError { code message }
  }
}
query Choose {
  products(where: { available: true }, first: 3) { nodes { title variants { id name price { amount } stockState } } }
  tourPackages(orderBy: NEXT_SESSION, first: 2) {
    nodes {
      title
      options { id name units { id kind name price { amount } } }
      sessions(where: { vacancies: 2 }, first: 5) { nodes { id startsAt vacancies option { id } } }
    }
  }
}
mutation PutProduce($variantId: ID!) {
  setCartLine(line: { variant: { variantId: $variantId, quantity: 2 } }) {
    ... on CartPayload { cart { lines { id title quantity payable { amount } } } }
    ... on UserError { code message }
  }
}
mutation PutVisit($sessionId: ID!, $unitTypeId: ID!) {
  setCartLine(line: { session: { sessionId: $sessionId, units: [{ unitTypeId: $unitTypeId, count: 2 }] } }) {
    ... on CartPayload { cart { lines { id title startsAt units { name count } } } }
    ... on UserError { code message }
  }
}
mutation Address($region: String!, $phone: String!, $key: ID!) {
  addAddress(
    input: { region: $region, street: "桃花路 1 号", recipient: "林顾客", phone: $phone }
    idempotencyKey: $key
  ) {
    ... on AddressPayload { address { id } }
    ... on UserError { code message }
  }
}
query Cart($region: String!) {
  cart(region: $region) {
    lines { title quantity payable { amount } problems { kind left message } }
    sellers { key chosen offers { id method fee { amount } promiseHours } }
    goods { amount } delivery { amount } discount { amount } payable { amount }
  }
}
mutation Place($total: String!, $addressId: ID!, $key: ID!) {
  placeOrder(
    input: { expectedTotal: $total, addressId: $addressId, confirmsNoReturn: true }
    idempotencyKey: $key
  ) {
    ... on OrderPayload { order { id number state payBy payable { amount } } }
    ... on OrderNotPlaced { problems { kind line left message } }
    ... on UserError { code message }
  }
}
# Open the `url` and pay there.
mutation Pay($orderId: ID!) {
  startPayment(orderId: $orderId, method: SANDBOX) {
    ... on PaymentPayload { action parameters }
    ... on UserError { code message }
  }
}
query MyOrder($orderId: ID!) {
  order(id: $orderId) {
    number
    state
    sellerOrders { state nextStates lines { title quantity payable { amount } } }
    bookings { id state startsAt session { id } tickets { name code state } }
    events { what at }
  }
}
subscription Follow($orderId: ID!) {
  orderUpdated(orderId: $orderId) { state sellerOrders { state } bookings { state tickets { state } } }
}""",
    {
        "phone": "19900000001",
        "code": "",
        "variantId": "",
        "sessionId": "",
        "unitTypeId": "",
        "region": "330213005208",
        "total": "",
        "addressId": "",
        "orderId": "",
        "key": "any-16-letters-or-more-1",
    },
)

GATE: Example = (
    "检票与发货 · at the gate and in the packing room: signed in as the seller's people",
    """# What is to be sent, oldest first, and what to fetch from the shelves for it.
query ToSend {
  sellerOrders(where: { states: [OPEN, PARTLY_FULFILLED] }, orderBy: OLDEST, first: 20) {
    nodes { id number deliveryMethod recipient note producer { id name } lines { id title variant leftQuantity storage } }
  }
}
query Roster($sessionId: ID!) {
  tourSession(id: $sessionId) {
    startsAt
    vacancies
    roster(first: 50) { nodes { id orderNumber state contact contactPhone tickets { id name pax state participant } } }
  }
  rosterCounts(sessionId: $sessionId) { name tickets pax redeemed noShow }
}
# Scanned twice it lets in once, and the second time says when and where.
mutation CheckIn($code: String!, $key: ID!) {
  checkIn(tickets: { code: $code }, gate: "东门", idempotencyKey: $key) {
    ... on CheckInPayload { tickets { outcome ticket { name pax redeemedAt gate redeemedBy } } }
    ... on UserError { code message }
  }
}
subscription Seats($sessionId: ID!) {
  sessionAvailability(sessionIds: [$sessionId]) { id startsAt status vacancies }
}""",
    {"sessionId": "", "code": "", "key": "any-16-letters-or-more-2"},
)

WALKS: list[Example] = [BUYING, GATE]
