"""The committed JSON is what the code gives, and is readable without the SDK."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from dashboards import committed
from dashboards.catalogue import BUILDERS, generate


def test_the_committed_files_are_those_that_the_code_gives() -> None:
    files = {path.name: path.read_text() for path in committed.DIRECTORY.iterdir()}
    generated = generate()
    drifted = [name for name in sorted(files.keys() | generated) if files.get(name) != generated.get(name)]
    assert drifted == [], "run: chaos dashboards build"


def test_the_same_code_gives_the_same_bytes() -> None:
    assert generate() == generate()


def test_every_dashboard_of_the_catalogue_is_read_back() -> None:
    assert sorted(BUILDERS) == [dashboard.name for dashboard in committed.read()]


def test_reading_what_is_committed_takes_no_sdk() -> None:
    code = (
        "import sys; from dashboards import committed\n"
        "committed.read()\nsys.exit('grafana_foundation_sdk' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no dashboard: JSONDecodeError"),
        ("[]", "is no dashboard: TypeError"),
        ('{"uid": "mlchaos-x", "title": "X"}', "is no dashboard: KeyError: 'tags'"),
        ('{"uid": "x", "title": "X", "tags": ["mlchaos"]}', "the uid of a dashboard of ours begins with mlchaos-"),
        ('{"uid": "mlchaos-x", "title": "X", "tags": []}', "its tags have mlchaos"),
    ],
)
def test_a_file_that_is_no_dashboard_of_ours_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "strange.json").write_text(text)
    with pytest.raises(committed.DashboardFileError) as caught:
        committed.read(tmp_path)
    assert "strange.json" in str(caught.value)
    assert said in str(caught.value)


def test_a_directory_without_dashboards_says_what_writes_them(tmp_path: Path) -> None:
    with pytest.raises(committed.DashboardFileError, match="chaos dashboards build"):
        committed.read(tmp_path)


def test_the_text_ends_with_a_line_and_is_sorted() -> None:
    for text in generate().values():
        assert text.endswith("}\n")
        assert json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False) + "\n" == text
