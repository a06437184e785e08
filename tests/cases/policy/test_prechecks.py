"""What a program says about materials: generated pages, pictures of them, and bad ones."""

from __future__ import annotations

import datetime as dt

import pypdfium2
import pytest
import pyvips

from tests.factories import documents as files
from yiwang.cases.policy.material_kinds import parsed
from yiwang.cases.policy.prechecks import Finding, Grade, PreCheck, Wanted, findings
from yiwang.documents import looking, seeing
from yiwang.documents.policy.files import MediaType
from yiwang.documents.policy.looks import Look
from yiwang.documents.policy.readings import Line, Page, Reading, ReadingState, Seal
from yiwang.documents.rendering import render
from yiwang.documents.sealing import seal_pdf

AT = dt.datetime(2026, 3, 6, 9, tzinfo=dt.UTC)
TODAY = dt.date(2026, 3, 6)
NUMBER = "310114194903070021"
OTHER = "310114199001011236"
KINDS = parsed(
    [
        "营业执照：营业执照；应有：统一社会信用代码、印章",
        "委托书：授权委托书、委托书",
        "身份证：居民身份证、公民身份号码；应有：身份证号",
        "食品经营许可证：食品经营许可证；应有：证书编号、有效期、印章",
    ]
)
WANTED = Wanted(
    kinds=KINDS,
    material="授权委托书",
    standard="写明委托事项，并由单位盖章",
    holder_name="王示范",
    holder_number="310***********0021",
)


def letter(*lines: str, title: str = "授权委托书") -> bytes:
    """Return a page with a title and lines, as an office program makes it."""
    return render(
        "notice",
        {
            "issuer": "示例单位",
            "number": "示〔2026〕1号",
            "title": title,
            "recipient": "受委托人",
            "paragraphs": list(lines) or ["委托人：王示范", f"公民身份号码：{NUMBER}"],
            "date": "2026年3月2日",
        },
        at=AT,
    )


def photo(pdf: bytes, *, blur: float = 0, light: float = 1, side: int = 1600) -> bytes:
    """Return a picture of the first page as a telephone takes it."""
    with pypdfium2.PdfDocument(pdf) as document:
        document.init_forms()
        page = document[0]
        pixels = page.render(scale=side / max(page.get_size()), rev_byteorder=True).to_numpy()
        picture = pyvips.Image.new_from_array(pixels[:, :, :3].copy())
        page.close()
    if blur:
        picture = picture.gaussblur(blur)
    return bytes((picture * light).cast("uchar").jpegsave_buffer(Q=88))


def of(found: tuple[Finding, ...], check: PreCheck) -> Finding:
    return next(one for one in found if one.check is check)


def seen(content: bytes, kind: MediaType = MediaType.PDF, wanted: Wanted = WANTED):
    return findings(seeing.see(content, kind), wanted, today=TODAY)


@pytest.fixture
def sealed(settings, tmp_path) -> bytes:
    settings.KEYS_DIR = tmp_path
    return seal_pdf(letter(), seal="market", owner="示例单位", reason="盖章", at=AT)


def test_a_good_paper_raises_no_doubt(sealed):
    found = seen(sealed)

    assert [one for one in found if one.grade is Grade.DOUBT] == []
    assert of(found, PreCheck.KIND).message == "文件中有“授权委托书”字样。"
    assert "签名人“示例单位”" in of(found, PreCheck.SEAL).message
    assert of(found, PreCheck.NUMBER).message == "找到号码“310***********0021”，校验位正确。"
    assert of(found, PreCheck.PERSON).grade is Grade.FINE


def test_a_picture_of_a_sealed_page_shows_its_red_round_seal_and_is_sharp(sealed):
    found = seen(photo(sealed), MediaType.JPEG)

    assert "红色圆形印迹" in of(found, PreCheck.SEAL).message
    assert of(found, PreCheck.READABLE).grade is Grade.FINE
    assert "没有安装文字识别程序" in of(found, PreCheck.TEXT).message
    assert {of(found, one).grade for one in (PreCheck.KIND, PreCheck.NUMBER, PreCheck.PERSON)} == {
        Grade.UNKNOWN
    }


def test_a_page_without_a_seal_is_doubted_only_where_the_standard_wants_one():
    plain = seen(letter())
    free = seen(letter(), wanted=Wanted(material="授权委托书"))

    assert "没有找到印章或者电子签名" in of(plain, PreCheck.SEAL).message
    assert of(plain, PreCheck.SEAL).grade is Grade.DOUBT
    assert of(free, PreCheck.SEAL).grade is Grade.UNKNOWN


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"blur": 6}, "图片模糊，请拿稳对焦后重拍"),
        ({"light": 0.12}, "图片太暗，请在明亮处重拍"),
        ({"side": 500}, "小字可能看不清"),
    ],
)
def test_a_picture_that_nobody_can_read_says_how_to_take_it_again(options, words):
    found = seen(photo(letter(), **options), MediaType.JPEG)

    assert words in of(found, PreCheck.READABLE).message


