"""Logs: one line for each operation, in JSON for machines or in colour for a person at a terminal.

Lines hold no variables, no results and no personal data. What reaches a log by way of an exception's text is masked:
phone numbers and identity numbers, in every line, just before it is written.

The event loop never waits for a log: lines are gathered, and a thread hands them over, at most a tenth of a second
later, in writes that no other process's lines can come between.
"""

import atexit
import logging
import os
import re
import select
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, MutableMapping
from functools import lru_cache, partial
from typing import Any, TextIO

import orjson
import structlog

from market.server.settings import Settings

Line = MutableMapping[str, Any]
Log = structlog.typing.FilteringBoundLogger

LINES_MAX = 20_000
"""Lines that may wait. When whoever reads them is stuck, later ones are dropped and counted, not the shop stopped."""

OPERATION = "operation"
"""The event of the one line for each operation."""

_WRITE_SECONDS = 0.1
_EXIT_SECONDS_MAX = 1.0
_WRITE_BYTES_MAX = getattr(select, "PIPE_BUF", 4096)
_OPERATION_LENGTH_MAX = 64

# Both begin with what the regex engine can search for quickly; what stands around a match is looked at afterwards.
_PHONE = re.compile(rb"(1[3-9]\d)[ -]?\d{4}[ -]?(\d{4})(?![0-9A-Za-z])")
_IDENTITY = re.compile(rb"(\d{6})\d{11}([0-9Xx])(?![0-9A-Za-z])")
_COUNTRY = re.compile(rb"(?:^|[^0-9A-Za-z])86[ -]?$")
_DIGITS = re.compile(r"\d{7,}")


def mask(text: bytes) -> bytes:
    """The text with the middle of mobile numbers and identity numbers hidden.

    >>> mask(b'no parcel for +86 138-1234-5678 (330203199001011234), order 913812345678')
    b'no parcel for +86 138****5678 (330203****4), order 913812345678'
    """
    return _IDENTITY.sub(_masked, mask_phones(text))


def mask_phones(text: bytes) -> bytes:
    """The text with the middle of mobile numbers hidden. Half a microsecond for a line without one."""
    return _PHONE.sub(_masked, text)


def _masked(found: re.Match[bytes]) -> bytes:
    before = found.string[max(found.start() - 5, 0) : found.start()]
    if before[-1:].isalnum() and not _COUNTRY.search(before):
        return found[0]  # a part of something longer: an id, a hash
    return found[1] + b"****" + found[2]


def operation_label(name: str) -> str:
    """An operation's name as it may be logged: clients choose it, so it is cut, and long numbers are taken out.

    >>> operation_label("Orders_13812345678")
    'Orders_#'
    """
    return _DIGITS.sub("#", name[:_OPERATION_LENGTH_MAX])


class LineWriter:
    """Lines on their way to a file descriptor. `write` takes a microsecond and never waits or raises."""

    def __init__(self, descriptor: int = 1) -> None:
        self.dropped = 0
        self._descriptor = descriptor
        self._waiting: deque[bytes] = deque()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None

    def write(self, line: bytes) -> None:
        """Take a line that ends in a newline."""
        if len(self._waiting) >= LINES_MAX:
            self.dropped += 1
            return
        self._waiting.append(line)
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep_writing, name="log-writer", daemon=True)
            self._thread.start()
            atexit.register(self.leave)

    def flush(self) -> None:
        """Write what is waiting, and wait for that."""
        with self._writing:
            if self.dropped:
                count, self.dropped = self.dropped, 0
                self._waiting.append(orjson.dumps({"event": "log lines dropped", "count": count}) + b"\n")
            while self._waiting:
                self._hand_over(self._batch())

    def leave(self) -> None:
        """Before the process ends: give the thread a second to write what is waiting: whoever does not read cannot keep a process from ending."""
        until = time.monotonic() + _EXIT_SECONDS_MAX
        while (self._waiting or self._writing.locked()) and time.monotonic() < until:
            time.sleep(_WRITE_SECONDS / 10)

    def _batch(self) -> bytes:
        lines = [self._waiting.popleft()]
        size = len(lines[0])
        while self._waiting and size + len(self._waiting[0]) <= _WRITE_BYTES_MAX:
            lines.append(self._waiting.popleft())
            size += len(lines[-1])
        return b"".join(lines)

    def _hand_over(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            return  # nobody listens, or the disk is full: no reason to stop selling

    def _keep_writing(self) -> None:
        pause = threading.Event()
        while True:
            pause.wait(_WRITE_SECONDS)
            self.flush()


class _Forwarding(logging.Handler):
    """Takes what libraries say through the standard `logging`."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info)


_stdout = LineWriter()


def configure_logs(settings: Settings, *, writer: LineWriter = _stdout) -> Log:
    """Set up this process's logs, the standard library's included, and give the logger. Once in a process."""
    on_terminal = settings.log_format == "auto" and not settings.is_production and sys.stdout.isatty()
    is_console = settings.log_format == "console" or on_terminal
    log = _console(settings) if is_console else _json(settings, writer)
    handler = _Forwarding(log)
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    logging.captureWarnings(capture=True)
    for talkative in ("alembic", "httpx", "httpcore"):  # the latter two write the addresses they call, secrets and all
        logging.getLogger(talkative).setLevel(logging.WARNING)
    return log


def flush_logs() -> None:
    """Write what is waiting: a server process may be ended by its signal, without the usual goodbyes."""
    _stdout.leave()


def _json(settings: Settings, writer: LineWriter) -> Log:
    return _configured(
        settings,
        [
            _flat,
            structlog.processors.add_log_level,
            _timed,
            structlog.processors.format_exc_info,
            _rendered,
        ],
        lambda *_names: _Lines(writer.write),
    )


def _console(settings: Settings) -> Log:
    return _configured(
        settings,
        [
            _flat,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            structlog.processors.format_exc_info,
            _without_persons,  # before colour codes come to stand next to numbers
            structlog.dev.ConsoleRenderer(),
            lambda _log, _name, text: text.encode(errors="backslashreplace") + b"\n",
        ],
        lambda *_names: _Lines(partial(_to_terminal, sys.stdout)),
    )


def _configured(settings: Settings, processors: list[Any], logger_factory: Callable[..., Any]) -> Log:
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=logger_factory,
        cache_logger_on_first_use=False,  # tests and commands configure more than once in a process
    )
    log: Log = structlog.get_logger().bind()
    return log


class _Lines:
    """What structlog hands finished lines to, whatever their level."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self.debug = self.info = self.warning = self.error = self.critical = self.msg = write


def _to_terminal(stream: TextIO, line: bytes) -> None:
    stream.write(line.decode())
    stream.flush()


def _flat(_log: object, _name: str, line: Line) -> Line:
    """The standard library's `extra` as facts like others."""
    extra = line.pop("extra", None)
    if extra:
        line.update(extra)
    return line


def _without_persons(_log: object, _name: str, line: Line) -> Line:
    return {name: mask(str(value).encode(errors="backslashreplace")).decode() for name, value in line.items()}


def _timed(_log: object, _name: str, line: Line) -> Line:
    now = time.time()
    line["at"] = f"{_second(int(now))}.{int(now % 1 * 1000):03d}Z"
    return line


@lru_cache(maxsize=4)
def _second(number: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(number))


def _rendered(_log: object, _name: str, line: Line) -> bytes:
    text = orjson.dumps(line, default=str, option=orjson.OPT_APPEND_NEWLINE)
    # An operation's line has no free text but what `operation_label` has cleaned and a request id.
    return mask_phones(text) if line["event"] == OPERATION else mask(text)
