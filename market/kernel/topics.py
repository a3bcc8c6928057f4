"""What changed, by topic, so that cached answers know when they are stale.

A topic is a room ("catalogue"), a listing's id, a category's id: whatever an answer can depend on. A step that changes
something says `touch(session, …)`; the transaction announces it at commit, in this process at once and to the others
through the engine.
"""

import threading
from collections.abc import Iterable

from sqlmodel import Field, Session, SQLModel

TOPICS = "topics"


class TopicVersion(SQLModel, table=True):
    """When a topic last changed, counted in changes of any topic. Written by SQLite transactions, read by the other
    processes on the same file; PostgreSQL notifies instead."""

    __tablename__ = "topic_version"

    topic: str = Field(primary_key=True, max_length=64)
    version: int = Field(index=True)


def touch(session: Session, *topics: str) -> None:
    """Step: say that these topics change in this transaction."""
    session.info.setdefault(TOPICS, set()).update(topics)


class Topics:
    """This process's view of how often each topic changed. Only compared, never shown."""

    def __init__(self) -> None:
        self._versions: dict[str, int] = {}
        self._everything = 0
        self._lock = threading.Lock()

    def stamp(self, topics: Iterable[str]) -> tuple[int, ...]:
        """What to keep beside an answer, taken *before* it is read: equal later means nothing changed since."""
        versions = self._versions
        return (self._everything, *[versions.get(topic, 0) for topic in topics])

    def bump(self, topics: Iterable[str]) -> None:
        """These changed."""
        with self._lock:
            for topic in topics:
                self._versions[topic] = self._versions.get(topic, 0) + 1

    def bump_all(self) -> None:
        """Anything may have changed: news was missed."""
        self._everything += 1
