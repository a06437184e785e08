"""What a program can say about a material when it is handed in (材料预检): advice, never a refusal.

Each finding is one sentence with what to do. What cannot be told is said to be unknown. Words come
from the text layer of a PDF or from reading scans and photos, and the same rules hold for both;
what was read off a picture may be misread, and the sentences say so where it matters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from yiwang.cases.policy.material_kinds import MaterialKind, Need, kind_of
from yiwang.documents.policy.looks import BLURRED_BELOW, DARK_BELOW, LEAST_SIDE, Look
from yiwang.documents.policy.readings import Reading, ReadingState
from yiwang.kernel.identifiers import citizen_id, food, uscc
from yiwang.kernel.masking import mask_name, mask_number
from yiwang.kernel.terms import Term


class PreCheck(Term):
    """What is looked at."""

    KIND = "kind", "材料种类"
    READABLE = "readable", "清晰程度"
    TEXT = "text", "文字内容"
    SEAL = "seal", "印章签名"
    NUMBER = "number", "证件号码"
    DATES = "dates", "有效期"
    PERSON = "person", "申请人一致"


class Grade(Term):
    """What was found."""

    FINE = "fine", "未见异常"
    DOUBT = "doubt", "请核对"
    UNKNOWN = "unknown", "无法判断"
    WAITING = "waiting", "正在识别"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One sentence about one file."""

    check: PreCheck
    grade: Grade
    message: str


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What the file should be.

    Attributes:
        material: Name of the material.
        standard: Its acceptance standard; words in it say what must be on it.
        holder_name: Name of the applicant.
        holder_number: Number of the applicant, whole or masked.
        kinds: Kinds of material that are known, as packs describe them.
        of_other: It may be in the name of somebody else.
    """

    material: str
    standard: str = ""
    holder_name: str = ""
    holder_number: str = ""
    kinds: tuple[MaterialKind, ...] = ()
    of_other: bool = False

    @property
    def kind(self) -> MaterialKind | None:
        """Return the kind of the material, where it is one that is known."""
        return kind_of(self.material, self.kinds)

    @property
    def needs(self) -> frozenset[Need]:
        """Return what must be on it, by its kind and by its standard."""
        by_words = {
            need for need, words in STANDARD_WORDS.items() if any(w in self.standard for w in words)
        }
        return (self.kind.needs if self.kind else frozenset()) | by_words


STANDARD_WORDS = {
    Need.SEAL: ("盖章", "公章", "印章", "签章", "加盖"),
    Need.VALIDITY: ("在有效期内", "有效期"),
}
"""What a material needs -> words in its acceptance standard that say so."""

TITLE_CHARS = 300
"""Characters from the beginning in which a title is looked for."""

LEAST_TEXT = 10
"""Characters of a text layer below which the pages themselves are read."""

TILTED_FROM = 12.0
"""Degrees from which a page is called askew."""

SURE_SHARE = 0.6
"""Share of characters read with confidence below which a picture is called unreadable."""

EDGE_LINES = 2
"""Lines running into the edge from which a page is called cut off."""

_SPACES = re.compile(r"\s+")
_BRACKETS = re.compile(r"[（(《].*?[）)》]")
_PERSON = re.compile(r"(?<![0-9A-Z])[1-9]\d{16}[0-9X](?![0-9A-Z])")
_FIRM = re.compile(r"(?<![0-9A-Z])[0-9A-HJ-NPQRTUWXY]{18}(?![0-9A-Z])")
_TOKEN = re.compile(r"(?<![0-9A-Z])[0-9A-Z]{18}(?![0-9A-Z])")
_FOOD = re.compile(r"JY\d{14}(?!\d)")
_NUMBERED = re.compile(
    r"(?:编号|证号|字号|许可证号|登记号)[:：]?([0-9A-Za-z（）()〔〕\[\]第号\u4e00-\u9fff-]{4,40})"
)
_MISREAD = str.maketrans({"O": "0", "I": "1", "S": "5", "Z": "2", "V": "U"})
"""Letters that a USCC never holds -> what they were misread from."""
_DAY = r"(\d{4})[年.\-/](\d{1,2})[月.\-/](\d{1,2})日?"
_SPAN = re.compile(
    r"(?:有效期限?|期限|有效期间)[:：]?自?"
    + _DAY
    + r"起?(?:至|到|-|—|–|~|～)+(?:"
    + _DAY
    + r"|长期|永久)"
)
_UNTIL = re.compile(
    r"(?:(?:有效期|期限|有效期限)(?:至|到|截止)?[:：]?(?:自?\d{4}[年.\-/]\d{1,2}[月.\-/]\d{1,2}日?)?(?:至|到|-|—|～)?"
    r"|截止日期[:：]?|届满日期?[:：]?)"
    r"(\d{4})[年.\-/](\d{1,2})[月.\-/](\d{1,2})(?!\d|日?起)"
)
_GAP = r"[ \u3000]*"
_SPREAD = re.compile(
    "(?:" + "|".join(_GAP.join(word) for word in ("姓名", "名称", "申请人", "委托人")) + ")"
    f"{_GAP}[:：]{_GAP}"
)
_WRITTEN = re.compile(r"\d{4}年(\d{1,2})月(\d{1,2})日")
_NAMED = re.compile(r"(?:姓名|申请人|委托人|单位名称|企业名称|名称)[:：]([^\s:：，,。；;]{2,40})")


def needs_reading(look: Look) -> bool:
    """Tell whether the words of a file can only be had by reading its pages."""
    return not look.failed and not look.blank and len(_SPACES.sub("", look.text)) < LEAST_TEXT


@dataclass(frozen=True, kw_only=True)
class _Words:
    """The words of a file, without spaces and as they stand; where from; why there are none."""

    text: str
    spaced: str
    read: bool = False
    why: str = ""
    waiting: bool = False

    def missing(self, check: PreCheck, remedy: str) -> Finding:
        """Return the finding of a check that has no words to go by."""
        grade = Grade.WAITING if self.waiting else Grade.UNKNOWN
        message = WAITING if self.waiting else f"{self.why}，{remedy}"
        return Finding(check=check, grade=grade, message=message)


WAITING = "正在识别文字，稍后显示结果；不用等待，可以继续办理。"

_WHY = {
    ReadingState.MISSING: "本系统没有安装文字识别程序，读不出图片里的文字",
    ReadingState.FAILED: "程序没能识别图片里的文字",
    ReadingState.READ: "没有识别出文字",
    ReadingState.WAITING: "",
}


def _words(look: Look, reading: Reading) -> _Words:
    waiting = needs_reading(look) and reading.state is ReadingState.WAITING
    read = reading.text if needs_reading(look) else ""
    spaced = "" if waiting else read or look.text
    return _Words(
        text=_SPACES.sub("", spaced),
        spaced=spaced,
        read=bool(read),
        why=_WHY[reading.state],
        waiting=waiting,
    )


NOBODY_READ = Reading(state=ReadingState.MISSING)


def findings(
    look: Look, wanted: Wanted, *, today: date, reading: Reading = NOBODY_READ
) -> tuple[Finding, ...]:
    """Return what can be said about a file, in the order of `PreCheck`.

    Args:
        look: What a program saw in it.
        wanted: What it should be.
        today: Day of handing in.
        reading: What was read off its pages; counts where the file has no text layer.
    """
    if look.failed:
        return (
            Finding(
                check=PreCheck.READABLE,
                grade=Grade.UNKNOWN,
                message="程序没能读出这个文件，请打开文件人工核对。",
            ),
        )
    words = _words(look, reading)
    return (
        _kind(words, wanted),
        _readable(look, reading),
        _text(words, look, reading),
        _seal(look, reading, wanted),
        _number(words, wanted),
        _dates(words, wanted, today),
        _person(words, wanted),
    )


def doubts(found: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return those that ask for a look."""
    return tuple(one for one in found if one.grade is Grade.DOUBT)


