"""One HTTP exchange over ASGI: reading the body, writing the answer."""

from typing import Any
from urllib.parse import parse_qsl

from pydantic_core import from_json, to_json

from lab.apiserver.errors import Document, Refused, bad_request, unsupported_media_type
from lab.apiserver.negotiation import Form, parse_accept
from lab.apiserver.patches import APPLY
from lab.apiserver.protobuf import MEDIA_TYPE, decode_protobuf
from lab.apiserver.protocol import Receive, Scope, Send
from lab.apiserver.routing import is_true, parse_query

LARGEST_BODY = 3 * 1024 * 1024
_MEDIA_TYPES = ["application/json", "application/yaml", MEDIA_TYPE]
_JSON = (b"content-type", b"application/json")


class Exchange:
    """A request, and the way to answer it."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.receive = receive
        self._send = send
        self.started = False
        """Whether the answer has begun, so that no other can be given."""
        self.method: str = scope.get("method", "GET")
        self.path: str = scope["path"]
        self.query = parse_query(scope["query_string"])
        self.headers: dict[bytes, bytes] = dict(scope["headers"])

    def query_items(self) -> list[tuple[str, str]]:
        """The query's parameters with those that are repeated."""
        return parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True)

    @property
    def form(self) -> Form:
        accept = self.headers.get(b"accept", b"*/*").decode("latin-1")
        return parse_accept(accept, self.query.get("includeObject", ""))

    @property
    def dry_run(self) -> bool:
        return bool(self.query.get("dryRun"))

    @property
    def is_watch(self) -> bool:
        return "watch" in self.query and is_true(self.query["watch"])

    @property
    def content_type(self) -> str:
        return self.headers.get(b"content-type", b"application/json").decode("latin-1").partition(";")[0].strip()

    async def body(self) -> Any:
        """The decoded body; None when there is none."""
        return _decode(await self._read(), self.content_type)

    async def object(self) -> Document:
        """The body, which must be a JSON object."""
        if self.content_type not in _MEDIA_TYPES:
            raise unsupported_media_type(self.content_type, _MEDIA_TYPES)
        body = await self.body()
        if not isinstance(body, dict):
            raise bad_request("the body of the request must be an object")
        return body

    async def answer(self, body: bytes, code: int = 200, content_type: tuple[bytes, bytes] = _JSON) -> None:
        headers = [content_type, (b"content-length", str(len(body)).encode())]
        self.started = True
        await self._send({"type": "http.response.start", "status": code, "headers": headers})
        await self._send({"type": "http.response.body", "body": body})

    async def answer_document(self, document: Document, code: int = 200) -> None:
        await self.answer(to_json(document), code)

    async def start_stream(self) -> None:
        """Begin an answer that is written piece by piece."""
        self.started = True
        await self._send({"type": "http.response.start", "status": 200, "headers": [_JSON]})

    async def write(self, piece: bytes) -> None:
        await self._send({"type": "http.response.body", "body": piece, "more_body": True})

    async def end_stream(self) -> None:
        await self._send({"type": "http.response.body", "body": b""})

    async def _read(self) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ConnectionResetError("the client has gone")
            piece = message.get("body", b"")
            pieces.append(piece)
            size += len(piece)
            if size > LARGEST_BODY:
                message_text = f"the request is larger than {LARGEST_BODY} bytes"
                raise Refused(413, "RequestEntityTooLarge", message_text)
            if not message.get("more_body"):
                return b"".join(pieces)


def _decode(body: bytes, content_type: str) -> Any:
    if not body:
        return None
    if content_type == MEDIA_TYPE:
        return decode_protobuf(body)
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        if content_type not in (APPLY, "application/yaml"):
            raise bad_request(f"the body of the request is not JSON: {error}") from error
        return _decode_yaml(body)


def _decode_yaml(body: bytes) -> Any:
    import yaml

    try:
        return yaml.safe_load(body)
    except yaml.YAMLError as error:
        raise bad_request(f"the body of the request is not YAML: {error}") from error
