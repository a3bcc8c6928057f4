"""The guards of money, stock and seats, each with the exact text that is it, and with what is there when it is taken out.

A guard that another layer stands above or beneath of may go unnoticed alone: `beneath` says which, and a guard of several
edits takes them out together.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Edit:
    """A text that is in a file exactly once, and what is put there instead."""

    file: str
    text: str
    instead: str

    def applied(self, source: str) -> str:
        """The file without it. ValueError when it is not there once: the guard was moved, and this table was not."""
        if source.count(self.text) != 1:
            raise ValueError(f"{self.file} has {source.count(self.text)} times: {self.text}")
        return source.replace(self.text, self.instead)


@dataclass(frozen=True)
class Guard:
    """Something that keeps money, stock or seats right."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...] = ()
    """What is to notice when the state machine does not: it does one thing after the other, races need threads."""
    beneath: str = ""
    """What holds when nobody notices."""


def _guard(name: str, file: str, text: str, instead: str, *tests: str, beneath: str = "") -> Guard:
    return Guard(name, (Edit(file, text, instead),), tests, beneath)


_REDEEM = "market/bookings/redeem.py"
_ONLY_VALID = Edit(_REDEEM, ", _TICKETS.c.state.in_((TicketState.VALID, TicketState.NO_SHOW)))", ")")
_REFUSED_IN = Edit(_REDEEM, "    if refused is not None:\n", "    if refused is CheckOutcome.NOT_PAID:\n")
_LINE_CAP = Edit(
    "market/orders/moves.py", "            _LINES.c.refunded_fen + amount_fen <= _LINES.c.payable_fen,\n", ""
)
_PLAN_CAP = Edit(
    "market/aftersales/approve.py",
    "        if share.amount_fen > line.payable_fen - line.refunded_fen:",
    "        if False:",
)
_RECKON_CAP = Edit("market/aftersales/reckon.py", "    if not 0 <= amount_fen <= left:", "    if amount_fen < 0:")
_PAYMENT_CAP = Edit(
    "market/payments/refunds.py",
    ", col(Payment.refunded_fen) + amount_fen <= col(Payment.amount_fen))",
    ")",
)
_UPPER_CAPS = (
    Edit(
        "market/orders/moves.py",
        "            _SELLER_ORDERS.c.refunded_fen + amount_fen <= _SELLER_ORDERS.c.payable_fen,\n",
        "",
    ),
    Edit(
        "market/orders/moves.py",
        ".where(_ORDERS.c.id == order_id, _ORDERS.c.refunded_fen + amount_fen <= _ORDERS.c.payable_fen)",
        ".where(_ORDERS.c.id == order_id)",
    ),
)
_BALANCED = "market/migrations/versions/0011_ledger.py"

