"""Documents: printable or refused, the same bytes from the same words, readable by machines."""

from __future__ import annotations

import datetime as dt
import re
import threading
from io import BytesIO
from typing import Any

import pikepdf
import pypdfium2
import pytest

from tests.factories.documents import NOON
from yiwang.documents import codes
from yiwang.documents.rendering import GlyphMissingError, render, render_for_seal

LICENCE = {
    "name": "食品经营许可证",
    "number_label": "许可证编号",
    "number": "JY23101140000016",
    "identifier": "1.2.156.3005.2.11310114XXXX01011H001.11310114XXXX01011H.20260101000001.001.7",
    "issuer": "嘉定区市场监督管理局",
    "issued_on": "2026年3月9日",
    "token": "ABCDEFGHIJKLMNOPQRSTUVWX23",
    "qr": "HTTP://127.0.0.1:8000/V/ABCDEFGHIJKLMNOPQRSTUVWX23",
    "fields": [
        ["经营者名称", "上海嘉禾餐饮管理有限公司"],
        ["有效期", "2026年3月9日至2031年3月8日"],
    ],
}
NOTICE = {
    "issuer": "嘉定区市场监督管理局",
    "number": "嘉市监受〔2026〕1号",
    "title": "受理通知书",
    "recipient": "上海嘉禾餐饮管理有限公司",
    "paragraphs": ["你单位的申请材料齐全、符合法定形式，决定予以受理。"],
    "remedy": "如有异议，可以自收到之日起六十日内申请行政复议。",
    "date": "2026年3月9日",
}
RECEIPT = {
    "title": "收件凭证",
    "issuer": "嘉定区行政服务中心",
    "number": "1",
    "query_code": "JD260309ABC7",
    "rows": [["申请人", "王**"]],
    "materials": [{"name": "申请书", "copies": 1, "note": "系统生成"}],
    "notes": ["请妥善保管。"],
    "date": "2026年3月9日",
    "qr": "http://127.0.0.1:8000/track",
}
GUIDE = {
    "title": "办事指南",
    "subtitle": "摆摊许可",
    "issuer": "示例区市场监督管理局",
    "summary": "摆摊之前办。",
    "facts": [["法定时限", "20 个工作日"], ["收费", "不收费"]],
    "parts": [
        {
            "title": "办理条件",
            "paragraphs": ["有营业执照。", "在夜市里。"],
            "head": [],
            "rows": [],
            "widths": [],
        },
        {
            "title": "材料",
            "paragraphs": [],
            "head": ["材料", "要求"],
            "rows": [["执照", "有效"]],
            "widths": [1, 2],
        },
        {"title": "结果", "paragraphs": ["许可证"], "head": [], "rows": [], "widths": []},
    ],
    "notes": ["第 1 版"],
    "qr": "http://127.0.0.1:8000/items/stall-permit/",
}
WORDS = {"guide": GUIDE, "licence": LICENCE, "notice": NOTICE, "receipt": RECEIPT}


