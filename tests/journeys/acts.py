"""What people do on the pages, in their words; journeys are made of these."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pypdfium2
from playwright.sync_api import Locator, Page, expect

from tests.chromium import fill_sign_in
from tests.factories import documents

FOOD = "食品经营许可（新办）"
PLAN = "经营场所和设备布局、操作流程图"
GUIDING = (
    ("您打算怎样经营食品？", "餐饮服务（饭店、奶茶店、咖啡店）"),
    ("是否现场加热、烹制食品？", "是"),
    ("是否制售生食类食品或者冷食类食品", "否"),
    ("是否通过网络接单或者销售？", "否"),
)
"""The questionnaire of a small restaurant."""

TYPED = {
    "经营场所面积": "86",
    "食品处理区面积": "30",
    "就餐座位数": "40",
    "食品安全管理人员姓名": "钱示例",
    "从业人员数": "6",
}
"""What no register holds."""


def choose(page: Page, question: str, answer: str) -> None:
    """Mark `answer` to `question`."""
    group = page.get_by_role("group", name=re.compile(re.escape(question)))
    group.get_by_label(answer, exact=True).check()


def press(page: Page, name: str, *, exact: bool = True) -> None:
    """Press the button `name` of the page itself, and wait for the page that comes."""
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("button", name=name, exact=exact).click()


def follow(page: Page, name: str, *, exact: bool = True) -> None:
    """Follow the link `name` of the page itself, and wait for where it leads."""
    with page.expect_navigation():
        page.get_by_role("main").get_by_role("link", name=name, exact=exact).first.click()


def main(page: Page) -> Locator:
    """Return what the page is about."""
    return page.get_by_role("main")


def heading(page: Page, words: str) -> None:
    """Wait for the whole page with this heading."""
    expect(page.get_by_role("heading", level=1)).to_contain_text(words)
    page.wait_for_load_state()


def summary(page: Page, label: str) -> str:
    """Return the fact that stands beside `label`."""
    term = page.locator("dt", has_text=re.compile(rf"^\s*{re.escape(label)}\s*$")).first
    return term.locator("xpath=following-sibling::dd[1]").inner_text().strip()


def search(page: Page, words: str) -> None:
    """Search from the home page in one's own words."""
    page.goto("/")
    page.get_by_label("搜索事项").last.fill(words)
    press(page, "搜索")


def answer_questionnaire(page: Page) -> None:
    """Answer the guiding questions of the food licence, one per page."""
    for question, answer in GUIDING:
        expect(page.get_by_role("group", name=re.compile(re.escape(question)))).to_be_visible()
        choose(page, question, answer)
        press(page, "下一题")


def fill_open_fields(page: Page) -> None:
    """Fill what the open topic asks and nothing else, and go on."""
    expect(page.get_by_role("button", name="保存并继续")).to_be_visible()
    page.wait_for_load_state()
    for label, value in TYPED.items():
        field = page.get_by_label(label, exact=True)
        if field.count():
            field.fill(value)
    training = page.get_by_role("group", name="是否已经通过食品安全知识培训考核？")
    if training.count():
        training.get_by_label("是", exact=True).check()
    scope = page.get_by_role("group", name="制售哪些食品？")
    if scope.count():
        scope.get_by_label("热食类食品").check()
        scope.get_by_label("自制饮品").check()
    press(page, "保存并继续")
    heading(page, FOOD)


def picture(folder: Path, name: str = "平面图.jpg") -> Path:
    """Return a photo as a phone takes it."""
    file = folder / name
    file.write_bytes(documents.jpeg(800, 600))
    return file


def sheet(folder: Path, name: str = "布局图.pdf") -> Path:
    """Return a PDF as an office program makes it."""
    file = folder / name
    file.write_bytes(documents.pdf())
    return file


def upload(page: Page, material: str, file: Path) -> None:
    """Choose a file for a material; it is sent at once, without scripts by its button."""
    row = page.locator(".yw-material", has=page.get_by_role("heading", name=material))
    send = row.get_by_role("button", name=re.compile("^上传"))
    by_button = send.is_visible()
    row.locator("input[type=file]").set_input_files(file)
    if by_button:
        send.click()


def sign_in(page: Page, login: str) -> None:
    """Sign in on the page that is open."""
    fill_sign_in(page, login)


def download(page: Page, link: str) -> bytes:
    """Fetch what the link leads to, as the browser would keep it."""
    address = page.get_by_role("link", name=link).first.get_attribute("href")
    answer = page.request.get(address or "")
    assert answer.ok, f"{link}: {answer.status}"
    return answer.body()


def words(pdf: bytes) -> str:
    """Return the text of a PDF as a reader searches it: without spaces and joints of long words."""
    pages = pypdfium2.PdfDocument(pdf)
    text = "".join(page.get_textpage().get_text_range() for page in pages)
    return re.sub(r"[\s\u200b]", "", text)


def post(page: Page, address: str, *, status: int | None = None, **fields: Any) -> Any:
    """Send a form to `address` with the token of this session, as its page would."""
    token = next((one["value"] for one in page.context.cookies() if one["name"] == "csrftoken"), "")
    if not token:
        page.request.get("/track/")
        return post(page, address, status=status, **fields)
    answer = page.request.post(
        address,
        multipart={"csrfmiddlewaretoken": token, **fields},
        headers={"Referer": page.url if page.url.startswith("http") else ""},
    )
    if status is not None:
        assert answer.status == status, f"{address}: {answer.status} {answer.text()[:3000]}"
    return answer
