"""Whoever asks to be erased is, after seven days, and nothing that says who they were is left."""

import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from market import migrations
from market.kernel.audit import verify
from market.kernel.errors import Forbidden, IllegalTransition, InvalidId, MarketError, NotFound, NotSignedIn
from market.kernel.market import Market
from market.kernel.outbox import OutboxMessage
from market.kernel.permissions import VISITOR, Actor, ActorKind, Role
from market.kernel.personal import OnErasure, PersonalKind, part_of, personal
from market.people.devices import revoke_device
from market.people.manage import give_role
from market.people.passwords import set_password
from market.people.profile import export
from market.people.profile.addresses import add_address, list_addresses
from market.people.profile.belongings import belongings
from market.people.profile.consents import give_consent
from market.people.profile.erasure import (
    ERASED,
    ErasureCheck,
    erase_people,
    last_owner_of,
    request_erasure,
    withdraw_erasure,
)
from market.people.profile.export import make_exports, read_export, request_export
from market.people.profile.preferences import edit_profile
from market.people.profile.requests import LEASE, LeaseLost, claim, list_privacy_requests, require_claimed
from market.people.profile.rules import (
    COOLING_OFF,
    ERASURE_RETRIED,
    AlreadyRequested,
    ConsentKind,
    ConsentSource,
    ExportNotReady,
    HasObligations,
    MessageLanguage,
    Obligation,
    PrivacyKind,
    PrivacyState,
    SignInNotRecent,
)
from market.people.profile.tables import PrivacyExport
from market.people.rules import AccountState
from market.people.tables import Account, Device
from tests.clock import FakeClock
from tests.people.profile.persons import ADMIN, KEY, Person, draft, dump, person, settle

UNKNOWN = "pvr_00000000000000000000000000"
COOPERATIVE, HOUSEHOLD = "cop_00000000000000000000000000", "pdr_00000000000000000000000000"
ALL = migrations.metadata()


def ask(market: Market, owner: Person, number: int = 0, *, checks: Sequence[ErasureCheck] = ()) -> str:
    return request_erasure(market, owner.actor, device_id=owner.device_id, key=f"{KEY}-{number}", checks=checks)


def erase(market: Market, *, checks: Sequence[ErasureCheck] = ()) -> int:
    return erase_people(market, ALL, checks)


def state(market: Market, owner: Person) -> PrivacyState:
    return list_privacy_requests(market, owner.actor)[0].state


def live(market: Market, name: str = "王小明", phone: str = "13812345678") -> Person:
    """Somebody who has left traces in every corner, and has just signed in again."""
    owner = person(market, name, phone)
    add_address(market, owner.actor, draft(recipient=f"收件人{owner.phone}", phone=owner.phone), key=KEY)
    give_consent(market, owner.actor, kind=ConsentKind.PRIVACY, version="2026-01-01", source=ConsentSource.MINI_PROGRAM)
    edit_profile(market, owner.actor, language=MessageLanguage.EN)
    set_password(
        market, ADMIN, account_id=owner.id, login_name=f"login.{owner.phone}", password="correct horse battery"
    )
    request_export(market, owner.actor, key=KEY)
    make_exports(market, ALL)
    return person(market, name, phone)


def traces(market: Market, owner: Person) -> set[str]:
    """Whatever in the database tells who this person is: plain texts, and each sealed text and keyed hash of theirs."""
    found = {owner.device_name, owner.user_agent, f"login.{owner.phone}"}
    with market.read() as session:
        found.add(session.get_one(Account, owner.id).name)
        for each in belongings(ALL):
            names = [column.name for column in each.table.c if column.name.endswith(("_sealed", "_digest"))]
            # A device's tokens are no trace: they open nothing any more.
            if each.is_own and names and each.table.name != "device":
                for row in session.execute(
                    sa.select(*[each.table.c[name] for name in names]).where(each.where(owner.id))
                ):
                    found.update(value for value in row if value)
    return found


def ties(code: str, *account_ids: str) -> ErasureCheck:
    """A room with something open for these people."""

    def check(_session: Session, account_id: str) -> Iterable[Obligation]:
        if account_id in account_ids:
            yield Obligation(code, f"ord_{code}", "请先完成进行中的订单。", "Finish the order under way.")

    return check


