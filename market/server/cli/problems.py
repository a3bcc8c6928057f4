"""How a person is told what is wrong: a sentence on what to do, never a traceback; and an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from market.server.exits import DATABASE, FAILED, USAGE

EPILOG = "Exit codes: 0 done · 1 a check failed · 2 wrong option or setting · 3 database · 4 address in use"


def fail(code: int, message: str) -> NoReturn:
    """Tell what is wrong and exit with this code."""
    typer.secho(f"error: {message}", err=True, fg=typer.colors.RED)
    raise typer.Exit(code)


@contextmanager
def told() -> Iterator[None]:
    """Within it, what a person can put right ends in a sentence and an exit code."""
    from market.kernel.errors import MarketError, Unavailable
    from market.server.settings import SettingsError

    try:
        yield
    except SettingsError as error:
        fail(USAGE, str(error))
    except Unavailable as error:
        cause = str(error.__cause__).strip().partition("\n")[0]
        fail(DATABASE, f"the database cannot be reached: {cause}\nIs it running, and is MARKET_DATABASE_URL right?")
    except MarketError as error:
        fail(FAILED, str(error))
