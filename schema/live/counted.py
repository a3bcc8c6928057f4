"""Subscriptions and what is sent to them, counted."""

from dataclasses import dataclass
from typing import Protocol

from schema.edge.http import Answer
from schema.edge.live import Perform, Stream
from schema.edge.requests import GraphQLRequest


class Figures(Protocol):
    """Where it is counted."""

    def count_subscriptions(self, more: int) -> None:
        """So many more are open, or less."""

    def count_event(self) -> None:
        """A result was sent."""


def counted(perform: Perform, figures: Figures) -> Perform:
    """`perform`, with the subscriptions it begins counted."""

    async def begin(request: GraphQLRequest) -> Answer | Stream:
        answer = await perform(request)
        if isinstance(answer, Answer):
            return answer
        figures.count_subscriptions(1)
        return _Counted(answer, figures)

    return begin


@dataclass(slots=True)
class _Counted:
    stream: Stream
    figures: Figures
    is_open: bool = True

    async def next(self) -> bytes | None:
        """The stream's, counted."""
        result = await self.stream.next()
        if result is not None:
            self.figures.count_event()
        return result

    async def close(self) -> None:
        """Once, however often it is called."""
        if self.is_open:
            self.is_open = False
            self.figures.count_subscriptions(-1)
        await self.stream.close()