GUARDS: tuple[Guard, ...] = (
    _guard(
        "stock: level's conditional update",
        "market/stock/levels.py",
        "    .where(_THIS, _LEVEL.on_hand - _LEVEL.reserved >= _BY)\n",
        "    .where(_THIS)\n",
        "tests/checkout/test_races.py::test_a_hundred_buyers_tap_twice_for_twenty_boxes",
    ),
    _guard(
        "seats: conditional update",
        "market/sessions/holds/statements.py",
        "        SESSION.c.taken + _SEATS <= SESSION.c.capacity,\n",
        "",
        "tests/checkout/test_races.py::test_fifty_buyers_want_the_last_seat",
    ),
    _guard(
        "voucher: total, conditional update",
        "market/vouchers/uses.py",
        "        sa.or_(_CAMPAIGN.total_limit.is_(None), _CAMPAIGN.used_count < _CAMPAIGN.total_limit),\n",
        "",
        "tests/vouchers/test_uses.py",
    ),
    _guard(
        "voucher: per person, conditional update",
        "market/vouchers/uses.py",
        'sa.bindparam("most", type_=sa.Integer).is_(None), _PERSON.used_count < sa.bindparam("most")',
        'sa.bindparam("most", type_=sa.Integer).is_(None), _PERSON.used_count >= 0',
        "tests/vouchers/test_uses.py::test_one_person_at_once_stays_within_their_limit",
    ),
    _guard(
        "voucher: budget, conditional update",
        "market/vouchers/uses.py",
        "        sa.or_(_CAMPAIGN.budget_fen.is_(None), _CAMPAIGN.spent_fen + _amount <= _CAMPAIGN.budget_fen),\n",
        "",
        "tests/vouchers/test_uses.py::test_thirty_at_once_spend_the_budget_and_no_fen_more",
    ),
    _guard(
        "idempotency: the key's row is taken once",
        "market/kernel/idempotency.py",
        "    if _TAKE.first(session, {**row, **row_times}) is None:\n",
        "    if _TAKE.first(session, {**row, **row_times}) is False:\n",
        "tests/kernel/test_idempotency.py",
    ),
    _guard(
        "order: conditional move of its state",
        "market/orders/moves.py",
        "sa.update(_ORDERS).where(_ORDERS.c.id == order_id, _ORDERS.c.state.in_(sources)).values(**values)",
        "sa.update(_ORDERS).where(_ORDERS.c.id == order_id).values(**values)",
        "tests/orders/test_orders.py::test_every_move_of_an_order_from_every_state",
    ),
    _guard(
        "payment: amount and currency are those asked for",
        "market/payments/intents.py",
        "    is_same = trade.amount_fen == payment.amount_fen and trade.currency == payment.currency\n",
        "    is_same = True\n",
        "tests/payments/test_wechat.py::test_money_that_is_not_what_was_asked_for_is_looked_at_by_somebody",
    ),
    _guard(
        "payment: a notice's id counts once",
        "market/payments/intents.py",
        "        if notice is not None and not _is_new(session, gateway, notice, now):\n",
        "        if notice is not None and _is_new(session, gateway, notice, now) is None:\n",
        "tests/payments/test_wechat.py::test_a_notice_pays_the_order_and_again_changes_nothing",
    ),
    _guard(
        "payment: told again under another notice it is the same money",
        "market/payments/intents.py",
        "    if payment.state == PaymentState.SUCCEEDED:\n",
        "    if payment.state == PaymentState.SUCCEEDED and payment.provider_id != trade.provider_id:\n",
        "tests/payments/test_wechat.py",
        beneath="PAYMENT_MOVES has no move out of SUCCEEDED",
    ),
    _guard(
        "payment: pay_by",
        "market/payments/intents.py",
        "        if now >= order.pay_by:\n",
        "        if now > now:\n",
        "tests/payments/test_wechat.py::test_the_time_to_pay_is_over",
    ),
    _guard(
        "payment: only of an order that waits for it",
        "market/payments/intents.py",
        "        if order.state != OrderState.PENDING_PAYMENT:\n",
        "        if order.state == OrderState.COMPLETED:\n",
        "tests/payments/test_wechat.py",
    ),
    _guard(
        "late money: everything is taken anew",
        "market/checkout/paid.py",
        "    try:\n        with session.begin_nested():  # what was taken",
        "    if is_late:\n        return True\n    try:\n        with session.begin_nested():  # what was taken",
        "tests/checkout/test_checkout.py::test_late_money_for_what_is_gone_is_owed_back_whole_and_nothing_is_taken",
    ),
    _guard(
        "holds: only one whose end has passed is taken back",
        "market/stock/levels.py",
        '_HOLD.expires_at <= sa.bindparam("now"))\n    .returning(_HOLD.quantity)',
        '_HOLD.expires_at != sa.bindparam("now"))\n    .returning(_HOLD.quantity)',
        "tests/races/test_layers.py::test_only_what_has_ended_is_taken_back_by_whoever_needs_it",
    ),
    _guard(
        "holds: seats whose end has passed, and no others, are taken back",
        "market/sessions/holds/statements.py",
        "LOCK_ENDED = _LOCKED.where(_KEYS, HOLD.c.expires_at <= _NOW).with_for_update()\n",
        "LOCK_ENDED = _LOCKED.where(_KEYS, HOLD.c.expires_at != _NOW).with_for_update()\n",
        "tests/sessions/test_races.py",
        beneath="ENDED_HOLDS looks for ended ones before; this is for one that is extended meanwhile",
    ),
    _guard(
        "holds: pieces of whoever did not pay are free for the next",
        "market/stock/holds.py",
        "            take_back_expired(session, told, variant_id=variant_id, now=now)\n            level = reserve(",
        "            level = reserve(",
        "tests/stock/test_holds.py::test_a_hold_that_ended_is_ignored_by_reads_and_taken_by_the_next_buyer",
    ),
    _guard(
        "placing: the sum is the one that was agreed to (the cart was changed)",
        "market/checkout/place.py",
        "    if found.priced.payable_fen != draft.expected_fen:\n",
        "    if found.priced.payable_fen < 0:\n",
        "tests/checkout/test_checkout.py::test_a_price_that_moved_is_told_and_shown_anew",
    ),
    _guard(
        "booking: its seats move with it",
        "market/bookings/move.py",
        "    move_seats(session, from_id=moved.from_session_id, to_id=target.id, holder=booking.order_id, now=now)\n",
        "",
        "tests/aftersales/test_reschedule.py",
    ),
    _guard(
        "booking: what comes back is the policy as sold",
        "market/bookings/steps.py",
        "    tiers = [(int(hours), int(percent)) for hours, percent in booking.tiers]\n",
        '    now_sold = sa.text(f"SELECT hours_before, refund_percent FROM cancellation_tier'
        " WHERE package_id = '{booking.package_id}'\")\n"
        "    tiers = [(hours, percent) for hours, percent in session.execute(now_sold)]\n",
        "tests/aftersales/test_bookings.py",
    ),
    Guard(
        "gate: a ticket's conditional update",
        (_ONLY_VALID,),
        ("tests/bookings/test_check_in.py",),
        "above: its state is looked at under the booking's lock; beneath: the unique index redemption_once",
    ),
    Guard(
        "gate: a ticket's state is looked at under the booking's lock",
        (_REFUSED_IN,),
        ("tests/bookings/test_check_in.py",),
    ),
    Guard("gate: both of these", (_ONLY_VALID, _REFUSED_IN), ("tests/bookings/test_check_in.py",)),
    _guard(
        "gate: nobody is let in to a visit that is off",
        _REDEEM,
        "    return CheckOutcome.CANCELLED if state is SessionState.CANCELLED else CheckOutcome.REDEEMED\n",
        "    return CheckOutcome.REDEEMED\n",
        "tests/bookings/test_check_in.py::test_after_a_departure_is_cancelled_nobody_is_let_in",
    ),
    _guard(
        "goods: no more are sent than were bought and not paid back",
        "market/orders/moves.py",
        "            _LINES.c.fulfilled_quantity + quantity + _LINES.c.refunded_quantity <= _LINES.c.quantity,\n",
        "",
        "tests/fulfilment/test_ship.py::test_never_more_than_was_bought_or_what_was_paid_back",
    ),
    Guard(
        "refund: the line's cap, conditional update",
        (_LINE_CAP,),
        ("tests/orders/test_orders.py::test_no_more_is_fulfilled_or_paid_back_than_was_bought",),
    ),
    Guard(
        "refund: all caps of the application",
        (_LINE_CAP, _PLAN_CAP, _RECKON_CAP, _PAYMENT_CAP, *_UPPER_CAPS),
        ("tests/aftersales/test_refunds.py",),
    ),
    _guard(
        "refund: the line's CHECK",
        "market/migrations/versions/0014_orders.py",
        '            "refunded_fen >= 0 AND refunded_fen <= payable_fen AND',
        '            "',
        "tests/races/test_layers.py::test_the_database_pays_back_no_more_than_was_paid",
    ),
    Guard(
        "refund: the payment's cap, conditional update",
        (_PAYMENT_CAP,),
        ("tests/aftersales/test_refunds.py", "tests/payments/test_wechat.py"),
        "above: the caps of line, seller order and order; beneath: the CHECK payment_refunded",
    ),
    _guard(
        "refund: asked for once by its reference",
        "market/aftersales/refunds.py",
        "    if _was_posted(session, posted_as):\n",
        "    if posted_as is None:\n",
        "tests/aftersales/test_refunds.py::test_what_asks_twice_by_the_same_reference_is_paid_back_once",
    ),
    Guard(
        "ledger: the database posts nothing that does not balance",
        (
            Edit(_BALANCED, "NEW.is_posted = 1 AND {_SUM} = 0 AND", "NEW.is_posted = 1 AND"),
            Edit(_BALANCED, "NEW.is_posted AND {_SUM} = 0 AND", "NEW.is_posted AND"),
        ),
        ("tests/ledger/test_ledger.py::test_the_database_refuses_to_rewrite_the_books",),
    ),
    _guard(
        "payouts: somebody else approves",
        "market/settlement/payouts/decide.py",
        "            col(PayoutBatch.made_by) != who(actor),\n",
        "",
        "tests/settlement/test_payouts.py",
    ),
    _guard(
        "payouts: what was refunded after the release is taken off",
        "market/settlement/release.py",
        "            if subject.seq and (subject.earned - subject.released).amount_fen < 0:\n",
        "            if subject.seq < 0:\n",
        "tests/settlement/test_release.py",
    ),
)