def test_an_empty_picture_is_called_empty():
    assert "空白" in of(seen(files.jpeg(900, 900), MediaType.JPEG), PreCheck.READABLE).message


@pytest.mark.parametrize(
    ("line", "grade", "words"),
    [
        ("有效期至2026年3月5日", Grade.DOUBT, "有效期到2026年3月5日，已经过期"),
        ("有效期至2026年3月6日", Grade.FINE, "有效期到2026年3月6日。"),
        ("有效期限：2016.03.01-2036.03.01", Grade.FINE, "有效期到2036年3月1日"),
        ("有效期至2026年2月30日", Grade.DOUBT, "日期不存在"),
        ("有效期限：长期", Grade.FINE, "长期有效"),
        ("没有期限的话", Grade.UNKNOWN, "没有找到有效期"),
    ],
)
def test_dates_are_compared_with_the_day_of_handing_in(line, grade, words):
    found = of(findings(Look(text=line), WANTED, today=TODAY), PreCheck.DATES)

    assert (found.grade, words in found.message) == (grade, True)


def test_the_paper_of_somebody_else_is_noticed_and_the_name_hidden():
    number = of(seen(letter("公民身份号码：" + OTHER)), PreCheck.PERSON)
    name = of(findings(Look(text="委托人：李示例"), WANTED, today=TODAY), PreCheck.PERSON)

    assert number.grade is Grade.DOUBT
    assert OTHER not in number.message
    assert name.message == "材料上写的是“李**”，申请人是“王**”，两者不一致，请核对是否拿错了材料。"


def test_a_number_with_a_wrong_check_digit_is_noticed_and_not_shown():
    wrong = NUMBER[:-1] + "8"
    found = of(findings(Look(text=f"号码 {wrong}"), WANTED, today=TODAY), PreCheck.NUMBER)

    assert found.grade is Grade.DOUBT
    assert "校验位不对" in found.message
    assert wrong not in found.message


def test_a_paper_of_another_kind_is_named():
    licence = of(findings(Look(text="营 业 执 照 副本"), WANTED, today=TODAY), PreCheck.KIND)
    nothing = of(findings(Look(text="随便写的"), WANTED, today=TODAY), PreCheck.KIND)

    assert licence.message == "文件看起来是“营业执照”，请核对是否应为“授权委托书”。"
    assert "没有找到“授权委托书”字样" in nothing.message


def test_a_red_bar_and_a_red_photo_are_no_seals():
    bar = pyvips.Image.black(900, 1200, bands=3) + 255
    bar = bar.draw_rect([200, 20, 20], 100, 100, 300, 30, fill=True)
    square = bar.draw_rect([200, 20, 20], 300, 600, 200, 200, fill=True)

    for picture in (bar, square):
        content = bytes(picture.cast("uchar").jpegsave_buffer(Q=90))
        assert not seeing.see(content, MediaType.JPEG).seal


@pytest.mark.parametrize("content", [b"", b"%PDF-1.7 broken", b"\xff\xd8\xff"])
def test_what_cannot_be_looked_at_says_so_and_nothing_else(content):
    for kind in (MediaType.PDF, MediaType.JPEG):
        found = seen(content, kind)

        assert [one.grade for one in found] == [Grade.UNKNOWN]
        assert "请打开文件人工核对" in found[0].message


@pytest.mark.thorough
def test_looking_is_done_by_a_process_of_its_own():
    assert "授权委托书" in looking.look(letter(), MediaType.PDF).text.replace(" ", "")
    assert looking.look(b"\0" * 1000, MediaType.PDF).failed


FIRM = Wanted(
    material="营业执照",
    holder_name="上海示范餐饮管理有限公司",
    holder_number="91310114MA1GW0XC69",
    kinds=KINDS,
)
BLANK = Look(width=1200, height=1600, sharpness=900.0, brightness=200.0)


def read_off(*texts: str, sure: float = 0.99, left: float = 100.0, **page) -> Reading:
    """Return what was read off a page of a thousand pixels with these lines."""
    lines = tuple(
        Line(
            box=(
                (left, 40.0 * row),
                (left + 300, 40.0 * row),
                (left + 300, 40.0 * row + 20),
                (left, 40.0 * row + 20),
            ),
            text=text,
            confidence=sure,
        )
        for row, text in enumerate(texts, start=1)
    )
    made = Page(**{"width": 1000, "height": 1400, "lines": lines} | page)
    return Reading(state=ReadingState.READ, pages=(made,), engine="test")


