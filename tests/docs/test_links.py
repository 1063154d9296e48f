"""Links between documents lead somewhere: the file is there, and the heading in it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.commands import ROOT

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.*)", re.MULTILINE)
_CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """The ids that GitHub and GitLab give to headings."""
    return {anchor(heading) for heading in _HEADING.findall(_CODE.sub("", page.read_text()))}


def anchor(heading: str) -> str:
    plain = re.sub(r"[^\w\- ]", "", heading.replace("`", "").lower())
    return plain.strip().replace(" ", "-")


def lost(page: Path) -> Iterator[str]:
    for link in _LINK.findall(_CODE.sub("", page.read_text())):
        if link.startswith(("http://", "https://", "mailto:")):
            continue
        file, _, heading = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        if not target.exists() or (heading and target.suffix == ".md" and heading not in anchors(target)):
            yield link


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert list(lost(page)) == []


def test_a_heading_becomes_an_anchor() -> None:
    assert anchor("3 Rights of whoever runs `chaos`, now") == "3-rights-of-whoever-runs-chaos-now"
