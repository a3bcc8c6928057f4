"""Both engines behind one face: open one by URL, then speak only to `Database` and the functions of its `engine`."""

from market.kernel.database.database import Database, open_database
from market.kernel.database.engine import Engine, Reader

__all__ = ["Database", "Engine", "Reader", "open_database"]
