"""Attempts, counted over rolling windows: sending and trying codes, passwords, second factors.

They are counted where the attempt is made, in the use case, so that fifteen aliased sign-ins in one request are fifteen.
"""

from datetime import UTC, datetime, timedelta
from math import ceil

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import (
    insert,  # the one INSERT … ON CONFLICT that both engines compile
)
from sqlmodel import Session, SQLModel

from market.kernel.sealing import Sealer
from market.people.errors import TooManyAttempts
from market.people.rules import COUNTED_LONGEST, LIMITS, Counted, wait_for
from market.people.tables import AttemptWindow

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_WINDOWS = SQLModel.metadata.tables[str(AttemptWindow.__tablename__)]
_MINE = sa.and_(
    _WINDOWS.c.counted == sa.bindparam("of_counted"), _WINDOWS.c.subject_digest == sa.bindparam("of_subject")
)
# Take the row, making it when there is none: its lock makes attempts of one subject queue until the commit.
_TAKE = (
    insert(_WINDOWS)
    .on_conflict_do_update(
        index_elements=[_WINDOWS.c.counted, _WINDOWS.c.subject_digest],
        set_={"last_at": insert(_WINDOWS).excluded.last_at},
    )
    .returning(_WINDOWS.c.moments)
)
_KEEP = sa.update(_WINDOWS).where(_MINE).values(moments=sa.bindparam("kept"))


def count_attempt(session: Session, sealer: Sealer, counted: Counted, subject: str, *, now: datetime) -> None:
    """Step: count one more attempt by this subject (a number, a name, an account, a network), before it is made.

    Refuses with TooManyAttempts, and then does not count it: whoever waits as told gets through.
    Guards: the row of this subject, which is held until the commit. Count in the order of `Counted`, so that two
    transactions cannot wait for each other.
    """
    limits = LIMITS[counted]
    digest = sealer.digest(f"{counted}:{subject}", purpose="attempt_window.subject")
    row = {"counted": counted, "subject_digest": digest, "moments": [], "last_at": now}
    earlier = [_EPOCH + moment * _MICROSECOND for moment in session.execute(_TAKE, row).scalar_one()]
    wait = wait_for(limits, earlier, now)
    if wait is not None:
        raise TooManyAttempts(
            limit=max(limit.count for limit in limits), retry_after_seconds=max(ceil(wait.total_seconds()), 1)
        )
    kept = [at for at in (*earlier, now) if abs(now - at) < COUNTED_LONGEST]
    moments = [(at - _EPOCH) // _MICROSECOND for at in kept]
    session.execute(_KEEP, {"of_counted": counted, "of_subject": digest, "kept": moments})
