"""We know that every channel of every item says the same, because all are made of one version.

Each channel is read as its reader gets it: the page and the file are opened and their words
compared with those of the version, number by number and line by line.
"""

from __future__ import annotations

import html
import re

import pypdfium2
import pytest
from django.core.cache import cache
from django.test import Client

from tests.factories import cases, registers
from tests.factories.catalogue import pack_items
from tests.factories.desk import hire, signed_in
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue import towns
from yiwang.catalogue.policy.items import (
    Audience,
    Channel,
    ItemVersion,
    Material,
    needed,
    takes_letters,
)
from yiwang.catalogue.policy.parsing import parse_item
from yiwang.organisations import queries as organisations
from yiwang.web import context
from yiwang.web.citizen import guides
from yiwang.web.remedies import remedy_words
from yiwang.web.views import Page

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]

SLUGS = [version.slug for version in pack_items("jiading")]
UNSEEN = {0x200B: None, 0xFFFE: "-", 0x2: "-"}
"""Places where a long code may be broken, and a hyphen at the end of a line of a PDF."""


@pytest.fixture
def jiading(jiading_pack: None, settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Load the pack of Jiading with a clerk, a firm and a person."""
    cache.clear()
    context.forget()
    registers.save_entity()
    hire("clerk")
    monkeypatch.setattr(Page, "at", cases.FRIDAY)
    monkeypatch.setattr(Page, "calendar", cases.CALENDAR)
    monkeypatch.setattr("yiwang.api.context.timezone.now", lambda: cases.FRIDAY)


def squeezed(text: str) -> str:
    """Return text without spaces and line breaks, which channels set as they like."""
    return "".join(html.unescape(text).translate(UNSEEN).split())


def words_of(page: bytes) -> str:
    return squeezed(re.sub(r"<[^>]+>", " ", page.decode()))


def paper(content: bytes) -> str:
    """Return the words of a PDF without the lines at the foot of its pages."""
    with pypdfium2.PdfDocument(content) as document:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    foot = re.compile(r"^(演示系统生成，不具有法律效力)?\s*\d+ / \d+$", re.MULTILINE)
    return squeezed("".join(foot.sub("", page.replace("\r", "")) for page in pages))


def cells(page: bytes) -> list[list[str]]:
    """Return the rows of the table of materials."""
    body = page.decode().split("<tbody>", 1)[1].split("</tbody>", 1)[0]
    rows = re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
    found = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in rows]
    return [[words_of(cell.encode()) for cell in row] for row in found]


def told(version: ItemVersion, names: dict[str, str]) -> list[str]:
    """Return every sentence and number of the guide that each whole channel must show."""
    lines = [version.name, version.summary, *version.conditions, *version.rights, *version.duties]
    lines += [f"{label}{words}" for label, words in guides.facts(version)]
    lines += [step.name for step in version.flow]
    lines += [step.text for step in version.flow]
    lines += [guides.result(version), remedy_words(version), *guides.fee_lines(version)]
    lines += [f"《{one.law}》{one.article}" for one in version.basis]
    lines += [point.name for point in version.service_points]
    lines += [guides.by_letter(version), guides.channels(version)]
    lines += [text for one in version.faq for text in (one.question, one.answer)]
    lines += [version.supervision.method, version.supervision.basis, version.task_code]
    lines += [f"{label}{words}" for label, words in guides.details(version, names=names)]
    lines += [part for one in near(version, names) for part in (one.title, one.words, *one.places)]
    return [squeezed(line) for line in lines if line]


def near(version: ItemVersion, names: dict[str, str]) -> list[guides.Nearby]:
    """Return the windows of towns where it may be filed, as every channel must name them."""
    windows = towns.windows_of(version.slug, on=cases.FRIDAY.date())
    return guides.nearby(windows, department=names[version.department])


def said(version: ItemVersion) -> list[list[str]]:
    return [
        [squeezed(line.name), squeezed(line.how), squeezed(line.tag)]
        for line in guides.materials(version.materials)
    ]


@pytest.mark.usefixtures("jiading")
@pytest.mark.req("ITEM-03")
def test_page_paper_counter_and_interface_of_every_item_agree():
    client, clerk = Client(), signed_in("clerk")
    names = {unit.code: unit.name for unit in organisations.departments()}
    differing: list[str] = []
    for slug in SLUGS:
        version = catalogue.item(slug, on=cases.FRIDAY.date())
        page = client.get(f"/items/{slug}/").content
        printed = paper(client.get(f"/items/{slug}/guide.pdf").content)
        plain = client.get(f"/api/v1/items/{slug}").json()
        for line in told(version, names):
            if line not in words_of(page):
                differing.append(f"{slug} 网页没有：{line}")
            if line not in printed:
                differing.append(f"{slug} 打印版没有：{line}")
        if cells(page) != said(version):
            differing.append(f"{slug} 网页的材料不同")
        for row in said(version):
            if row[0] not in printed or row[2] not in printed:
                differing.append(f"{slug} 打印版的材料不同：{row[0]}")
        number, letters_to = plain.pop("version"), plain.pop("letters_to")
        by_post = [one.name for one in version.service_points] if takes_letters(version) else []
        if [one["name"] for one in letters_to] != by_post:
            differing.append(f"{slug} 接口的信函地址不同")
        if parse_item(plain, version=number) != version:
            differing.append(f"{slug} 接口的内容不同")
        differing += counter(version, clerk)
        differing += own_list(version, client)
        differing += nearby(version, client, names)

    assert differing == [], "\n".join(differing)


def counter(version: ItemVersion, clerk: Client) -> list[str]:
    """Compare the counter's checklist, for the firm of the test."""
    if Audience.ENTITY not in version.audiences or Channel.COUNTER not in version.channels:
        return []
    page = words_of(clerk.get(f"/counter/{cases.FIRM_REF}/{version.slug}/").content)
    return [
        f"{version.slug} 窗口清单没有：{words}"
        for material in needed(version, {})
        for words in (material.name, material.accept_standard if to_be_filed(material) else "")
        if squeezed(words) not in page
    ]


def nearby(version: ItemVersion, client: Client, names: dict[str, str]) -> list[str]:
    """Compare the windows of towns that the own list, its paper and the interface name."""
    told = near(version, names)
    page = words_of(client.get(f"/items/{version.slug}/checklist/").content)
    windows = client.get(f"/api/v1/items/{version.slug}/town-windows").json()
    wanted = [place for one in told for place in one.places]
    differing = [
        f"{version.slug} 清单没有：{part}"
        for one in told
        for part in (one.title, one.words, *one.places)
        if squeezed(part) not in page
    ]
    if told:
        printed = paper(client.get(f"/items/{version.slug}/checklist.pdf").content)
        differing += [
            f"{version.slug} 清单打印版没有：{one.line}"
            for one in told
            if squeezed(one.line) not in printed
        ]
    if sorted(one["centre_name"] for one in windows) != sorted(wanted):
        differing.append(f"{version.slug} 接口的街镇窗口不同")
    return differing


def to_be_filed(material: Material) -> bool:
    return not guides.material_line(material).waived


def own_list(version: ItemVersion, client: Client) -> list[str]:
    """Compare the printed list of each common situation with that on the page."""
    differing = []
    for line in guides.scenarios(version):
        answers = {
            key: "yes" if value is True else "no" if value is False else value
            for key, value in line.answers.items()
        }
        wanted = [
            [squeezed(one.name), squeezed(one.how), squeezed(one.tag)]
            for one in guides.checklist(version, line.answers)
        ]
        page = client.get(f"/items/{version.slug}/checklist/", answers).content
        if cells(page) != wanted:
            differing.append(f"{version.slug} 情形“{line.name}”的清单不同")
    return differing


@pytest.mark.usefixtures("jiading")
def test_the_english_guide_is_of_the_same_version():
    client = Client()
    client.post("/preferences/language/", {"language": "en", "next": "/"})
    for slug in SLUGS:
        version = catalogue.item(slug, on=cases.FRIDAY.date())
        page = words_of(client.get(f"/items/{slug}/").content)
        english = version.english
        if english is None:
            continue
        unseen = {
            f"materials.{one.id}.fill_notes" for one in version.materials if not to_be_filed(one)
        }
        for line in (english.name, english.summary, *(text.text for text in english.texts)):
            at = next((text.at for text in english.texts if text.text == line), "")
            if not at.startswith(("questions", "sections")) and at not in unseen:
                assert squeezed(line) in page, f"{slug}: {line}"
        assert version.task_code in page
        days = version.limit.promised_workdays
        assert (f"{days}workingday" in page) if days else ("onthespot" in page.lower())
