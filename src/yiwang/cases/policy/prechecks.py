"""What a program can say about a material when it is handed in (材料预检): advice, never a refusal.

Each finding is one sentence with what to do. What cannot be told is said to be unknown: the
letters in a photo are not read here, so of a photo only size, sharpness, light and seal are told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from yiwang.documents.policy.looks import BLURRED_BELOW, DARK_BELOW, LEAST_SIDE, Look
from yiwang.kernel.identifiers import citizen_id, uscc
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
        standard: Its acceptance standard; words in it say whether a seal is wanted.
        holder_name: Name of the applicant.
        holder_number: Number of the applicant, whole or masked.
    """

    material: str
    standard: str = ""
    holder_name: str = ""
    holder_number: str = ""


KINDS: Mapping[str, tuple[str, ...]] = {
    "营业执照": ("营业执照",),
    "居民身份证": ("居民身份证", "公民身份号码"),
    "居民户口簿": ("居民户口簿", "常住人口登记卡"),
    "授权委托书": ("授权委托书", "委托书"),
    "承诺书": ("承诺书",),
    "租赁合同": ("租赁合同", "租赁协议"),
    "不动产权证书": ("不动产权证书", "不动产权"),
    "健康证明": ("健康证明", "健康合格证"),
    "出生医学证明": ("出生医学证明",),
    "结婚证": ("结婚证",),
    "离婚证": ("离婚证",),
    "驾驶证": ("机动车驾驶证",),
    "行驶证": ("机动车行驶证",),
    "验资报告": ("验资报告",),
    "章程": ("章程",),
}
"""Kind of document -> titles by which its text is known; the first that is in a name counts."""

TITLE_CHARS = 300
"""Characters from the beginning in which a title is looked for."""

SEAL_WORDS = ("盖章", "公章", "印章", "签章", "加盖")

_SPACES = re.compile(r"\s+")
_BRACKETS = re.compile(r"[（(《].*?[）)》]")
_PERSON = re.compile(r"(?<![0-9A-Z])[1-9]\d{16}[0-9X](?![0-9A-Z])")
_FIRM = re.compile(r"(?<![0-9A-Z])[0-9A-HJ-NPQRTUWXY]{18}(?![0-9A-Z])")
_UNTIL = re.compile(
    r"(?:有效期(?:限)?(?:至|到|截止)?[:：]?(?:自?\d{4}[年.\-/]\d{1,2}[月.\-/]\d{1,2}日?)?(?:至|到|-|—|～)?"
    r"|截止日期[:：]?|届满日期?[:：]?)"
    r"(\d{4})[年.\-/](\d{1,2})[月.\-/](\d{1,2})"
)
_WRITTEN = re.compile(r"\d{4}年(\d{1,2})月(\d{1,2})日")
_NAMED = re.compile(r"(?:姓名|申请人|委托人|单位名称|企业名称|名称)[:：]([^\s:：，,。；;]{2,40})")


