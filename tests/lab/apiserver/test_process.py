"""The server as a process: over TLS, with watches open, told to stop."""

import json
import signal
import ssl
import threading
import urllib.request
from contextlib import closing
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from lab.credentials import credentials_in
from lab.network import LabNetwork
from tests.lab.apiserver.in_process import CONFIG_MAPS, configmap
from tests.lab.apiserver_process import running_apiserver, started_apiserver

pytestmark = pytest.mark.lab


class Client:
    """Requests over HTTPS with the token of the credentials in a directory."""

    def __init__(self, octet: int, directory: Path) -> None:
        paths = credentials_in(directory)
        self._url = LabNetwork(octet).api_url
        self._tls = ssl.create_default_context(cafile=str(paths.ca_certificate))
        self._headers = {"Authorization": f"Bearer {paths.token.read_text()}", "Content-Type": "application/json"}

    def open(self, method: str, path: str, body: object = None) -> HTTPResponse:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, self._headers, method=method)
        response = urllib.request.urlopen(request, context=self._tls, timeout=20)
        assert isinstance(response, HTTPResponse)
        return response

    def ask(self, method: str, path: str, body: object = None) -> Any:
        with self.open(method, path, body) as response:
            return json.loads(response.read())


def test_a_watch_streams_over_tls_and_ends_when_the_server_is_told_to_stop(lab_octet: int, tmp_path: Path) -> None:
    lines: list[bytes] = []
    with started_apiserver(lab_octet, tmp_path) as process:
        client = Client(lab_octet, tmp_path)
        version = client.ask("GET", CONFIG_MAPS)["metadata"]["resourceVersion"]
        with closing(client.open("GET", f"{CONFIG_MAPS}?watch=true&resourceVersion={version}")) as stream:
            client.ask("POST", CONFIG_MAPS, configmap("one"))
            lines.append(stream.readline())
            rest = threading.Thread(target=lambda: lines.extend(stream))
            rest.start()
            process.send_signal(signal.SIGTERM)
            rest.join(10)
            assert not rest.is_alive()
            assert process.wait(10) == 0
    assert [json.loads(line)["object"]["metadata"]["name"] for line in lines] == ["one"]


def test_versions_of_an_earlier_life_are_too_old(lab_octet: int, tmp_path: Path) -> None:
    with running_apiserver(lab_octet, tmp_path):
        version = Client(lab_octet, tmp_path).ask("GET", CONFIG_MAPS)["metadata"]["resourceVersion"]
    with running_apiserver(lab_octet, tmp_path):
        client = Client(lab_octet, tmp_path)
        with client.open("GET", f"{CONFIG_MAPS}?watch=true&resourceVersion={version}") as stream:
            event = json.loads(stream.read())
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")
