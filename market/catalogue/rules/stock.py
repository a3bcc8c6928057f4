"""What a buyer is told about stock."""

from collections.abc import Iterable

from market.catalogue.rules.kinds import StockState

LOW_AT = 5
"""At this many or fewer left, buyers are told so."""

_BEST_FIRST = (StockState.IN_STOCK, StockState.LOW, StockState.SOLD_OUT)


def stock_state_of(available: int) -> StockState:
    """The state of a variant with so many pieces free to sell.

    >>> stock_state_of(0), stock_state_of(5)
    (<StockState.SOLD_OUT: 'SOLD_OUT'>, <StockState.LOW: 'LOW'>)
    """
    if available <= 0:
        return StockState.SOLD_OUT
    return StockState.LOW if available <= LOW_AT else StockState.IN_STOCK


def best_of(states: Iterable[StockState]) -> StockState:
    """What is told about a product whose variants are in these states: the best of them, SOLD_OUT when it has none.

    >>> best_of([StockState.SOLD_OUT, StockState.LOW])
    <StockState.LOW: 'LOW'>
    """
    found = set(states)
    return next((state for state in _BEST_FIRST if state in found), StockState.SOLD_OUT)
