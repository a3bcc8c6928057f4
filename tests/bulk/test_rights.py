"""Who may import what, for whom, and until when."""

from dataclasses import replace
from datetime import date, datetime

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col

from market.bulk.actor import worker_actor
from market.bulk.claims import claim
from market.bulk.effects.base import Work
from market.bulk.export import write_error_list
from market.bulk.queries import job_of
from market.bulk.rules import ImportMode, ImportState, Outcome, SheetKind
from market.bulk.run import run_some
from market.bulk.start import cancel_import, run_import
from market.bulk.tables import ImportJob
from market.bulk.work import work_on_imports
from market.kernel.errors import Forbidden, NotFound, NotSignedIn
from market.kernel.ids import new_id
from market.kernel.market import Market
from market.kernel.permissions import VISITOR, Actor, ActorKind, Permission, Role
from market.organisations.rules import OrganisationKind, Power
from market.organisations.tables import MembershipPower
from market.people.keys import KeyDraft, create_key
from market.people.manage import block_account, take_role
from market.people.tables import ApiKey
from tests.bulk.desk import (
    Desk,
    actor,
    as_,
    checked,
    csv_file,
    everything,
    hire,
    imported,
    job,
    join,
    key,
    open_desk,
    outcomes,
    prices,
    problems,
    register,
    run,
    upload,
    work,
)
from tests.schema.stalls import ADMIN, sell

PRICES = SheetKind.PRICES
PEACH = csv_file(["sku", "price"], ["SKU-桃", 99])
TODAY = date(2026, 6, 2)
RIGHTS_LOST = "IMPORT_RIGHTS_LOST"


@pytest.fixture(name="desk")
def _desk(market: Market) -> Desk:
    desk = open_desk(market)
    sell(market, desk.stalls, "桃", desk.stalls.peach)
    return desk


def revoke(session: Session, now: datetime) -> None:
    session.execute(sa.update(MembershipPower).values(revoked_at=now, revoked_by="acc"))


@pytest.mark.parametrize(
    ("role", "refusal"),
    [
        (Role.OWNER, None),
        (Role.EDITOR, None),
        (Role.FULFILMENT, Forbidden),
        (Role.FINANCE, Forbidden),
        (Role.VIEWER, Forbidden),
    ],
)
def test_roles_that_may_import(market: Market, desk: Desk, role: Role, refusal: type[Exception] | None) -> None:
    them = as_(desk, actor(market, hire(market, desk.stalls.producer, role)))
    if refusal is None:
        assert outcomes(imported(market, them, PRICES, PEACH)) == {Outcome.CHANGED: 1}
        return
    before = everything(market)

    with pytest.raises(refusal):
        upload(market, them, PRICES, PEACH)

    assert everything(market) == before
    assert work_on_imports(market) == 0


def test_a_visitor_is_asked_to_sign_in(market: Market, desk: Desk) -> None:
    with pytest.raises(NotSignedIn):
        upload(market, as_(desk, VISITOR), PRICES, PEACH)


def test_somebody_elses_organisation_and_import_are_as_unknown_as_any(market: Market, desk: Desk) -> None:
    theirs = checked(market, desk, PRICES, PEACH)
    other = register(market, desk, OrganisationKind.HOUSEHOLD, "老李家")
    stranger = as_(desk, actor(market, hire(market, other, Role.OWNER)))

    def refusals(organisation_id: str, import_id: str) -> list[str]:
        told = []
        for act in (
            lambda: upload(
                market, replace(stranger, stalls=replace(desk.stalls, producer=organisation_id)), PRICES, PEACH
            ),
            lambda: run_import(
                market, stranger.owner, import_id=import_id, mode=ImportMode.SKIP, idempotency_key=key()
            ),
            lambda: cancel_import(market, stranger.owner, import_id=import_id),
        ):
            with pytest.raises(NotFound) as refused:
                act()
            told.append(repr((refused.value.code, refused.value.facts, refused.value.message("zh-CN"))))
        return told

    assert refusals(desk.stalls.producer, theirs.id) == refusals(new_id("pdr"), new_id("imp"))
    assert job(market, theirs.id).state is ImportState.CHECKED