def findings(look: Look, wanted: Wanted, *, today: date) -> tuple[Finding, ...]:
    """Return what can be said about a file, in the order of `PreCheck`.

    Args:
        look: What a program saw in it.
        wanted: What it should be.
        today: Day of handing in.
    """
    if look.failed:
        return (
            Finding(
                check=PreCheck.READABLE,
                grade=Grade.UNKNOWN,
                message="程序没能读出这个文件，请打开文件人工核对。",
            ),
        )
    text = _SPACES.sub("", look.text)
    return (
        _kind(text, wanted),
        _readable(look),
        _text(text, look),
        _seal(look, wanted),
        _number(text, look.text),
        _dates(text, today),
        _person(text, look.text, wanted),
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


def _kind(text: str, wanted: Wanted) -> Finding:
    name = _plain_name(wanted.material)
    if not text:
        return _unknown(PreCheck.KIND, f"没有可读的文字，请人工核对是不是“{wanted.material}”。")
    words = next((titles for kind, titles in KINDS.items() if kind in name), (name,))
    if any(word in text for word in words):
        return _fine(PreCheck.KIND, f"文件中有“{next(w for w in words if w in text)}”字样。")
    head = text[:TITLE_CHARS]
    other = next((kind for kind, titles in KINDS.items() if titles[0] in head), "")
    if other:
        return _doubt(PreCheck.KIND, f"文件看起来是“{other}”，请核对是否应为“{wanted.material}”。")
    return _doubt(PreCheck.KIND, f"文件中没有找到“{words[0]}”字样，请核对是否传错了文件。")


def _plain_name(material: str) -> str:
    name = _BRACKETS.sub("", material)
    for tail in ("复印件", "原件", "扫描件", "文本", "材料"):
        name = name.removesuffix(tail)
    return name or material


def _readable(look: Look) -> Finding:
    if look.blank:
        return _doubt(PreCheck.READABLE, "首页是空白的，请重新扫描或者换一个文件。")
    if look.sharpness is None:
        return _fine(PreCheck.READABLE, "文件是 PDF，首页可以显示。")
    if min(look.width, look.height) < LEAST_SIDE:
        return _doubt(
            PreCheck.READABLE,
            f"图片只有 {look.width}×{look.height} 像素，小字可能看不清，请靠近重拍或者重新扫描。",
        )
    if look.brightness is not None and look.brightness < DARK_BELOW:
        return _doubt(PreCheck.READABLE, "图片太暗，请在明亮处重拍。")
    if look.sharpness < BLURRED_BELOW:
        return _doubt(PreCheck.READABLE, "图片模糊，请拿稳对焦后重拍，或者改用扫描仪。")
    return _fine(PreCheck.READABLE, "图片清晰，亮度合适。")


def _text(text: str, look: Look) -> Finding:
    if text:
        return _fine(PreCheck.TEXT, f"读到文字 {len(text)} 个字。")
    if look.sharpness is not None:
        return _unknown(PreCheck.TEXT, "照片里的文字程序不识别，请人工核对内容。")
    return _unknown(PreCheck.TEXT, "PDF 没有文字层（可能是扫描件），请人工核对内容。")


def _seal(look: Look, wanted: Wanted) -> Finding:
    needed = any(word in wanted.standard for word in SEAL_WORDS)
    if look.signers:
        return _fine(
            PreCheck.SEAL,
            f"有电子签名，签名人“{look.signers[0]}”；是否有效请用“文件核验”查验。",
        )
    if look.seal:
        return _fine(PreCheck.SEAL, "首页找到一处红色圆形印迹，请核对印章名称。")
    if needed:
        return _doubt(
            PreCheck.SEAL, "首页没有找到红色印章或者电子签名，请核对是否已经盖章，或者章在后页。"
        )
    return _unknown(PreCheck.SEAL, "首页没有找到印章；受理标准没有要求盖章的，不用处理。")


def _numbers(spaced: str) -> tuple[list[str], list[str]]:
    """Return the numbers that pass their check, and those that do not."""
    right: list[str] = []
    wrong: list[str] = []
    folded = spaced.upper()
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


def _number(text: str, spaced: str) -> Finding:
    if not text:
        return _unknown(PreCheck.NUMBER, "没有可读的文字，未核对号码，请人工核对。")
    right, wrong = _numbers(spaced)
    if wrong:
        return _doubt(
            PreCheck.NUMBER,
            f"号码“{mask_number(wrong[0])}”校验位不对，请与原件核对是否印错或者被改动。",
        )
    if right:
        return _fine(PreCheck.NUMBER, f"找到号码“{mask_number(right[0])}”，校验位正确。")
    return _unknown(PreCheck.NUMBER, "文字中没有身份证号或者统一社会信用代码。")


def _dates(text: str, today: date) -> Finding:
    if not text:
        return _unknown(PreCheck.DATES, "没有可读的文字，未核对有效期，请人工核对。")
    for month, day in _WRITTEN.findall(text):
        if not 1 <= int(month) <= 12 or not 1 <= int(day) <= 31:
            return _doubt(PreCheck.DATES, f"写有不存在的日期“{month}月{day}日”，请与原件核对。")
    ends = []
    for year, month, day in _UNTIL.findall(text):
        try:
            ends.append(date(int(year), int(month), int(day)))
        except ValueError:
            return _doubt(PreCheck.DATES, "有效期的日期不存在，请与原件核对。")
    if not ends:
        if "长期" in text:
            return _fine(PreCheck.DATES, "写明长期有效。")
        return _unknown(PreCheck.DATES, "没有找到有效期；没有期限的材料不用处理。")
    last = max(ends)
    shown = f"{last.year}年{last.month}月{last.day}日"
    if last < today:
        return _doubt(PreCheck.DATES, f"有效期到{shown}，已经过期，请换交有效的材料。")
    return _fine(PreCheck.DATES, f"有效期到{shown}。")


def _person(text: str, spaced: str, wanted: Wanted) -> Finding:
    if not text:
        return _unknown(PreCheck.PERSON, "没有可读的文字，请人工核对是不是申请人本人的材料。")
    name = _SPACES.sub("", wanted.holder_name)
    right, _wrong = _numbers(spaced)
    own = {wanted.holder_number, mask_number(wanted.holder_number)}
    if any(number in own or mask_number(number) in own for number in right):
        return _fine(PreCheck.PERSON, "材料上的号码与申请人一致。")
    if name and name in text:
        return _fine(PreCheck.PERSON, "材料上有申请人的名称。")
    if right:
        return _doubt(
            PreCheck.PERSON,
            f"材料上的号码“{mask_number(right[0])}”不是申请人的，请核对是否拿错了材料。",
        )
    written = _NAMED.search(spaced)
    if written:
        other = written.group(1)
        shown = mask_name(other) if len(other) <= 4 else other
        return _doubt(
            PreCheck.PERSON, f"材料上写的是“{shown}”，与申请人不一致，请核对是否拿错了材料。"
        )
    return _unknown(PreCheck.PERSON, "材料上没有找到申请人的名称，请人工核对。")