def _fine(check: PreCheck, message: str) -> Finding:
    return Finding(check=check, grade=Grade.FINE, message=message)


def _doubt(check: PreCheck, message: str) -> Finding:
    return Finding(check=check, grade=Grade.DOUBT, message=message)


def _unknown(check: PreCheck, message: str) -> Finding:
    return Finding(check=check, grade=Grade.UNKNOWN, message=message)


def _kind(words: _Words, wanted: Wanted) -> Finding:
    name, text = _plain_name(wanted.material), words.text
    if not text:
        return words.missing(PreCheck.KIND, f"请人工核对是不是“{wanted.material}”。")
    kind = wanted.kind
    titles = kind.titles if kind else (name,)
    known = next((title for title in titles if title in text), "")
    if known:
        return _fine(PreCheck.KIND, f"文件中有“{known}”字样。")
    head = text[:TITLE_CHARS]
    other = next((one.name for one in wanted.kinds if one.titles[0] in head), "")
    if other:
        return _doubt(PreCheck.KIND, f"文件看起来是“{other}”，请核对是否应为“{wanted.material}”。")
    return _doubt(PreCheck.KIND, f"文件中没有找到“{titles[0]}”字样，请核对是否传错了文件。")


def _plain_name(material: str) -> str:
    name = _BRACKETS.sub("", material)
    for tail in ("复印件", "原件", "扫描件", "文本", "材料"):
        name = name.removesuffix(tail)
    return name or material


