"""A producer's desk: somebody with a role, and files handed in."""

import io
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import col, select

from market.bulk.rules import ImportMode, ImportState, Outcome, SheetKind
from market.bulk.start import run_import
from market.bulk.tables import ImportJob, ImportProblem, ImportRow
from market.bulk.upload import upload_import
from market.bulk.work import work_on_imports
from market.catalogue.tables import Variant
from market.kernel.ids import new_id
from market.kernel.market import Market
from market.kernel.permissions import Actor, Role
from market.organisations.manage import OrganisationDraft, register_organisation
from market.organisations.rules import OrganisationKind, Power
from market.organisations.tables import Membership, MembershipPower
from market.people.actors import actor_of
from market.people.manage import give_role, open_account
from tests.schema.stalls import ADMIN, Stalls, set_up

_KEYS = itertools.count()


@dataclass(frozen=True)
class Desk:
    """A marketplace with one producer, and its owner."""

    stalls: Stalls
    owner: Actor
    account: str


def key() -> str:
    """A new idempotency key."""
    return f"test-key-{next(_KEYS):016}"


def open_desk(market: Market) -> Desk:
    stalls = set_up(market)
    account = hire(market, stalls.producer, Role.OWNER)
    return Desk(stalls, actor(market, account), account)


def hire(market: Market, organisation_id: str, role: Role) -> str:
    """An account with a role in an organisation."""
    account = open_account(market, ADMIN, name="小王")
    give_role(market, ADMIN, account_id=account, role=role, within=organisation_id)
    return account


def actor(market: Market, account: str) -> Actor:
    with market.read() as session:
        return actor_of(session, account)


def csv_file(*rows: Sequence[object], encoding: str = "utf-8") -> bytes:
    """Rows as a person would type them: no quotes."""
    return "\r\n".join(",".join(str(cell) for cell in row) for row in rows).encode(encoding)


def upload(
    market: Market, desk: Desk, kind: SheetKind, content: bytes, *, name: str = "表.csv", submit: bool = False
) -> str:
    return upload_import(
        market,
        desk.owner,
        kind=kind,
        organisation_id=desk.stalls.producer,
        file=io.BytesIO(content),
        file_name=name,
        submit=submit,
        idempotency_key=key(),
    )


def work(market: Market) -> None:
    """Until there is nothing to do."""
    while work_on_imports(market):
        pass


def checked(market: Market, desk: Desk, kind: SheetKind, content: bytes, *, submit: bool = False) -> ImportJob:
    """Upload a file and let it be checked."""
    import_id = upload(market, desk, kind, content, submit=submit)
    work(market)
    return job(market, import_id)


def imported(
    market: Market,
    desk: Desk,
    kind: SheetKind,
    content: bytes,
    mode: ImportMode = ImportMode.SKIP,
    *,
    submit: bool = False,
) -> ImportJob:
    """Upload a file, let it be checked and run."""
    found = checked(market, desk, kind, content, submit=submit)
    assert found.state is ImportState.CHECKED, (found.state, found.problem)
    run(market, desk, found.id, mode)
    work(market)
    return job(market, found.id)


def run(market: Market, desk: Desk, import_id: str, mode: ImportMode) -> None:
    run_import(market, desk.owner, import_id=import_id, mode=mode, idempotency_key=key())


def job(market: Market, import_id: str) -> ImportJob:
    with market.read() as session:
        return session.get_one(ImportJob, import_id)


def outcomes(found: ImportJob) -> dict[Outcome, int]:
    """What its run came to, without zeros."""
    counts = {
        Outcome.CREATED: found.created,
        Outcome.CHANGED: found.changed,
        Outcome.UNCHANGED: found.unchanged,
        Outcome.FAILED: found.failed,
    }
    return {outcome: count for outcome, count in counts.items() if count}


def prospects(found: ImportJob) -> dict[Outcome, int]:
    """What its check foresees, without zeros."""
    counts = {
        Outcome.CREATED: found.would_create,
        Outcome.CHANGED: found.would_change,
        Outcome.UNCHANGED: found.would_keep,
        Outcome.FAILED: found.would_fail,
    }
    return {outcome: count for outcome, count in counts.items() if count}


def problems(market: Market, import_id: str) -> list[tuple[int, str | None, str]]:
    """Row, column and words of all that is wrong, in the order of the file."""
    with market.read() as session:
        mine = select(ImportProblem).where(ImportProblem.import_id == import_id).order_by(col(ImportProblem.id))
        found = [(each.row_number, each.column, each.message) for each in session.exec(mine)]
        refused = set(
            session.exec(select(ImportRow.number).where(ImportRow.import_id == import_id, col(ImportRow.is_refused)))
        )
    assert {number for number, _, _ in found} == refused
    return found


def prices(market: Market, skus: Iterable[str]) -> dict[str, int]:
    with market.read() as session:
        found = {each.sku: each.price_fen for each in session.exec(select(Variant))}
    return {sku: found[sku] for sku in skus if sku in found}


def rows_of(market: Market, model: type[Any]) -> list[Any]:
    with market.read() as session:
        return list(session.exec(select(model)))


def everything(market: Market) -> dict[str, list[Any]]:
    """All rows of all tables but the import's own."""
    with market.read() as session:
        tables = sa.inspect(session.connection()).get_table_names()
        mine = [name for name in sorted(tables) if not name.startswith(("import_", "topic_version", "listing_search"))]
        return {name: sorted(map(repr, session.execute(sa.text(f'SELECT * FROM "{name}"')))) for name in mine}


def as_(desk: Desk, who: Actor, organisation_id: str | None = None) -> Desk:
    """The same desk with somebody else at it, for an organisation."""
    stalls = desk.stalls if organisation_id is None else replace(desk.stalls, producer=organisation_id)
    return replace(desk, owner=who, stalls=stalls, account=str(who.account_id))


def register(market: Market, desk: Desk, kind: OrganisationKind, name: str) -> str:
    return register_organisation(market, ADMIN, OrganisationDraft(kind, name, None, "", None, desk.stalls.village))


def join(market: Market, cooperative_id: str, producer_id: str, *powers: Power, now: datetime) -> None:
    with market.transaction() as session:
        membership = Membership(
            id=new_id("mbr"), cooperative_id=cooperative_id, producer_id=producer_id, joined_on=date(2026, 1, 1)
        )
        session.add(membership)
        session.flush()
        for power in powers:
            session.add(
                MembershipPower(
                    id=new_id("pow"),
                    membership_id=membership.id,
                    power=power,
                    valid_from=date(2026, 1, 1),
                    granted_by="acc",
                    granted_at=now,
                )
            )
