"""The dry run: every row parsed, looked up and tried as whoever uploaded it, and nothing changed."""

from collections.abc import Mapping
from types import MappingProxyType

from market.bulk.claims import Claim
from market.bulk.effects.base import Act, Done, Work
from market.bulk.judge import Judged, Progress, judge_chunk, problems_of, together
from market.bulk.rules import ImportState, Outcome
from market.kernel.errors import MarketError, Unavailable
from market.kernel.market import Market

_COLUMNS: Mapping[Outcome, str] = MappingProxyType(
    {
        Outcome.CREATED: "would_create",
        Outcome.CHANGED: "would_change",
        Outcome.UNCHANGED: "would_keep",
        Outcome.FAILED: "would_fail",
    }
)


class _Undone(Exception):
    """Takes a transaction back, and brings out what it came to."""

    def __init__(self, done: Done) -> None:
        self.done = done
        super().__init__()


def check_some(market: Market, claimed: Claim, work: Work) -> None:
    """Check the next chunk of a CHECKING import; without one left it is CHECKED."""
    chunk = judge_chunk(market, claimed, work)
    progress = Progress(_COLUMNS, claimed.cursor)
    for judged in chunk:
        _try(market, claimed, judged, progress)
    finished = {} if chunk else {"state": ImportState.CHECKED, "checked_at": work.now}
    with market.transaction() as session:
        progress.save(session, claimed, work, **finished)
    progress.saved(claimed)


def _try(market: Market, claimed: Claim, judged: Judged, progress: Progress) -> None:
    if judged.problems:
        progress.add(judged, Outcome.FAILED, judged.problems)
    else:
        try:
            progress.add(judged, together([tried(market, act).outcome for act in judged.acts]))
        except Unavailable:
            raise
        except MarketError as refusal:
            progress.add(judged, Outcome.FAILED, problems_of(claimed.job, judged, refusal))


def tried(market: Market, act: Act) -> Done:
    """What an act would come to: it is done, and taken back. No rule is told twice, so none can differ."""
    try:
        with market.transaction() as session:
            raise _Undone(act(session))
    except _Undone as undone:
        return undone.done