def test_nothing_of_an_erased_person_is_left_anywhere(market: Market, clock: FakeClock) -> None:
    settle(market)
    owner, other = live(market), live(market, "李四", "13912345678")
    theirs, others = traces(market, owner), traces(market, other)
    before = dump(market)
    assert len(theirs) > 12
    assert [trace for trace in theirs | others if trace not in before] == []

    ask(market, owner)
    clock.now += COOLING_OFF
    assert erase(market) == 1

    left = dump(market)
    assert [trace for trace in theirs if trace in left] == []
    assert [trace for trace in others if trace not in left] == []
    for text in (owner.phone, owner.openid, "王小明", "收件人", "滕头路"):
        assert text not in left


def test_what_stays_of_an_erased_person_leads_to_nobody(market: Market, clock: FakeClock) -> None:
    settle(market)
    owner = live(market)
    ask(market, owner)
    clock.now += COOLING_OFF
    erase(market)

    with market.read() as session:
        account = session.get_one(Account, owner.id)
        assert (account.state, account.phone_sealed, account.phone_digest) == (AccountState.ERASED, None, None)
        assert account.name == "已注销"
        mine = {
            each.table.name: session.execute(sa.select(sa.func.count()).where(each.where(owner.id))).scalar_one()
            for each in belongings(ALL)
        }
        devices = session.exec(select(Device.revoked_at).where(Device.account_id == owner.id)).all()
        assert len(devices) == 2 and all(devices)
        assert verify(session).is_intact
    kept = {name for name, count in mine.items() if count}
    assert kept == {"account", "device", "consent", "privacy_request", "audit_entry"}


def test_rooms_hear_of_it_by_the_id_alone(market: Market, clock: FakeClock) -> None:
    owner = person(market)
    ask(market, owner)
    clock.now += COOLING_OFF
    erase(market)

    with market.read() as session:
        [message] = session.exec(select(OutboxMessage).where(OutboxMessage.topic == ERASED)).all()
    assert (message.aggregate, message.payload) == (owner.id, {"account_id": owner.id})


def test_an_erasure_cools_off_for_seven_days_and_can_be_taken_back(market: Market, clock: FakeClock) -> None:
    owner = person(market)
    request_id = ask(market, owner)

    clock.advance(days=7, seconds=-1)
    assert erase(market) == 0
    withdraw_erasure(market, owner.actor, request_id=request_id)
    clock.advance(days=30)
    assert erase(market) == 0

    assert state(market, owner) is PrivacyState.WITHDRAWN
    with market.read() as session:
        assert session.get_one(Account, owner.id).name == "王小明"
    with pytest.raises(IllegalTransition) as refused:
        withdraw_erasure(market, owner.actor, request_id=request_id)
    assert refused.value.facts["from_state"] == PrivacyState.WITHDRAWN


def test_an_erased_person_is_gone_for_every_use_case(market: Market, clock: FakeClock) -> None:
    settle(market)
    owner = live(market)
    request_id = ask(market, owner)
    clock.now += COOLING_OFF
    erase(market)

    assert list_addresses(market, owner.actor) == []
    acts: list[Any] = [
        lambda: add_address(market, owner.actor, draft(), key=f"{KEY}-9"),
        lambda: give_consent(market, owner.actor, kind=ConsentKind.TERMS, version="1", source=ConsentSource.WEB),
        lambda: edit_profile(market, owner.actor, name="王小明"),
        lambda: request_export(market, owner.actor, key=f"{KEY}-9"),
        lambda: ask(market, owner, 9),
    ]
    for act in acts:
        with pytest.raises(NotFound):
            act()
    with pytest.raises(IllegalTransition):
        withdraw_erasure(market, owner.actor, request_id=request_id)
    again = person(market, owner.actor.account_id or "", owner.phone)
    assert again.id != owner.id, "the number opens another account"


def test_a_person_confirms_by_signing_in_just_before(market: Market, clock: FakeClock) -> None:
    owner, other = person(market), person(market, "李四", "13912345678")
    clock.advance(minutes=10)
    fresh = person(market, "王五", "13712345678")

    for device_id in (owner.device_id, other.device_id, fresh.device_id, "dev_00000000000000000000000000", ""):
        with pytest.raises(SignInNotRecent, match="within 10 minutes"):
            request_erasure(market, owner.actor, device_id=device_id, key=KEY, checks=())
    revoke_device(market, fresh.actor, device_id=fresh.device_id)
    with pytest.raises(SignInNotRecent):
        ask(market, fresh)

    assert list_privacy_requests(market, owner.actor) == list_privacy_requests(market, fresh.actor) == []


