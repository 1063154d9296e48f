"""Lists: pages, selections, and the parameters that describe them."""

import base64
import binascii
from collections.abc import Mapping
from itertools import islice

from pydantic_core import from_json, to_json

from lab.apiserver.errors import Document, bad_request, expired
from lab.apiserver.negotiation import Form
from lab.apiserver.routing import Target, is_true
from lab.apiserver.selectors import Selection, parse_selection
from lab.apiserver.store import Place, Store, Stored
from lab.apiserver.views import list_bytes
from lab.apiserver.watch import LONGEST_SECONDS, WatchRequest


def selection_of(target: Target, query: Mapping[str, str]) -> Selection:
    """Which objects a request for a collection is about."""
    labels, fields = query.get("labelSelector", ""), query.get("fieldSelector", "")
    return parse_selection(target.resource.kind, target.namespace, labels, fields)


def page(store: Store, target: Target, query: Mapping[str, str], form: Form) -> bytes:
    """The list, or the page of it, that a request asks for."""
    selection = selection_of(target, query)
    limit = _number(query, "limit")
    version, after = _position(store, query.get("continue", ""))
    found = filter(selection.matches, store.all(target.resource.kind, target.namespace, after))
    metadata: Document = {"resourceVersion": str(version)}
    if not limit:
        return list_bytes(target.resource, form, list(found), metadata)
    items = list(islice(found, limit))
    rest = sum(1 for _ in found)
    if rest:
        metadata["continue"] = _token(version, items[-1].place)
        if not selection.selects:
            metadata["remainingItemCount"] = rest
    return list_bytes(target.resource, form, items, metadata)


def selected(store: Store, target: Target, query: Mapping[str, str]) -> list[Stored]:
    """Every object that a request for a collection is about."""
    selection = selection_of(target, query)
    return [it for it in store.all(target.resource.kind, target.namespace) if selection.matches(it)]


def watch_request(target: Target, query: Mapping[str, str], form: Form) -> WatchRequest:
    """What a request with watch=true asks for."""
    seconds = _number(query, "timeoutSeconds") or LONGEST_SECONDS
    return WatchRequest(
        resource=target.resource,
        form=form,
        selection=selection_of(target, query),
        version=_number(query, "resourceVersion"),
        seconds=min(float(seconds), LONGEST_SECONDS),
        bookmarks="allowWatchBookmarks" in query and is_true(query["allowWatchBookmarks"]),
        initial_events="sendInitialEvents" in query and is_true(query["sendInitialEvents"]),
    )


def _number(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name, "")
    if text and not text.isdecimal():
        raise bad_request(f"{name} must be a number, not {text!r}")
    return int(text) if text else None


def _token(version: int, last: Place) -> str:
    return base64.urlsafe_b64encode(to_json({"v": version, "after": last})).decode()


def _position(store: Store, token: str) -> tuple[int, Place | None]:
    """The version of the list and the last place of the page before.

    Later pages show the present under the first page's version: a watch from there tells what happened in between.
    """
    if not token:
        return store.version, None
    try:
        position = from_json(base64.urlsafe_b64decode(token))
        version, (namespace, name) = int(position["v"]), position["after"]
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise bad_request(f"continue key is not valid: {token!r}") from error
    if version > store.version:
        raise expired("The provided continue parameter is of another life of this server; list again without it")
    return version, (str(namespace), str(name))