def told(reading: Reading, check: PreCheck, wanted: Wanted = FIRM) -> Finding:
    return of(findings(BLANK, wanted, today=TODAY, reading=reading), check)


@pytest.mark.parametrize(
    ("line", "grade", "words"),
    [
        ("营业期限：2016年3月1日至长期", Grade.FINE, "长期有效"),
        (
            "有效期限自2026年3月7日起至2031年3月6日",
            Grade.DOUBT,
            "从2026年3月7日开始，现在还没有生效",
        ),
        ("有效期限：2016.03.01—2026.03.05", Grade.DOUBT, "已经过期"),
        ("有效期：2021-13-01至2026-03-05", Grade.DOUBT, "日期不存在"),
    ],
)
def test_a_time_from_and_until_is_understood(line, grade, words):
    found = told(read_off("营业执照", line), PreCheck.DATES)

    assert (found.grade, words in found.message) == (grade, True)


def test_a_validity_that_the_standard_asks_for_and_nobody_finds_is_doubted():
    wanted = Wanted(material="卫生许可证", standard="在有效期内", kinds=KINDS)

    assert told(read_off("卫生许可证正本"), PreCheck.DATES, wanted).grade is Grade.DOUBT
    assert told(read_off("卫生许可证正本"), PreCheck.DATES).grade is Grade.UNKNOWN


def test_a_letter_that_a_code_never_holds_is_put_right_only_where_the_check_then_holds():
    right = told(read_off("代码：9131O114MA1GW0XC69"), PreCheck.NUMBER)
    wrong = told(read_off("代码：9131O114MA1GW0XC68"), PreCheck.NUMBER)

    assert right.message == "找到号码“913***********XC69”，校验位正确。"
    assert wrong.message == "没有找到统一社会信用代码，请核对是否拍全、能否看清。"


def test_a_wrong_number_that_was_read_may_be_misread():
    found = told(read_off("代码：91310114MA1GW0XC68"), PreCheck.NUMBER)

    assert "校验位不对，可能是识别有误，请与原件核对" in found.message


def test_a_licence_without_the_number_that_its_kind_bears_is_doubted():
    food = Wanted(material="食品经营许可证", kinds=KINDS)

    assert told(read_off("营业执照", "名称：某某"), PreCheck.NUMBER).message == (
        "没有找到统一社会信用代码，请核对是否拍全、能否看清。"
    )
    assert "没有找到证书编号" in told(read_off("食品经营许可证"), PreCheck.NUMBER, food).message
    assert "校验位正确" in told(read_off("编号：JY23101140000018"), PreCheck.NUMBER, food).message
    assert "校验位不对" in told(read_off("编号：JY23101140000019"), PreCheck.NUMBER, food).message


def test_a_name_that_differs_in_one_character_may_be_misread():
    found = told(read_off("名 称：上海示苑餐饮管理有限公司"), PreCheck.PERSON)

    assert found.message == (
        "材料上写的是“上海示苑餐饮管理有限公司”，申请人是“上海示范餐饮管理有限公司”，"
        "两者不一致（只差一个字，可能是识别有误），请核对是否拿错了材料。"
    )


@pytest.mark.parametrize(
    ("reading", "grade", "words"),
    [
        (read_off("营业执照", sure=0.4), Grade.DOUBT, "只有约 0% 的文字能看清"),
        (read_off("营业执照", "某某", left=1.0), Grade.DOUBT, "文字一直到图片边缘"),
        (read_off("营业执照", tilt=-14.0), Grade.DOUBT, "图片歪了约 14 度"),
        (read_off("营业执照", turned=1), Grade.FINE, "图片没有转正"),
        (read_off(), Grade.DOUBT, "没有识别出任何文字"),
        (read_off("营业执照"), Grade.FINE, "图片清晰"),
    ],
)
def test_how_a_page_was_taken_is_told_with_what_would_put_it_right(reading, grade, words):
    found = told(reading, PreCheck.READABLE)

    assert (found.grade, words in found.message) == (grade, True)


@pytest.mark.parametrize(
    ("seal", "words"),
    [
        (Seal(red=True, text="示例区市场监督管理局"), "印文为“示例区市场监督管理局”"),
        (Seal(red=True), "红色圆形印迹"),
        (Seal(red=False), "黑色圆形印迹，可能是复印件上的印章"),
    ],
)
def test_a_seal_is_told_by_its_words_or_its_colour(seal, words):
    found = told(read_off("营业执照", seals=(seal,)), PreCheck.SEAL)

    assert (found.grade, words in found.message) == (Grade.FINE, True)


def test_the_longest_name_of_a_kind_counts():
    kinds = parsed(["许可证：甲", "食品经营许可证：乙"])

    assert Wanted(material="食品经营许可证副本", kinds=kinds).kind.titles == ("乙",)
