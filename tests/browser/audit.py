"""What must be true of every page, checked in a real browser.

`audit_page` is for whoever adds a page: one call checks all rules that a program can check, and
names every breach at once.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WIDTHS = (320, 390, 768, 1440)
PHONE = {"width": 390, "height": 844}
FIRST_VISIT_BYTES = 120_000
"""Most bytes, compressed, of a page on a first visit, styles and scripts included."""

PORTAL_TARGET_PX = 44
DESK_TARGET_PX = 24
FACTS = ("法定时限", "承诺时限", "到场次数", "收费")

CHECKS = """
(least) => {
  const wrong = [];
  const visible = (e) => e.checkVisibility && e.checkVisibility() && e.getClientRects().length > 0;
  const words = (e) => (e.innerText || e.value || e.name || e.id || e.tagName).trim().slice(0, 30);
  const h1 = [...document.querySelectorAll("h1")].filter(visible);
  if (h1.length !== 1) wrong.push(`${h1.length} h1 instead of 1`);
  const bare = (text) => text.replace(/[\\s（）()]/g, "");
  const title = document.title.replace(/^错误：|^Error: /, "");
  if (h1.length && !bare(title).startsWith(bare(h1[0].innerText)))
    wrong.push(`title “${document.title}” does not begin with the h1 “${h1[0].innerText}”`);
  const all = (query) => [...document.querySelectorAll(query)];
  const primary = all("main .ds-button:not([data-variant])").filter(visible);
  if (primary.length > 1) wrong.push(`${primary.length} primary buttons: ${primary.map(words)}`);
  if (!["zh-CN", "en"].includes(document.documentElement.lang)) wrong.push("lang is not set");
  if (document.querySelector("[placeholder]")) wrong.push("a placeholder");
  if (document.querySelector("[style], style, script:not([src])"))
    wrong.push("inline style or script");
  for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
    if (!(e.labels?.length || e.getAttribute("aria-label") || e.getAttribute("aria-labelledby")))
      wrong.push(`no label: ${e.name || e.id}`);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const found = walker.currentNode.nodeValue.match(/[\\u4e00-\\u9fff][,;?][\\u4e00-\\u9fff]/);
    if (found) wrong.push(`half-width punctuation: ${found[0]}`);
  }
  const inline = (e) => {
    if (e.tagName !== "A" || getComputedStyle(e).display !== "inline") return false;
    const own = e.innerText.trim().length;
    return e.parentElement.innerText.trim().length > own;
  };
  const acts = "a[href], button, select, textarea, summary, input:not([type=hidden])";
  for (const e of all(acts)) {
    if (!visible(e) || inline(e) || e.classList.contains("ds-skip-link")) continue;
    let box = e.getBoundingClientRect(), high = box.height, wide = box.width;
    for (const label of e.labels || []) {
      const other = label.getBoundingClientRect();
      high = Math.max(high, other.height); wide = Math.max(wide, other.width);
    }
    if (high < least - 0.5 || wide < Math.min(least, 24) - 0.5)
      wrong.push(`target ${Math.round(wide)}×${Math.round(high)}: ${words(e)}`);
  }
  for (const chart of document.querySelectorAll("[data-chart]"))
    if (!chart.parentElement.querySelector("table")) wrong.push("a chart without its table");
  return wrong;
}
"""

LINKS = """
() => [
  ...[...document.querySelectorAll("main a[href], nav a[href]")].map((e) => e.getAttribute("href")),
  ...[...document.querySelectorAll("main form")].map((e) => "form " + e.getAttribute("action")),
].sort()
"""

VIOLATIONS = """
window.__violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.__violations.push(event.violatedDirective + " " + event.blockedURI));
"""


def audit_page(
    page: Page, url: str, *, desk: bool = False, guide: bool = False, status: int = 200
) -> None:
    """Open `url` and fail with every rule that it breaks.

    Args:
        page: A page with scripts on; its cookies say who looks.
        url: Path of the page.
        desk: Whether it belongs to the back office, where targets may be smaller.
        guide: Whether it is a service guide, whose four facts stand above the fold.
        status: Status that the page answers with.
    """
    wrong = [
        *_first_visit(page, url, status=status),
        *page.evaluate(CHECKS, DESK_TARGET_PX if desk else PORTAL_TARGET_PX),
        *(_facts(page) if guide else ()),
        *_axe(page),
        *_widths(page, url),
    ]
    assert not wrong, f"{url}:\n" + "\n".join(f"- {one}" for one in wrong)


def _first_visit(page: Page, url: str, *, status: int) -> list[str]:
    """Open the page with an empty cache; weigh it and see from where it loads."""
    wrong: list[str] = []
    weight = 0
    addresses: list[str] = []

    def weigh(event: dict[str, float]) -> None:
        nonlocal weight
        weight += int(event["encodedDataLength"])

    page.add_init_script(VIOLATIONS)
    page.on("request", lambda request: addresses.append(request.url))
    page.on("pageerror", lambda error: wrong.append(f"script error: {error}"))
    tap = page.context.new_cdp_session(page)
    tap.send("Network.enable")
    tap.send("Network.setCacheDisabled", {"cacheDisabled": True})
    tap.on("Network.loadingFinished", weigh)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]  # two whole numbers
    answer = page.goto(url, wait_until="networkidle")
    tap.detach()
    assert answer is not None
    if answer.status != status:
        wrong.append(f"status {answer.status} instead of {status}")
    home = urlsplit(page.url).netloc
    wrong += [
        f"loads from elsewhere: {address}"
        for address in addresses
        if urlsplit(address).scheme.startswith("http") and urlsplit(address).netloc != home
    ]
    if weight > FIRST_VISIT_BYTES:
        wrong.append(f"{weight} bytes on the first visit")
    wrong += [f"policy violated: {one}" for one in page.evaluate("() => window.__violations")]
    return wrong


def _facts(page: Page) -> list[str]:
    wrong = []
    for fact in FACTS:
        box = page.locator("dt", has_text=fact).first.bounding_box()
        if box is None or box["y"] + box["height"] > PHONE["height"]:
            wrong.append(f"fact “{fact}” is not above the fold")
    return wrong


def _axe(page: Page) -> list[str]:
    answer = Axe().run(page)
    return [
        f"axe {one['id']}: {one['help']} {[node['target'] for node in one['nodes']][:3]}"
        for one in answer.response["violations"]
    ]


def _widths(page: Page, url: str) -> list[str]:
    """See that nothing scrolls sideways, large or not, and that the large version lacks nothing."""
    wrong = []
    cookies = page.context.cookies()
    for large in (False, True):
        _open(page, url, large=large)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 844})
            found = page.evaluate("() => document.documentElement.scrollWidth")
            if found > width:
                wrong.append(f"scrolls sideways at {width}{' large' if large else ''}: {found}")
    if not any(_same_links(page, url) for _ in range(LOOKS)):
        wrong.append("links or forms differ in the large version")
    page.context.clear_cookies()
    page.context.add_cookies(cookies)  # type: ignore[arg-type]  # what the browser gave
    return wrong


LOOKS = 3
"""Lists that follow what people apply for may change between two looks."""


def _same_links(page: Page, url: str) -> bool:
    found = []
    for large in (False, True):
        _open(page, url, large=large)
        found.append(page.evaluate(LINKS))
    return bool(found[0] == found[1])


def _open(page: Page, url: str, *, large: bool) -> None:
    size = "lg" if large else "md"
    page.context.add_cookies([{"name": "yiwang_size", "value": size, "url": page.url}])
    page.goto(url)
