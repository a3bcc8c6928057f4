"""What a buyer is told about stock."""

from market.catalogue.rules.kinds import StockState

LOW_AT = 5
"""At this many or fewer left, buyers are told so."""


def stock_state_of(available: int) -> StockState:
    """The state of a variant with so many pieces free to sell.

    >>> stock_state_of(0), stock_state_of(5)
    (<StockState.SOLD_OUT: 'SOLD_OUT'>, <StockState.LOW: 'LOW'>)
    """
    if available <= 0:
        return StockState.SOLD_OUT
    return StockState.LOW if available <= LOW_AT else StockState.IN_STOCK
