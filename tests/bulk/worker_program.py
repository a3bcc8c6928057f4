"""A worker in a process of its own, to be killed: works on imports until there is nothing to do."""

import sys

from market.bulk.work import work_on_imports
from market.kernel.database import open_database
from market.kernel.market import Market

if __name__ == "__main__":
    market = Market(open_database(sys.argv[1]))
    while work_on_imports(market):
        pass