def test_skus_of_others_are_as_unknown_as_any(market: Market, desk: Desk) -> None:
    other = register(market, desk, OrganisationKind.HOUSEHOLD, "老李家")
    stranger = as_(desk, actor(market, hire(market, other, Role.OWNER)), other)

    found = imported(market, stranger, PRICES, csv_file(["sku", "price"], ["SKU-桃", 1], ["SKU-无", 1]))

    assert [words.replace("桃", "无") for _, _, words in problems(market, found.id)] == ["没有找到“SKU-无”，请核对"] * 2
    assert prices(market, ["SKU-桃"]) == {"SKU-桃": 8800}


def test_whoever_acts_for_the_organisation_sees_its_imports_and_the_uploader_their_own(
    market: Market, desk: Desk
) -> None:
    theirs = checked(market, desk, PRICES, csv_file(["sku", "price"], ["无", 1]))
    colleague = actor(market, hire(market, desk.stalls.producer, Role.EDITOR))
    other = register(market, desk, OrganisationKind.HOUSEHOLD, "老李家")
    stranger = actor(market, hire(market, other, Role.OWNER))

    with market.read() as session:
        assert job_of(session, colleague, theirs.id, today=TODAY).id == theirs.id
        with pytest.raises(NotFound):
            job_of(session, stranger, theirs.id, today=TODAY)
    with pytest.raises(NotFound), open("/dev/null", "wb") as nowhere:  # noqa: PTH123 - a file to write to
        write_error_list(market, stranger, import_id=theirs.id, language="en", file=nowhere)


# -- cooperatives ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("power", "is_theirs"), [(Power.MANAGE_LISTINGS, True), (Power.MANAGE_STOCK, False)])
def test_a_cooperative_imports_for_members_as_far_as_they_let_it(
    market: Market, desk: Desk, power: Power, is_theirs: bool
) -> None:
    cooperative = register(market, desk, OrganisationKind.COOPERATIVE, "合作社")
    join(market, cooperative, desk.stalls.producer, power, now=market.now())
    clerk = as_(desk, actor(market, hire(market, cooperative, Role.EDITOR)), cooperative)

    found = imported(market, clerk, PRICES, PEACH)

    assert outcomes(found) == ({Outcome.CHANGED: 1} if is_theirs else {Outcome.FAILED: 1})
    assert prices(market, ["SKU-桃"]) == {"SKU-桃": 9900 if is_theirs else 8800}


def test_a_power_revoked_between_check_and_run_does_not_count(market: Market, desk: Desk) -> None:
    cooperative = register(market, desk, OrganisationKind.COOPERATIVE, "合作社")
    join(market, cooperative, desk.stalls.producer, Power.MANAGE_LISTINGS, now=market.now())
    clerk = as_(desk, actor(market, hire(market, cooperative, Role.EDITOR)), cooperative)
    found = checked(market, clerk, PRICES, PEACH)
    run(market, clerk, found.id, ImportMode.SKIP)
    with market.transaction() as session:
        revoke(session, market.now())

    work(market)

    assert outcomes(job(market, found.id)) == {Outcome.FAILED: 1}
    assert prices(market, ["SKU-桃"]) == {"SKU-桃": 8800}


# -- rights that end ---------------------------------------------------------------------------------------------------


def test_whoever_loses_their_role_has_their_import_stopped(market: Market, desk: Desk) -> None:
    clerk_account = hire(market, desk.stalls.producer, Role.EDITOR)
    clerk = as_(desk, actor(market, clerk_account))
    waiting, running = upload(market, clerk, PRICES, PEACH), checked(market, clerk, PRICES, PEACH).id
    run(market, clerk, running, ImportMode.SKIP)

    take_role(market, ADMIN, account_id=clerk_account, role=Role.EDITOR, within=desk.stalls.producer)
    work(market)

    assert (job(market, running).state, job(market, running).problem_code) == (ImportState.STOPPED, RIGHTS_LOST)
    assert job(market, waiting).state in {ImportState.CHECKED, ImportState.REFUSED}
    assert prices(market, ["SKU-桃"]) == {"SKU-桃": 8800}


