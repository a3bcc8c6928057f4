"""Stock as its sellers see it: levels, lots with their certificates, movements; and how it is changed. Nobody else does:
buyers are told `stockState`."""

from schema.stock.changes import StockMutations
from schema.stock.reads import STOCK_LOT, STOCK_MOVEMENT, STOCK_QUERIES
from schema.stock.types import StockQueries

__all__ = ["STOCK_LOT", "STOCK_MOVEMENT", "STOCK_QUERIES", "StockMutations", "StockQueries"]