def test_asking_twice_is_asking_once(market: Market) -> None:
    owner = person(market)

    first = ask(market, owner)

    assert ask(market, owner) == first
    with pytest.raises(AlreadyRequested) as refused:
        ask(market, owner, 1)
    assert refused.value.facts == {"request": first}


def test_whoever_still_has_obligations_is_told_which_and_nothing_is_taken_down(market: Market) -> None:
    owner, other = person(market), person(market, "李四", "13912345678")
    checks = [ties("ORDER_OPEN", owner.id), ties("CLAIM_OPEN", owner.id), ties("ELSEWHERE", other.id)]
    before = dump(market)

    with pytest.raises(HasObligations) as refused:
        ask(market, owner, checks=checks)

    assert [(each.code, each.subject) for each in refused.value.obligations] == [
        ("ORDER_OPEN", "ord_ORDER_OPEN"),
        ("CLAIM_OPEN", "ord_CLAIM_OPEN"),
    ]
    assert refused.value.message("zh-CN") == "暂时不能注销：请先完成进行中的订单。请先完成进行中的订单。"
    assert refused.value.message("en").startswith("The account cannot be closed yet: Finish the order under way.")
    assert dump(market) == before


def test_whoever_is_tied_again_when_it_is_due_is_put_off_for_a_day_and_told_why(
    market: Market, clock: FakeClock
) -> None:
    owner, other = person(market), person(market, "李四", "13912345678")
    ask(market, owner)
    ask(market, other)
    clock.now += COOLING_OFF

    assert erase(market, checks=[ties("ORDER_OPEN", owner.id)]) == 2

    [request] = list_privacy_requests(market, owner.actor)
    assert (request.state, request.obligations) == (
        PrivacyState.REQUESTED,
        [{"code": "ORDER_OPEN", "subject": "ord_ORDER_OPEN"}],
    )
    assert request.due_at == clock.now + ERASURE_RETRIED
    assert state(market, other) is PrivacyState.ERASED
    assert erase(market) == 0
    clock.now += ERASURE_RETRIED
    assert erase(market) == 1
    [request] = list_privacy_requests(market, owner.actor)
    assert (request.state, request.obligations) == (PrivacyState.ERASED, None)


def test_nobody_leaves_an_active_organisation_without_an_owner(market: Market) -> None:
    owner, partner = person(market), person(market, "李四", "13912345678")
    for organisation_id in (COOPERATIVE, HOUSEHOLD):
        give_role(market, ADMIN, account_id=owner.id, role=Role.OWNER, within=organisation_id)
    give_role(market, ADMIN, account_id=partner.id, role=Role.EDITOR, within=COOPERATIVE)
    active: sa.Select[Any] = sa.select(sa.literal(COOPERATIVE))

    with pytest.raises(HasObligations) as refused:
        ask(market, owner, checks=[last_owner_of(active)])
    assert [(each.code, each.subject) for each in refused.value.obligations] == [("LAST_OWNER", COOPERATIVE)]
    assert ask(market, partner, checks=[last_owner_of(active)])
    give_role(market, ADMIN, account_id=partner.id, role=Role.OWNER, within=COOPERATIVE)

    assert ask(market, owner, checks=[last_owner_of(active)])


def test_somebody_elses_request_answers_as_one_that_is_not_there(market: Market) -> None:
    owner, other = person(market), person(market, "李四", "13912345678")
    theirs = ask(market, other)

    told = []
    for request_id in (theirs, UNKNOWN):
        with pytest.raises(NotFound) as refused:
            withdraw_erasure(market, owner.actor, request_id=request_id)
        told.append((str(refused.value), refused.value.facts))

    assert told[0] == told[1]
    assert state(market, other) is PrivacyState.REQUESTED
    with pytest.raises(InvalidId):
        withdraw_erasure(market, owner.actor, request_id="42")