def test_a_role_lost_within_a_chunk_stops_the_run_instead_of_failing_every_row(market: Market, desk: Desk) -> None:
    account = hire(market, desk.stalls.producer, Role.EDITOR)
    clerk = as_(desk, actor(market, account))
    found = checked(market, clerk, PRICES, PEACH)
    run(market, clerk, found.id, ImportMode.SKIP)
    claimed = claim(market)
    assert claimed is not None
    with market.read() as session:
        who = worker_actor(session, claimed.job, market.now())
    take_role(market, ADMIN, account_id=account, role=Role.EDITOR, within=desk.stalls.producer)

    run_some(market, claimed, Work(market, who, desk.stalls.producer, found.id, submit=False, now=market.now()))

    found = job(market, found.id)
    assert (found.state, found.problem_code, outcomes(found)) == (ImportState.STOPPED, RIGHTS_LOST, {})
    assert problems(market, found.id) == []


def test_a_blocked_account_imports_nothing_more(market: Market, desk: Desk) -> None:
    found = checked(market, desk, PRICES, PEACH)
    run(market, desk, found.id, ImportMode.SKIP)

    block_account(market, ADMIN, account_id=desk.account)
    work(market)

    assert (job(market, found.id).state, job(market, found.id).problem_code) == (ImportState.STOPPED, RIGHTS_LOST)


def test_an_api_key_imports_within_its_scopes_until_it_ends(market: Market, desk: Desk) -> None:
    def key_with(*scopes: Permission) -> Desk:
        draft = KeyDraft(desk.stalls.producer, "仓库", frozenset(scopes), 30)
        made = create_key(market, desk.owner, draft, idempotency_key=key())
        organisations = {desk.stalls.producer: frozenset({Role.OWNER})}
        return as_(desk, Actor(ActorKind.MEMBER, made.key_id, organisations=organisations, limits=frozenset(scopes)))

    system = key_with(Permission.IMPORT_RUN, Permission.LISTING_EDIT)
    assert outcomes(imported(market, system, PRICES, PEACH)) == {Outcome.CHANGED: 1}
    with pytest.raises(Forbidden):
        upload(market, key_with(Permission.LISTING_EDIT), PRICES, PEACH)
    found = checked(market, system, PRICES, csv_file(["sku", "price"], ["SKU-桃", 77]))
    run(market, system, found.id, ImportMode.SKIP)
    with market.transaction() as session:
        session.execute(sa.update(ApiKey).values(revoked_at=market.now(), revoked_by=desk.account))

    work(market)

    assert (job(market, found.id).state, prices(market, ["SKU-桃"])) == (ImportState.STOPPED, {"SKU-桃": 9900})


def test_an_administrator_who_signed_in_weakly_imports_as_no_more_than_a_member(market: Market, desk: Desk) -> None:
    """Their roles count by the sign-in of the request; the worker has none, and must not give back what it withheld."""
    from market.people.manage import give_role

    other = register(market, desk, OrganisationKind.HOUSEHOLD, "老李家")
    account = hire(market, other, Role.OWNER)
    give_role(market, ADMIN, account_id=account, role=Role.ADMIN)
    weakly = Actor(ActorKind.MEMBER, account, organisations={other: frozenset({Role.OWNER})})

    found = imported(market, as_(desk, weakly, other), PRICES, PEACH)

    assert outcomes(found) == {Outcome.FAILED: 1}
    strongly = imported(market, as_(desk, actor(market, account), other), PRICES, PEACH)
    assert outcomes(strongly) == {Outcome.CHANGED: 1}


def test_whoever_starts_it_answers_for_it(market: Market, desk: Desk) -> None:
    account = hire(market, desk.stalls.producer, Role.EDITOR)
    found = checked(market, as_(desk, actor(market, account)), PRICES, PEACH)
    take_role(market, ADMIN, account_id=account, role=Role.EDITOR, within=desk.stalls.producer)

    run(market, desk, found.id, ImportMode.SKIP)
    work(market)

    assert job(market, found.id).account_id == desk.account
    assert outcomes(job(market, found.id)) == {Outcome.CHANGED: 1}
    with market.transaction() as session:
        assert session.execute(sa.select(sa.func.count()).where(col(ImportJob.account_id) == account)).scalar_one() == 0
