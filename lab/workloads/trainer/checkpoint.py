"""What a checkpoint holds, and its bytes: a JSON header, the arrays, and a SHA-256 over everything before it."""

import hashlib
import json
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from lab.workloads.trainer.dataset import Floats
from lab.workloads.trainer.record import RunRecord

MAGIC = b"MLCKPT1\n"

_LENGTH = struct.Struct("!I")
_DIGEST_BYTES = hashlib.sha256().digest_size


class CorruptCheckpointError(ValueError):
    """The bytes are not a whole checkpoint; the message says what gave them away."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state after `step` steps; all that training needs to go on as if nothing had happened.

    `rng_state` is the batch order's generator state, `wall_time` the Unix time at which the step was done, `record` the
    run's account at that moment.
    """

    step: int
    wall_time: float
    parameters: Floats
    velocity: Floats
    rng_state: dict[str, Any]
    record: RunRecord


def digest(parameters: Floats, velocity: Floats) -> bytes:
    """A checksum of the state that must be the same on all ranks."""
    return hashlib.sha256(parameters.tobytes() + velocity.tobytes()).digest()


def encode(checkpoint: Checkpoint) -> bytes:
    """The checkpoint as bytes."""
    header = {
        "step": checkpoint.step,
        "wall_time": checkpoint.wall_time,
        "rng_state": checkpoint.rng_state,
        "record": checkpoint.record.as_document(),
        "parameters": len(checkpoint.parameters),
    }
    text = json.dumps(header).encode()
    arrays = checkpoint.parameters.astype("<f4").tobytes() + checkpoint.velocity.astype("<f4").tobytes()
    body = MAGIC + _LENGTH.pack(len(text)) + text + arrays
    return body + hashlib.sha256(body).digest()


def decode(data: bytes) -> Checkpoint:
    """The checkpoint in `data`.

    Raises CorruptCheckpointError unless it is whole and unchanged.
    """
    if len(data) < len(MAGIC) + _LENGTH.size + _DIGEST_BYTES:
        raise CorruptCheckpointError(f"{len(data)} bytes are too few for a checkpoint")
    if not data.startswith(MAGIC):
        raise CorruptCheckpointError("it does not begin like a checkpoint")
    body, found = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if hashlib.sha256(body).digest() != found:
        raise CorruptCheckpointError("its checksum does not agree with its contents")
    start = len(MAGIC) + _LENGTH.size
    (length,) = _LENGTH.unpack(data[len(MAGIC) : start])
    try:
        header = json.loads(body[start : start + length])
        count = int(header["parameters"])
        arrays = np.frombuffer(body[start + length :], "<f4").astype(np.float32)
        if len(arrays) != 2 * count:
            raise CorruptCheckpointError(f"it holds {len(arrays)} numbers, not twice {count}")
        return Checkpoint(
            step=int(header["step"]),
            wall_time=float(header["wall_time"]),
            parameters=arrays[:count],
            velocity=arrays[count:],
            rng_state=header["rng_state"],
            record=RunRecord.from_document(header["record"]),
        )
    except (KeyError, TypeError) as error:
        raise CorruptCheckpointError(f"its header lacks something: {error!r}") from error
