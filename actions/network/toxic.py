"""A toxic on a path, whatever its kind: one or two of Toxiproxy's, named after the record."""

from abc import abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from typing import ClassVar, Literal, TypeVar

from pydantic import Field

from actions.choice import Choice
from actions.fault import Draft, Injection
from actions.network.path import PathArguments, check_unchanged, draft_paths
from actions.network.path_fault import PathFault
from actions.network.renewal import own_name
from actions.systems import Systems
from clients.toxiproxy import Toxic, ToxicExistsError

LONGEST_MS = 3_600_000
TOXICITY_DIGITS = 6
"""Toxiproxy keeps it as a float of 32 bits."""


class ToxicArguments(PathArguments):
    """Which paths, and which of their connections."""

    direction: Literal["upstream", "downstream", "both"] = Field(
        "downstream", description="upstream: what the client sends; downstream: what the server answers."
    )
    toxicity: float = Field(
        1.0, gt=0, le=1, description="The share of connections that are hit, drawn for each connection."
    )

    @abstractmethod
    def attributes(self) -> Mapping[str, int]:
        """The toxic's attributes, as Toxiproxy calls them."""


T = TypeVar("T", bound=ToxicArguments)


class ToxicFault(PathFault[T]):
    """A toxic of one kind, in one direction or in both."""

    kind: ClassVar[str]
    """What Toxiproxy calls it."""
    caveats: ClassVar[tuple[str, ...]] = ()
    """What a reader of the plan should know of this kind."""

    def plan(self, arguments: T, systems: Systems, choice: Choice) -> Draft:
        del choice
        return draft_paths(arguments, systems, (*self.caveats, *_of_toxicity(arguments)))

    def inject(self, injection: Injection[T], systems: Systems) -> None:
        server, target = systems.toxiproxy(injection.target.details["server"]), injection.target
        check_unchanged(server, target)
        for toxic in self._toxics(injection):
            with suppress(ToxicExistsError):  # its name is this record's own: an answer was lost
                server.add_toxic(target.name, toxic)

    def in_effect(self, injection: Injection[T], systems: Systems) -> bool:
        proxy = systems.toxiproxy(injection.target.details["server"]).proxy(injection.target.name)
        there = {_comparable(toxic) for toxic in proxy.toxics}
        return proxy.enabled and all(_comparable(toxic) in there for toxic in self._toxics(injection))

    def _toxics(self, injection: Injection[T]) -> tuple[Toxic, ...]:
        wanted = injection.arguments
        streams = ("upstream", "downstream") if wanted.direction == "both" else (wanted.direction,)
        return tuple(
            Toxic(
                own_name(injection.tag, stream, injection.expires_at),
                self.kind,
                stream,
                wanted.attributes(),
                wanted.toxicity,
            )
            for stream in streams
        )


def _comparable(toxic: Toxic) -> tuple[object, ...]:
    attributes = tuple(sorted(toxic.attributes.items()))
    return toxic.name, toxic.type, toxic.stream, round(toxic.toxicity, TOXICITY_DIGITS), attributes


def _of_toxicity(arguments: ToxicArguments) -> tuple[str, ...]:
    if arguments.toxicity == 1:
        return ()
    share = f"toxicity {arguments.toxicity:g} is drawn for each connection and not for each request"
    return (f"{share}: a pool of a few connections may draw none, or all",)