def test_erasing_is_for_people_who_are_signed_in(market: Market) -> None:
    cases: list[tuple[Actor, type[MarketError]]] = [(VISITOR, NotSignedIn), (Actor(ActorKind.SYSTEM), Forbidden)]
    for actor, refused in cases:
        with pytest.raises(refused):
            request_erasure(market, actor, device_id="", key=KEY, checks=())
        with pytest.raises(refused):
            withdraw_erasure(market, actor, request_id=UNKNOWN)


def test_an_erasure_that_fails_leaves_all_as_it_was_and_keeps_no_other_waiting(
    market: Market, clock: FakeClock
) -> None:
    settle(market)
    broken, other = live(market), person(market, "李四", "13912345678")
    ask(market, broken)
    ask(market, other)
    clock.now += COOLING_OFF

    def fails(_session: Session, account_id: str) -> Iterable[Obligation]:
        if account_id == broken.id:
            raise ConnectionError("cannot look")
        return ()

    with pytest.raises(ExceptionGroup) as raised:
        erase(market, checks=[fails])

    assert [type(error) for error in raised.value.exceptions] == [ConnectionError]
    assert (state(market, broken), state(market, other)) == (PrivacyState.REQUESTED, PrivacyState.ERASED)
    assert len(list_addresses(market, broken.actor)) == 1
    clock.now += LEASE
    assert erase(market) == 1
    assert list_addresses(market, broken.actor) == []


def test_taking_back_and_erasing_at_once_ends_in_one_of_the_two(market: Market, clock: FakeClock) -> None:
    settle(market)
    owners = [person(market, f"人{number}", f"1381234567{number}") for number in range(6)]
    asked = [ask(market, owner) for owner in owners]
    clock.now += COOLING_OFF
    start = threading.Barrier(2)

    def take_back() -> list[bool]:
        start.wait()
        done = []
        for owner, request_id in zip(owners, asked, strict=True):
            try:
                withdraw_erasure(market, owner.actor, request_id=request_id)
                done.append(True)
            except IllegalTransition:
                done.append(False)
        return done

    def work() -> None:
        start.wait()
        erase(market)

    with ThreadPoolExecutor(2) as threads:
        withdrawn, _ = threads.submit(take_back), threads.submit(work).result()

    with market.read() as session:
        names = [session.get_one(Account, owner.id).name for owner in owners]
    ends = [(state(market, owner), name) for owner, name in zip(owners, names, strict=True)]
    assert ends == [
        (PrivacyState.WITHDRAWN, f"人{number}") if is_withdrawn else (PrivacyState.ERASED, "已注销")
        for number, is_withdrawn in enumerate(withdrawn.result())
    ]


def test_a_copy_that_is_being_made_is_not_kept_for_a_person_erased_meanwhile(market: Market, clock: FakeClock) -> None:
    owner = person(market)
    ask(market, owner)
    clock.now += COOLING_OFF
    export_id = request_export(market, owner.actor, key=KEY)
    with market.transaction() as session:
        [slow] = claim(session, PrivacyKind.EXPORT, now=clock.now, limit=1)
        session.add(PrivacyExport(request_id=export_id, attempt=slow.attempt, position=0, content_sealed="1.x"))

    erase(market)

    with pytest.raises(LeaseLost):
        export._keep(market, slow, 1, "王小明")
    with market.read() as session:
        assert session.exec(select(PrivacyExport)).all() == []
    with pytest.raises(ExportNotReady):
        read_export(market, owner.actor, request_id=export_id)
    assert make_exports(market, ALL) == 0


def test_a_part_that_is_just_being_written_goes_with_its_person(market: Market, clock: FakeClock) -> None:
    owner = person(market)
    ask(market, owner)
    clock.now += COOLING_OFF
    export_id = request_export(market, owner.actor, key=KEY)
    with market.transaction() as session:
        [claimed] = claim(session, PrivacyKind.EXPORT, now=clock.now, limit=1)

    with ThreadPoolExecutor(1) as threads:
        with market.transaction() as session:
            require_claimed(session, claimed)
            erasing = threads.submit(erase, market)
            time.sleep(0.3)
            session.add(PrivacyExport(request_id=export_id, attempt=claimed.attempt, position=0, content_sealed="1.x"))
        assert erasing.result() == 1

    assert state(market, owner) is PrivacyState.EXPIRED
    with market.read() as session:
        assert session.exec(select(PrivacyExport)).all() == []


