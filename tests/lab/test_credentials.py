import base64
import json
import ssl
from pathlib import Path

import yaml

from lab.credentials import credentials_in, write_credentials
from lab.network import LabNetwork


def test_every_file_is_there_and_for_its_owner_alone(tmp_path: Path) -> None:
    paths = write_credentials(tmp_path / "new", LabNetwork(9))
    assert paths == credentials_in(tmp_path / "new")
    files = sorted((tmp_path / "new").iterdir())
    assert [file.name for file in files] == ["api.crt", "api.key", "ca.crt", "kubeconfig", "token"]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}


def test_the_kubeconfig_says_where_the_api_is_and_how_to_trust_it(tmp_path: Path) -> None:
    paths = write_credentials(tmp_path, LabNetwork(9))
    config = yaml.safe_load(paths.kubeconfig.read_text())
    assert config == json.loads(paths.kubeconfig.read_text())
    cluster = config["clusters"][0]["cluster"]
    assert cluster["server"] == "https://127.9.0.1:6443"
    assert base64.b64decode(cluster["certificate-authority-data"]) == paths.ca_certificate.read_bytes()
    assert config["users"][0]["user"]["token"] == paths.token.read_text()


def test_certificate_and_key_belong_together(tmp_path: Path) -> None:
    paths = write_credentials(tmp_path, LabNetwork(9))
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(paths.api_certificate, paths.api_key)


def test_new_credentials_replace_the_old(tmp_path: Path) -> None:
    first = write_credentials(tmp_path, LabNetwork(9)).token.read_text()
    assert write_credentials(tmp_path, LabNetwork(9)).token.read_text() != first
