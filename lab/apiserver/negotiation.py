"""The form in which a client wants its answer: whole objects, their metadata only, or a table for people."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Shape = Literal["object", "metadata", "table"]

_SHAPES: dict[str, Shape] = {
    "PartialObjectMetadata": "metadata",
    "PartialObjectMetadataList": "metadata",
    "Table": "table",
}


@dataclass(frozen=True, slots=True)
class Form:
    """One form; `api_version` is that of the metadata or table, `include` what a table's rows carry."""

    shape: Shape = "object"
    api_version: str = "v1"
    include: str = "Metadata"


WHOLE = Form()


@lru_cache(maxsize=256)
def parse_accept(accept: str, include: str) -> Form:
    """The first form in an Accept header that the server can give. Everything is answered in JSON.

    `include` is the request's includeObject parameter, which says what the rows of a table carry.
    """
    for entry in accept.split(","):
        media, *parameters = (part.strip() for part in entry.split(";"))
        if media not in ("application/json", "application/*", "*/*"):
            continue
        given = dict(parameter.partition("=")[::2] for parameter in parameters)
        shape = _SHAPES.get(given.get("as", ""))
        if shape is None and "as" not in given:
            return WHOLE
        if shape and given.get("g") == "meta.k8s.io" and given.get("v") in ("v1", "v1beta1"):
            return Form(shape, f"meta.k8s.io/{given['v']}", include or "Metadata")
    return WHOLE
