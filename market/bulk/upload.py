"""Use case: take a file in."""

import hashlib
import unicodedata
from collections.abc import Iterator
from pathlib import PurePath
from typing import BinaryIO

import sqlalchemy as sa
from sqlmodel import Session

from market.bulk.errors import FileTooLarge, NoRows
from market.bulk.queries import PARTS, in_hand
from market.bulk.reading.table import format_of
from market.bulk.rules import FILE_BYTES_MAX, MIB, FileFormat, SheetKind
from market.bulk.tables import ImportJob
from market.kernel import audit
from market.kernel.clock import business_day
from market.kernel.errors import LimitReached
from market.kernel.idempotency import IdempotencyKey, once
from market.kernel.market import Market
from market.kernel.permissions import Actor, Permission, reach
from market.organisations.acting import act_for

IN_HAND_MAX = 20
"""Imports of one organisation that wait for a worker or have one."""


def upload_import(
    market: Market,
    actor: Actor,
    *,
    kind: SheetKind,
    organisation_id: str,
    file: BinaryIO,
    file_name: str,
    submit: bool = False,
    idempotency_key: str,
) -> str:
    """Take in a file, from its start to its end, for an organisation's import; the import's id. A worker reads and
    checks it next, and nothing changes before `run_import`. `submit` hands the products in for review as well; without
    it they wait as drafts.

    Refuses: NotSignedIn; Forbidden; NotFound for an organisation they do not act for; FileTooLarge above 20 MiB;
    NotASheet for what is neither CSV nor XLSX by its first bytes; NoRows for an empty file; LimitReached when twenty
    imports of the organisation are waiting.
    Once: the same idempotency key and file give the same import.
    """
    reach(actor, Permission.IMPORT_RUN)
    now = market.now()
    form, size, digest = _looked_over(file)
    job = ImportJob(
        id=market.new_id("imp"),
        kind=kind,
        submit=submit,
        account_id=str(actor.account_id),
        actor_kind=actor.kind.value,
        organisation_id=organisation_id,
        file_name=_plain_name(file_name),
        format=form,
        size_bytes=size,
        sha256=digest,
        worked_at=now,
        created_at=now,
    )
    asked = {
        "kind": kind.value,
        "organisation": organisation_id,
        "sha256": digest,
        "name": job.file_name,
        "submit": submit,
    }
    key = IdempotencyKey.of(actor=job.account_id, operation="uploadImport", key=idempotency_key, asked=asked)
    with market.transaction() as session:
        return once(session, key, lambda: _take_in(session, actor, job, file), now=now, dump=str, load=str)


def _take_in(session: Session, actor: Actor, job: ImportJob, file: BinaryIO) -> str:
    act_for(
        session,
        actor,
        Permission.IMPORT_RUN,
        producer_id=job.organisation_id,
        today=business_day(job.created_at),
        field="organisationId",
    )
    if in_hand(session, job.organisation_id) >= IN_HAND_MAX:
        raise LimitReached(what="imports that wait", limit=IN_HAND_MAX)
    session.add(job)
    session.flush()
    for number, piece in enumerate(_pieces(file)):
        session.execute(sa.insert(PARTS), {"import_id": job.id, "number": number, "content": piece})
    audit.record(
        session,
        actor,
        action="import.upload",
        subject=job.id,
        principal=job.organisation_id,
        after={"kind": job.kind.value, "sha256": job.sha256},
        now=job.created_at,
    )
    return job.id


def _looked_over(file: BinaryIO) -> tuple[FileFormat, int, str]:
    """Its format, size and SHA-256."""
    digest, size, head = hashlib.sha256(), 0, b""
    for piece in _pieces(file):
        head = head or piece[:8]
        size += len(piece)
        if size > FILE_BYTES_MAX:
            raise FileTooLarge
        digest.update(piece)
    if not size:
        raise NoRows
    return format_of(head), size, digest.hexdigest()


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    file.seek(0)
    while piece := file.read(MIB):
        yield piece


def _plain_name(name: str) -> str:
    """The file's own name, without folders and what cannot be seen."""
    last = PurePath(name.replace("\\", "/")).name
    return "".join(letter for letter in unicodedata.normalize("NFC", last) if letter.isprintable())[:200]
