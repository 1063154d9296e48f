"""The kinds of toxics that Toxiproxy 2.12 has, each with its arguments and what to know of it (its toxics/*.go)."""

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field, model_validator

from actions.network.toxic import LONGEST_MS, ToxicArguments, ToxicFault

MOST_BYTES = 2**31 - 1


class LatencyArguments(ToxicArguments):
    """How late the data comes."""

    latency_ms: int = Field(ge=1, le=LONGEST_MS, description="Milliseconds by which everything comes later.")
    jitter_ms: int = Field(0, ge=0, le=LONGEST_MS, description="Up to so many milliseconds more or less, at random.")

    @model_validator(mode="after")
    def _not_before_it_was_sent(self) -> Self:
        if self.jitter_ms > self.latency_ms:
            raise ValueError("jitter_ms is larger than latency_ms: nothing comes before it was sent")
        return self

    def attributes(self) -> Mapping[str, int]:
        return {"latency": self.latency_ms, "jitter": self.jitter_ms}


class Latency(ToxicFault[LatencyArguments]):
    """Delay what goes over paths, with jitter if asked for."""

    kind = "latency"
    arguments = LatencyArguments


class BandwidthArguments(ToxicArguments):
    """How much passes."""

    kilobytes_per_second: int = Field(
        ge=1, le=MOST_BYTES, description="Kilobytes (of 1,000 bytes) per second, for each connection."
    )

    def attributes(self) -> Mapping[str, int]:
        return {"rate": self.kilobytes_per_second}


class Bandwidth(ToxicFault[BandwidthArguments]):
    """Limit how much passes over paths."""

    kind = "bandwidth"
    arguments = BandwidthArguments
    caveats: ClassVar[tuple[str, ...]] = ("the rate is that of each connection, not of the path",)


class SlowCloseArguments(ToxicArguments):
    """How late connections close."""

    delay_ms: int = Field(ge=1, le=LONGEST_MS, description="Milliseconds by which the end of a connection comes later.")

    def attributes(self) -> Mapping[str, int]:
        return {"delay": self.delay_ms}


class SlowClose(ToxicFault[SlowCloseArguments]):
    """Delay the end of connections over paths."""

    kind = "slow_close"
    arguments = SlowCloseArguments
    caveats: ClassVar[tuple[str, ...]] = (
        "it shows only where connections are closed: a pool that keeps them open will not notice",
    )


class TimeoutArguments(ToxicArguments):
    """When connections that carry nothing end."""

    after_ms: int = Field(
        0, ge=0, le=LONGEST_MS, description="Milliseconds after which a connection is closed; 0: it never is."
    )

    def attributes(self) -> Mapping[str, int]:
        return {"timeout": self.after_ms}


class Timeout(ToxicFault[TimeoutArguments]):
    """Let nothing pass over paths: all data is lost, connections stay open (or are closed after a while)."""

    kind = "timeout"
    arguments = TimeoutArguments


class ResetPeerArguments(ToxicArguments):
    """When connections are reset."""

    after_ms: int = Field(
        0, ge=0, le=LONGEST_MS, description="Milliseconds after a connection's first data when it is reset; 0: at once."
    )

    def attributes(self) -> Mapping[str, int]:
        return {"timeout": self.after_ms}


class ResetPeer(ToxicFault[ResetPeerArguments]):
    """Reset connections over paths as soon as they carry data."""

    kind = "reset_peer"
    arguments = ResetPeerArguments
    caveats: ClassVar[tuple[str, ...]] = (
        "connections that are open when it goes in (a pool's) are closed with their next data, later ones reset",
    )


class SlicerArguments(ToxicArguments):
    """Into what data is cut."""

    average_bytes: int = Field(ge=1, le=MOST_BYTES, description="The size of a piece, on average.")
    variation_bytes: int = Field(0, ge=0, le=MOST_BYTES, description="Up to so many bytes more or less, at random.")
    delay_us: int = Field(0, ge=0, le=1000 * LONGEST_MS, description="Microseconds between two pieces.")

    @model_validator(mode="after")
    def _pieces_of_something(self) -> Self:
        if self.variation_bytes >= self.average_bytes:
            raise ValueError("variation_bytes must be less than average_bytes: with more, Toxiproxy crashes")
        return self

    def attributes(self) -> Mapping[str, int]:
        return {"average_size": self.average_bytes, "size_variation": self.variation_bytes, "delay": self.delay_us}


class Slicer(ToxicFault[SlicerArguments]):
    """Cut what goes over paths into small pieces, with a pause between them if asked for."""

    kind = "slicer"
    arguments = SlicerArguments


class LimitDataArguments(ToxicArguments):
    """After how much connections end."""

    bytes_passed: int = Field(ge=0, le=MOST_BYTES, description="Bytes after which a connection is closed.")

    def attributes(self) -> Mapping[str, int]:
        return {"bytes": self.bytes_passed}


class LimitData(ToxicFault[LimitDataArguments]):
    """Close connections over paths once they have carried so many bytes."""

    kind = "limit_data"
    arguments = LimitDataArguments
    caveats: ClassVar[tuple[str, ...]] = (
        "bytes are counted for each connection, from when the fault goes in or the connection is opened",
    )