def _readable(look: Look, reading: Reading) -> Finding:
    if look.blank:
        return _doubt(PreCheck.READABLE, "首页是空白的，请重新扫描或者换一个文件。")
    if look.sharpness is not None:
        if min(look.width, look.height) < LEAST_SIDE:
            return _doubt(
                PreCheck.READABLE,
                f"图片只有 {look.width}×{look.height} 像素，小字可能看不清，"
                "请靠近重拍或者重新扫描。",
            )
        if look.brightness is not None and look.brightness < DARK_BELOW:
            return _doubt(PreCheck.READABLE, "图片太暗，请在明亮处重拍。")
        if look.sharpness < BLURRED_BELOW:
            return _doubt(PreCheck.READABLE, "图片模糊，请拿稳对焦后重拍，或者改用扫描仪。")
    if needs_reading(look) and reading.state is ReadingState.READ:
        lying = _lying(reading)
        if lying is not None:
            return lying
    if look.sharpness is None:
        return _fine(PreCheck.READABLE, "文件是 PDF，首页可以显示。")
    return _fine(PreCheck.READABLE, "图片清晰，亮度合适。")


def _lying(reading: Reading) -> Finding | None:
    """Return what is wrong with how the pages were taken, or None."""
    if not any(page.lines for page in reading.pages):
        return _doubt(
            PreCheck.READABLE, "没有识别出任何文字，请核对是否拍到了材料，拿稳对焦后重拍。"
        )
    if reading.sure_share < SURE_SHARE:
        share = round(100 * reading.sure_share)
        return _doubt(
            PreCheck.READABLE, f"只有约 {share}% 的文字能看清，请把纸铺平、对焦后重拍或者扫描。"
        )
    if any(page.touching >= EDGE_LINES for page in reading.pages):
        return _doubt(
            PreCheck.READABLE, "文字一直到图片边缘，可能没有拍全，请把整张纸放进画面后重拍。"
        )
    askew = max(abs(page.tilt) for page in reading.pages)
    if askew >= TILTED_FROM:
        return _doubt(PreCheck.READABLE, f"图片歪了约 {round(askew)} 度，请把纸放正后重拍。")
    if any(page.turned for page in reading.pages):
        return _fine(PreCheck.READABLE, "图片没有转正（识别时已转正），文字清楚。")
    return None


def _text(words: _Words, look: Look, reading: Reading) -> Finding:
    if not words.text:
        return words.missing(PreCheck.TEXT, "请人工核对内容。")
    count = len(words.text)
    if not words.read:
        return _fine(PreCheck.TEXT, f"读到文字 {count} 个字。")
    share = round(100 * reading.sure_share)
    some = "" if reading.whole else "只识别了前几页，其余请人工核对；"
    message = f"{some}从图片识别出 {count} 个字，其中 {share}% 有把握；识别可能有误，以原件为准。"
    return _fine(PreCheck.TEXT, message)