def text(pdf: bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    return "".join("".join(pages).split())


def letter_sizes(pdf: bytes) -> list[float]:
    """Return the sizes of the letters set in a PDF, in points."""
    with pikepdf.open(BytesIO(pdf)) as document:
        return [
            float(operands[1])
            for page in document.pages
            for operands, operator in pikepdf.parse_content_stream(page)
            if str(operator) == "Tf"
        ]


@pytest.mark.parametrize("template", WORDS)
def test_every_document_prints_its_words(template):
    printed = text(render(template, WORDS[template], at=NOON))

    words: list[Any] = [value for key, value in WORDS[template].items() if key != "qr"]
    while words:
        word = words.pop()
        if isinstance(word, dict):
            words.extend(word.values())
        elif isinstance(word, list):
            words.extend(word)
        else:
            assert "".join(str(word).split()) in printed


@pytest.mark.parametrize("template", WORDS)
def test_every_document_is_for_the_archive_and_for_screen_readers(template):
    with pikepdf.open(BytesIO(render(template, WORDS[template], at=NOON))) as document:
        with document.open_metadata() as about:
            assert about["pdfaid:part"] == "2"
            assert about["pdfaid:conformance"] == "A"
            assert about["pdfuaid:part"] == "1"
        assert str(document.Root.Lang).startswith("zh")
        assert document.Root.MarkInfo.Marked
        assert "/OutputIntents" in document.Root
        fonts = [font for page in document.pages for font in page.obj.Resources.Font.values()]
        assert fonts
        for font in fonts:
            described = font.DescendantFonts[0].FontDescriptor
            assert {"/FontFile2", "/FontFile3"} & set(described.keys())


@pytest.mark.parametrize("template", WORDS)
def test_equal_words_and_moments_give_equal_bytes(template):
    first = render(template, WORDS[template], at=NOON)

    assert render(template, WORDS[template], at=NOON) == first
    assert render(template, WORDS[template], at=NOON + dt.timedelta(seconds=1)) != first


def test_words_are_printed_as_they_stand_and_never_obeyed():
    planted = '#read("/etc/passwd") $x$ *不粗* \\ <b>'

    printed = text(render("licence", LICENCE | {"issuer": planted}, at=NOON))

    assert "".join(planted.split()) in printed
    assert "root:" not in printed


def test_a_character_without_a_glyph_is_named_with_the_remedy():
    with pytest.raises(
        GlyphMissingError, match="字库中没有“𮝹”“𪨧”，无法印制；请系统管理员把含有该字的字体"
    ):
        render("licence", LICENCE | {"issuer": "𮝹局𪨧"}, at=NOON)


def test_a_control_character_is_refused_and_named_by_its_number():
    with pytest.raises(GlyphMissingError, match=r"“U\+0007”"):
        render("notice", NOTICE | {"recipient": "甲\x07乙"}, at=NOON)


def test_a_rare_name_that_the_fonts_have_is_printed():
    assert "㛃㼆" in text(render("licence", LICENCE | {"issuer": "㛃㼆"}, at=NOON))


def test_the_large_receipt_is_set_in_sixteen_points_and_more():
    ordinary = letter_sizes(render("receipt", RECEIPT, at=NOON))
    large = letter_sizes(render("receipt", RECEIPT | {"large": True}, at=NOON))

    assert min(large) >= 16
    assert min(ordinary) < 16


def test_a_long_licence_goes_on_over_pages_and_keeps_one_place_for_the_seal():
    fields = [[f"经营项目第{n}类", "热食类食品制售，" * 40] for n in range(12)]

    made = render_for_seal("licence", LICENCE | {"fields": fields}, at=NOON)

    with pypdfium2.PdfDocument(made.pdf) as document:
        pages = len(document)
    assert pages > 1
    assert made.seal_place is not None
    assert made.seal_place.page == pages - 1


@pytest.mark.parametrize("count", range(4, 18))
def test_the_seal_never_stands_on_a_page_without_words_of_the_letter(count):
    words = NOTICE | {
        "paragraphs": ["请在期限以前补齐下列材料。" * 2] * count,
        "remedy": "本告知只作一次。",
    }

    made = render("notice", words, at=NOON)

    with pypdfium2.PdfDocument(made) as document:
        assert "本告知只作一次" in document[len(document) - 1].get_textpage().get_text_range()


@pytest.mark.parametrize(
    ("template", "words"), [("notice", NOTICE), ("receipt", RECEIPT)], ids=["notice", "receipt"]
)
def test_a_digest_is_broken_within_the_margins_and_copied_whole(template, words):
    digest = "8df1a94d1525495492f7f2fbe43c8a4e" * 2
    made = render(template, words | {"paragraphs": [f"签署的文本的摘要：{digest}"]}, at=NOON)

    with pypdfium2.PdfDocument(made) as document:
        page = document[0].get_textpage()
        edges = [page.get_charbox(index)[2] for index in range(page.count_chars())]
        printed = page.get_text_range()
    assert max(edges) < 595 - 60
    assert digest in re.sub(r"[\r\n]", "", printed)


@pytest.mark.parametrize("template", sorted(set(WORDS) - {"guide"}))
def test_the_place_of_the_seal_lies_on_the_page(template):
    place = render_for_seal(template, WORDS[template], at=NOON).seal_place

    assert place is not None
    assert place.side == pytest.approx(42 / 25.4 * 72, abs=0.01)
    assert 0 < place.left < 595 - place.side
    assert 0 < place.bottom < 842 - place.side


@pytest.mark.parametrize(
    ("template", "changes", "words"),
    [
        ("licence", {"nmae": "x"}, "does not print nmae"),
        ("notice", {"large": True}, "does not print large"),
    ],
)
def test_a_word_the_template_does_not_know_is_a_mistake_of_the_caller(template, changes, words):
    with pytest.raises(ValueError, match=words):
        render(template, WORDS[template] | changes, at=NOON)


def test_a_missing_word_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="notice needs paragraphs, title"):
        render(
            "notice",
            {key: NOTICE[key] for key in ("issuer", "number", "recipient", "date")},
            at=NOON,
        )


def test_a_letter_and_a_receipt_print_the_same_words():
    """Who makes the letters of a case hands both templates the same words."""
    shared = {
        "issuer": "嘉定区行政服务中心",
        "number": "嘉收〔2026〕1号",
        "title": "文书",
        "subtitle": "食品经营许可（新办）",
        "recipient": "上海嘉禾餐饮管理有限公司",
        "rows": [("办件编号", "JD1")],
        "paragraphs": ["已收到您提交的申请。"],
        "remedy": "可以随时查询办理进度。",
        "date": "2026年3月9日",
        "query_code": "JD260309ABC7",
        "qr": "http://127.0.0.1:8000/track?code=JD260309ABC7",
        "demo": True,
    }
    for template in ("notice", "receipt"):
        said = text(render(template, shared, at=NOON))
        for word in (
            "嘉收〔2026〕1号",
            "JD1",
            "已收到您提交的申请。",
            "JD260309ABC7",
            "可以随时查询",
        ):
            assert word in said


def test_there_is_no_template_of_that_name():
    with pytest.raises(LookupError, match="no template '../secret'"):
        render("../secret", {}, at=NOON)


def test_an_operators_font_prints_what_the_others_lack(settings, tmp_path):
    """A folder without fonts changes nothing; that one is read at all is shown by the key."""
    settings.FONTS_DIR = tmp_path
    (tmp_path / "readme.txt").write_text("no font")

    assert render("notice", NOTICE, at=NOON)


def test_threads_print_their_own_words():
    made: dict[int, str] = {}

    def work(number: int) -> None:
        words = NOTICE | {"number": f"嘉市监受〔2026〕{number}号"}
        made[number] = text(render("notice", words, at=NOON))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(f"〔2026〕{number}号" in made[number] for number in range(8))


def test_the_code_is_drawn_from_its_text():
    drawing = codes.qr_svg("HTTP://127.0.0.1:8000/V/ABCDEFGHIJKLMNOPQRSTUVWX23")

    assert drawing.startswith("<svg")
    width = re.search(r'width="(\d+)"', drawing)
    assert width is not None
    assert int(width.group(1)) <= 33 * 4, "version 4: capitals and digits only"