def test_a_table_that_a_room_adds_later_is_erased_by_what_its_columns_say(market: Market, clock: FakeClock) -> None:
    owner, other = person(market), person(market, "李四", "13912345678")
    tables = sa.MetaData()
    for name in ("account", "device"):
        SQLModel.metadata.tables[name].to_metadata(tables)
    order = sa.Table(
        "purchase",
        tables,
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("account_id", sa.String),
        sa.Column("note", sa.String, **personal(PersonalKind.TEXT, OnErasure.CLEAR)),
        sa.Column("buyer_name", sa.String, **personal(PersonalKind.NAME, OnErasure.CLEAR, replacement="匿名")),
        sa.Column("invoice", sa.String, **personal(PersonalKind.TEXT, OnErasure.KEEP, reason="Accounting Law")),
    )
    line = sa.Table(
        "purchase_photo",
        tables,
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("purchase_id", sa.String, sa.ForeignKey("purchase.id"), **part_of()),
        sa.Column("caption", sa.String, **personal(PersonalKind.TEXT, OnErasure.DELETE)),
    )
    visit = sa.Table(
        "visit",
        tables,
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("guided_by", sa.String, sa.ForeignKey("account.id")),
        sa.Column("guest_phone", sa.String, **personal(PersonalKind.PHONE, OnErasure.DELETE)),
    )
    with market.transaction() as session:
        for table in (order, line, visit):
            table.create(session.connection())
        session.execute(sa.insert(visit), {"id": "v", "guided_by": owner.id, "guest_phone": "13700000000"})
        for each, person_id in (("mine", owner.id), ("theirs", other.id)):
            values = {"note": "请放门口", "buyer_name": "王小明", "invoice": "发票"}
            session.execute(sa.insert(order), {"id": each, "account_id": person_id, **values})
            session.execute(sa.insert(line), {"id": each, "purchase_id": each, "caption": "我家门口"})
    ask(market, owner)
    clock.now += COOLING_OFF

    assert erase_people(market, tables, ()) == 1

    with market.read() as session:
        kept = session.execute(sa.select(order).order_by(order.c.id)).all()
        photos = session.execute(sa.select(line.c.id)).scalars().all()
        visits = session.execute(sa.select(visit)).all()
    assert [tuple(row) for row in kept] == [
        ("mine", owner.id, None, "匿名", "发票"),
        ("theirs", other.id, "请放门口", "王小明", "发票"),
    ]
    assert photos == ["theirs"]
    assert [tuple(row) for row in visits] == [("v", owner.id, "13700000000")], "another's, who was guided by them"


def test_an_erasure_waits_for_whoever_is_tying_the_person_just_now(market: Market, clock: FakeClock) -> None:
    """The checks see an order that was being placed when the erasure began."""
    owner = person(market)
    ask(market, owner)
    clock.now += COOLING_OFF
    placing, placed = threading.Event(), threading.Event()

    def place() -> None:
        with market.transaction() as session:
            # Any row that points at the account stands for the order.
            session.execute(
                sa.text("INSERT INTO preference (account_id, language, updated_at) VALUES (:id, 'EN', :now)"),
                {"id": owner.id, "now": "2026-06-09 01:30:00+00:00"},
            )
            placing.set()
            placed.wait(timeout=0.5)

    def tied(session: Session, account_id: str) -> Iterable[Obligation]:
        found = session.execute(sa.text("SELECT 1 FROM preference WHERE account_id = :id"), {"id": account_id})
        return [Obligation("ORDER_OPEN", "ord_1", "", "")] if found.first() else []

    with ThreadPoolExecutor(1) as threads:
        order = threads.submit(place)
        placing.wait(timeout=5)
        erase(market, checks=[tied])
        placed.set()
        order.result()

    assert state(market, owner) is PrivacyState.REQUESTED


def test_a_blocked_person_can_be_erased_all_the_same(market: Market, clock: FakeClock) -> None:
    owner = person(market)
    ask(market, owner)
    with market.transaction() as session:
        session.get_one(Account, owner.id).state = AccountState.BLOCKED
    clock.now += COOLING_OFF + timedelta(days=3)

    assert erase(market) == 1

    assert state(market, owner) is PrivacyState.ERASED
    with market.read() as session:
        assert session.exec(select(Account.id).where(col(Account.state) == AccountState.ERASED)).all() == [owner.id]