def _seal(look: Look, reading: Reading, wanted: Wanted) -> Finding:
    needed = Need.SEAL in wanted.needs
    if look.signers:
        return _fine(
            PreCheck.SEAL,
            f"有电子签名，签名人“{look.signers[0]}”；是否有效请用“文件核验”查验。",
        )
    written = next((one.text for one in reading.seals if one.text), "")
    if written:
        return _fine(PreCheck.SEAL, f"找到印章，印文为“{written}”，请核对是不是出具单位的章。")
    if look.seal or any(one.red for one in reading.seals):
        return _fine(PreCheck.SEAL, "找到一处红色圆形印迹，请核对印章名称。")
    if reading.seals:
        return _fine(
            PreCheck.SEAL, "找到一处黑色圆形印迹，可能是复印件上的印章，请核对印章名称和原件。"
        )
    if needed and needs_reading(look) and reading.state is ReadingState.WAITING:
        return Finding(check=PreCheck.SEAL, grade=Grade.WAITING, message=WAITING)
    if needed:
        return _doubt(
            PreCheck.SEAL, "没有找到印章或者电子签名，请核对是否已经盖章，或者章在后页、盖得太浅。"
        )
    return _unknown(PreCheck.SEAL, "首页没有找到印章；受理标准没有要求盖章的，不用处理。")


def _numbers(words: _Words) -> tuple[list[str], list[str]]:
    """Return the numbers that pass their check, and those that do not."""
    right: list[str] = []
    wrong: list[str] = []
    folded = words.spaced.upper()
    if words.read:
        folded = _TOKEN.sub(lambda found: _mended(found.group()), folded)
    for number in dict.fromkeys(_PERSON.findall(folded)):
        form = citizen_id.check_character(number[:17]) == number[17]
        (right if form else wrong).append(number)
    for number in dict.fromkeys(_FIRM.findall(folded)):
        if number in right or number in wrong:
            continue
        if uscc.check(number).ok:
            right.append(number)
        elif not number.isdigit():
            wrong.append(number)
    return right, wrong


def _mended(text: str) -> str:
    """Return the number that was surely meant where letters were misread; else the text itself."""
    if uscc.check(text).ok or text[:17].isdigit():
        return text
    mended = text.translate(_MISREAD)
    return mended if uscc.check(mended).ok else text


def _number(words: _Words, wanted: Wanted) -> Finding:
    if not words.text:
        return words.missing(PreCheck.NUMBER, "未核对号码，请人工核对。")
    right, wrong = _numbers(words)
    foods = dict.fromkeys(_FOOD.findall(words.text.upper()))
    wrong += [number for number in foods if not food.check(number).ok]
    right += [number for number in foods if food.check(number).ok]
    if wrong:
        perhaps = "可能是识别有误，" if words.read else ""
        return _doubt(
            PreCheck.NUMBER,
            f"号码“{mask_number(wrong[0])}”校验位不对，{perhaps}请与原件核对是否印错或者被改动。",
        )
    missing = [need.label for need in _NUMBERS if need in wanted.needs and not _has(need, right)]
    if Need.LICENCE_NUMBER in wanted.needs and not foods and not _NUMBERED.search(words.text):
        missing.append(Need.LICENCE_NUMBER.label)
    if missing:
        again = "，请核对是否拍全、能否看清" if words.read else "，请核对是否传错了文件"
        return _doubt(PreCheck.NUMBER, f"没有找到{'、'.join(missing)}{again}。")
    if right:
        return _fine(PreCheck.NUMBER, f"找到号码“{mask_number(right[0])}”，校验位正确。")
    numbered = _NUMBERED.search(words.text)
    if numbered and Need.LICENCE_NUMBER in wanted.needs:
        return _fine(PreCheck.NUMBER, "找到证书编号；这类编号没有校验位，请与原件核对。")
    return _unknown(PreCheck.NUMBER, "文字中没有身份证号或者统一社会信用代码。")


_NUMBERS = (Need.USCC, Need.CITIZEN_ID)


def _has(need: Need, numbers: Sequence[str]) -> bool:
    persons = [one for one in numbers if _PERSON.fullmatch(one) and not uscc.check(one).ok]
    if need is Need.CITIZEN_ID:
        return bool(persons)
    return any(uscc.check(one).ok for one in numbers)


