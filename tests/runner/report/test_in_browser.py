"""The page in a real browser, as a reader has it: wide, on a phone, in the dark, on paper."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.browser import BRING, find_browser
from tests.runner.report import records

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("report-browser")]

WIDE, PHONE, PAPER = 1280, 390, 696
"""Pixels; paper is what the margins leave of A4, at 96 to the inch."""
LOAD_MS = 120_000

STICKING_OUT = """
() => [...document.querySelectorAll('body *')].filter(one => {
  const box = one.getBoundingClientRect(), style = getComputedStyle(one);
  if (!box.width || !box.height || style.clipPath !== 'none' || one.closest('.hidden, .stack thead, svg')) return false;
  return box.right > innerWidth + 0.5 || box.left < -0.5;
}).map(one => `${one.tagName}.${one.className}: ${one.textContent.trim().slice(0, 40)}`)
"""

CUT_OFF = """
() => [...document.querySelectorAll('p, h1, h2, h3, dt, dd, td, th, li, pre, .flag, .badge')].filter(one => {
  const style = getComputedStyle(one);
  return style.overflow !== 'visible' && one.scrollWidth > one.clientWidth + 1;
}).map(one => `${one.tagName}.${one.className}`)
"""

TOO_PALE = """
() => {
  const parse = text => {
    const numbers = (text.match(/-?[\\d.]+(e-?\\d+)?/g) || []).map(Number);
    const scale = text.startsWith('color(') ? 255 : 1;
    return [numbers[0] * scale, numbers[1] * scale, numbers[2] * scale, numbers.length > 3 ? numbers[3] : 1];
  };
  const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const behind = one => {
    const layers = [];
    for (let at = one; at; at = at.parentElement) layers.push(parse(getComputedStyle(at).backgroundColor));
    return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const light = color => {
    const linear = v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    const [r, g, b] = color.slice(0, 3).map(v => linear(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const pale = new Set();
  for (const one of document.querySelectorAll('body *')) {
    const written = [...one.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!written || one.closest('svg, .hidden') || !one.getClientRects().length) continue;
    const ground = behind(one), ink = over(parse(getComputedStyle(one).color), ground);
    const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) pale.add(`${one.tagName}.${one.className} ${ratio.toFixed(2)}`);
  }
  return [...pale];
}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = find_browser()
    if found is None:
        pytest.skip(f"chromium is not on this machine; bring it with: {BRING}")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"], timeout=LOAD_MS)
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the page of each run."""
    directory = tmp_path_factory.mktemp("pages")
    for name in ("breached", "crowded", "hostile", "inconclusive", "stuck"):
        (directory / f"{name}.html").write_text(records.page(name), encoding="utf-8")
    return directory


def opened(context: BrowserContext, file: Path) -> tuple[Page, list[str]]:
    """A page, and a list of what it complains of and asks for: there must be nothing in it."""
    page, unwanted = context.new_page(), list[str]()
    page.set_default_timeout(LOAD_MS)
    page.on("console", lambda message: unwanted.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: unwanted.append(f"error: {error}"))
    page.on("dialog", lambda dialog: unwanted.append(f"dialog: {dialog.message}"))
    page.on(
        "request", lambda request: unwanted.append(f"request: {request.url}") if request.url != file.as_uri() else None
    )
    page.goto(file.as_uri())
    return page, unwanted


@pytest.mark.timeout(600)  # every element of a page is looked at, which a machine under load takes its time for
@pytest.mark.parametrize(
    ("width", "scheme", "names"),
    [
        (WIDE, "light", ("crowded", "hostile", "breached")),
        (PHONE, "dark", ("hostile", "crowded", "inconclusive", "stuck")),
    ],
)
def test_nothing_sticks_out_is_too_pale_to_read_or_asks_for_anything(
    browser: Browser, pages: Path, width: int, scheme: str, names: Sequence[str]
) -> None:
    with browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme) as context:  # type: ignore[arg-type]
        for name in names:
            page, unwanted = opened(context, pages / f"{name}.html")
            found = [page.evaluate(script) for script in (STICKING_OUT, CUT_OFF, TOO_PALE)]
            assert (name, found, unwanted) == (name, [[], [], []], [])
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            page.close()


def test_the_verdict_and_what_is_urgent_are_seen_before_anything_is_scrolled(browser: Browser, pages: Path) -> None:
    with browser.new_context(viewport={"width": PHONE, "height": 844}) as context:
        page, _ = opened(context, pages / "stuck.html")
        verdict = page.locator(".verdict strong").bounding_box()
        urgent = page.locator(".urgent code").first.bounding_box()
        assert verdict is not None
        assert urgent is not None
        assert verdict["y"] + verdict["height"] < 200
        assert urgent["y"] + urgent["height"] < 844


def test_the_dark_scheme_is_dark_and_paper_is_white_all_the_same(browser: Browser, pages: Path) -> None:
    with browser.new_context(viewport={"width": PAPER, "height": 1000}, color_scheme="dark") as context:
        page, _ = opened(context, pages / "breached.html")
        background = "getComputedStyle(document.body).backgroundColor"
        assert page.evaluate(background) == "rgb(14, 17, 22)"
        page.emulate_media(media="print")
        assert page.evaluate(background) == "rgb(255, 255, 255)"
        assert page.evaluate("getComputedStyle(document.querySelector('.what')).color") == "rgb(20, 24, 31)"


def test_it_prints_on_a4_with_nothing_beyond_the_margins(browser: Browser, pages: Path) -> None:
    with browser.new_context(viewport={"width": PAPER, "height": 1000}) as context:
        for name, most in (("breached", 4), ("crowded", 12)):
            page, _ = opened(context, pages / f"{name}.html")
            page.emulate_media(media="print")
            assert (name, page.evaluate(STICKING_OUT)) == (name, [])
            printed = page.pdf(prefer_css_page_size=True)
            sheets = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", printed)
            assert {(round(float(width)), round(float(height))) for width, height in sheets} == {(595, 842)}
            assert 1 <= len(sheets) <= most
            page.close()


def test_a_reader_without_eyes_is_told_what_the_picture_shows_and_tables_stay_tables(
    browser: Browser, pages: Path
) -> None:
    with browser.new_context(viewport={"width": PHONE, "height": 844}) as context:
        page, _ = opened(context, pages / "breached.html")
        assert page.get_by_role("img", name=re.compile("its receiver was not notified")).count() == 1
        assert page.get_by_role("heading", level=1).inner_text() == records.breached().title
        assert page.get_by_role("columnheader", name="Worst burn").count() == 1
        assert page.get_by_role("rowheader", name="llm-ttft").count() == 1
        assert page.get_by_role("alert").count() == 0
        assert page.title() == f"BREACHED: {records.breached().title} ({records.RUN_ID})"