def _dates(words: _Words, wanted: Wanted, today: date) -> Finding:
    text = words.text
    if not text:
        return words.missing(PreCheck.DATES, "未核对有效期，请人工核对。")
    for month, day in _WRITTEN.findall(text):
        if not 1 <= int(month) <= 12 or not 1 <= int(day) <= 31:
            return _doubt(PreCheck.DATES, f"写有不存在的日期“{month}月{day}日”，请与原件核对。")
    try:
        begins = [_day(span[:3]) for span in _SPAN.findall(text)]
        ends = [_day(span[3:]) for span in _SPAN.findall(text) if span[3]]
        ends += [_day(found) for found in _UNTIL.findall(_SPAN.sub("", text))]
    except ValueError:
        return _doubt(PreCheck.DATES, "有效期的日期不存在，请与原件核对。")
    if begins and min(begins) > today:
        return _doubt(
            PreCheck.DATES, f"有效期从{_shown(min(begins))}开始，现在还没有生效，请换交有效的材料。"
        )
    if ends:
        last = max(ends)
        if last < today:
            return _doubt(PreCheck.DATES, f"有效期到{_shown(last)}，已经过期，请换交有效的材料。")
        return _fine(PreCheck.DATES, f"有效期到{_shown(last)}。")
    if "长期" in text or "永久" in text:
        return _fine(PreCheck.DATES, "写明长期有效。")
    if Need.VALIDITY in wanted.needs:
        return _doubt(
            PreCheck.DATES, "没有找到有效期，请核对有效期写在哪一页、能否看清，并一并上传。"
        )
    return _unknown(PreCheck.DATES, "没有找到有效期；没有期限的材料不用处理。")


def _day(parts: Sequence[str]) -> date:
    year, month, day = parts
    return date(int(year), int(month), int(day))


def _shown(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _person(words: _Words, wanted: Wanted) -> Finding:
    text = words.text
    if not text:
        whose = "写的是谁" if wanted.of_other else "是不是申请人本人的材料"
        return words.missing(PreCheck.PERSON, f"请人工核对{whose}。")
    name = _SPACES.sub("", wanted.holder_name)
    right, _wrong = _numbers(words)
    own = {wanted.holder_number, mask_number(wanted.holder_number)}
    if any(number in own or mask_number(number) in own for number in right):
        return _fine(PreCheck.PERSON, "材料上的号码与申请人一致。")
    if name and name in text:
        return _fine(PreCheck.PERSON, "材料上有申请人的名称。")
    if wanted.of_other:
        return _of_other(words, right)
    if right:
        mine = mask_number(wanted.holder_number) if wanted.holder_number else _of_theirs(name)
        return _doubt(
            PreCheck.PERSON,
            f"材料上的号码是“{mask_number(right[0])}”，申请人的是“{mine}”，两者不一致，"
            "请核对是否拿错了材料。",
        )
    written = _NAMED.search(_together(words.spaced))
    if written:
        other = written.group(1)
        perhaps = "（只差一个字，可能是识别有误）" if words.read and _near(other, name) else ""
        return _doubt(
            PreCheck.PERSON,
            f"材料上写的是“{_of_theirs(other)}”，申请人是“{_of_theirs(name)}”，"
            f"两者不一致{perhaps}，请核对是否拿错了材料。",
        )
    return _unknown(PreCheck.PERSON, "材料上没有找到申请人的名称，请人工核对。")


def _of_other(words: _Words, numbers: Sequence[str]) -> Finding:
    """Return whose a material is that need not be the applicant's."""
    written = _NAMED.search(_together(words.spaced))
    said = f"“{_of_theirs(written.group(1))}”" if written else ""
    said += f"号码“{mask_number(numbers[0])}”" if numbers else ""
    if not said:
        return _unknown(
            PreCheck.PERSON, "这份材料可以是别人的，没有找到姓名、名称，请人工核对写的是谁。"
        )
    return _unknown(
        PreCheck.PERSON, f"这份材料可以是别人的，写的是{said}，请核对与申请内容是否一致。"
    )


def _of_theirs(name: str) -> str:
    """Return a name as it is shown: that of a person is hidden."""
    return mask_name(name) if len(name) <= 4 else name


def _near(one: str, other: str) -> bool:
    """Tell whether two names of a length differ in one character."""
    return len(one) == len(other) and sum(a != b for a, b in zip(one, other, strict=True)) == 1


def _together(spaced: str) -> str:
    """Return text whose labels are not spread: `名 称：` is `名称：`."""
    return _SPREAD.sub(lambda found: _SPACES.sub("", found.group()), spaced)
