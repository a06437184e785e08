"""What a record must look like before it enters a register, and what would put it right."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from decimal import Decimal

from yiwang.kernel.errors import RefusedError

NAME_MAX = 50
"""Longest name of a person, in characters; 居民身份证 prints far fewer."""

ENTITY_NAME_MAX = 200
ADDRESS_MAX = 200
SOURCE_MAX = 60
PINYIN_MAX = 240
REASON_MIN = 4
"""Shortest purpose or reason, in characters: “查” says nothing."""

REASON_MAX = 500
CAPITAL_MAX_CNY = 10**13
"""Largest registered capital accepted, in yuan; more is a wrong unit."""

_NAME = re.compile(r"^[^\W\d_]+(?:[ ·•\-'’.]+[^\W\d_]+)*$")
_ENTITY_NAME = re.compile(r"\w")
_DIVISION = re.compile(r"^[0-9]{6}$")
_TOWN = re.compile(r"^[0-9]{9}$")
_INDUSTRY = re.compile(r"^[A-T][0-9]{2,4}$")
_MOBILE = re.compile(r"^1[3-9][0-9]{9}$")
_LANDLINE = re.compile(r"^0[0-9]{2,3}-?[0-9]{7,8}$")
_PERSON_REF = re.compile(r"^person:[0-9a-f]{32}$")


class RecordRefusedError(RefusedError):
    """A record cannot enter a register as it stands."""

    code = "registers.record_refused"


def _plain(value: str) -> str:
    """Return `value` in NFC with single blanks; control characters are refused."""
    text = unicodedata.normalize("NFC", value)
    if any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn"} for char in text):
        raise RecordRefusedError("文字中含有看不见的控制字符，请删除后重新填写。")
    return " ".join(text.split())


def clean_person_name(value: str) -> str:
    """Return a person's name as kept: NFC, no blanks around it.

    Rare characters (such as 䶮 or 𬭊) and names joined by a dot (·) are accepted as they are.

    Raises:
        RecordRefusedError: empty, longer than NAME_MAX, or holding digits or signs.
    """
    name = _plain(value)
    if not name:
        raise RecordRefusedError("姓名不能为空，请按证件填写姓名。")
    if len(name) > NAME_MAX:
        raise RecordRefusedError(f"姓名不能超过 {NAME_MAX} 个字，请按证件填写。")
    if not _NAME.match(name):
        raise RecordRefusedError("姓名只能是文字和间隔号“·”，请按证件填写。")
    return name


def clean_entity_name(value: str) -> str:
    """Return the name of a legal entity as kept: NFC, round brackets in full width.

    Raises:
        RecordRefusedError: empty, without any letter, or longer than ENTITY_NAME_MAX.
    """
    name = _plain(value).replace("(", "（").replace(")", "）")
    if not _ENTITY_NAME.search(name):
        raise RecordRefusedError("名称不能为空，请按营业执照或登记证书填写。")
    if len(name) > ENTITY_NAME_MAX:
        raise RecordRefusedError(f"名称不能超过 {ENTITY_NAME_MAX} 个字，请按登记证书填写。")
    return name


def clean_address(value: str) -> str:
    """Return an address as kept; empty means not known.

    Raises:
        RecordRefusedError: longer than ADDRESS_MAX.
    """
    address = _plain(value)
    if len(address) > ADDRESS_MAX:
        raise RecordRefusedError(f"地址不能超过 {ADDRESS_MAX} 个字，请写到门牌号为止。")
    return address


def clean_source(value: str) -> str:
    """Return the label of a source as kept.

    Raises:
        RecordRefusedError: empty or longer than SOURCE_MAX.
    """
    source = _plain(value)
    if not source or len(source) > SOURCE_MAX:
        raise RecordRefusedError(f"请写明数据来源，1 至 {SOURCE_MAX} 个字。")
    return source


def clean_mobile(value: str) -> str:
    """Return a mobile number as its 11 digits; empty means none.

    Raises:
        RecordRefusedError: not 11 digits beginning with 13 to 19.
    """
    phone = re.sub(r"[\s\-]", "", unicodedata.normalize("NFKC", value)).removeprefix("+86")
    if phone and not _MOBILE.match(phone):
        raise RecordRefusedError("手机号码应为 11 位数字，以 13 至 19 开头。")
    return phone


def clean_phone(value: str) -> str:
    """Return the telephone of a legal entity: mobile, or landline with area code; may be empty.

    Raises:
        RecordRefusedError: neither form.
    """
    phone = re.sub(r"\s", "", unicodedata.normalize("NFKC", value))
    if phone and not (_MOBILE.match(phone) or _LANDLINE.match(phone)):
        raise RecordRefusedError("电话应为 11 位手机号码，或带区号的固定电话，如 021-69530000。")
    return phone


def check_codes(*, division: str = "", town: str = "", industry: str = "") -> None:
    """Refuse codes of another form; empty means not known.

    Source: GB/T 2260 (division, 6 digits), GB/T 10114 (town, 9 digits), GB/T 4754 (industry,
    one letter and 2 to 4 digits).

    Raises:
        RecordRefusedError: the first code that is wrong.
    """
    if division and not _DIVISION.match(division):
        raise RecordRefusedError("行政区划代码应为 6 位数字，如 310114。")
    if town and not _TOWN.match(town):
        raise RecordRefusedError("街镇代码应为 9 位数字，如 310114102。")
    if industry and not _INDUSTRY.match(industry):
        raise RecordRefusedError("行业代码应为一个字母加 2 至 4 位数字，如 H6210。")


def check_day(day: date | None, *, what: str, today: date) -> None:
    """Refuse a day after `today`.

    Raises:
        RecordRefusedError: `day` lies in the future.
    """
    if day is not None and day > today:
        raise RecordRefusedError(f"{what}不能晚于今天，请按证件核对。")


def check_capital(capital_cny: int | None) -> None:
    """Refuse a registered capital that cannot be.

    Raises:
        RecordRefusedError: negative or above CAPITAL_MAX_CNY.
    """
    if capital_cny is not None and not 0 <= capital_cny <= CAPITAL_MAX_CNY:
        raise RecordRefusedError("注册资本以元为单位，应在 0 至 10 万亿元之间。")


def check_person_ref(ref: str) -> None:
    """Refuse a reference that names no person; empty means not known.

    Raises:
        RecordRefusedError: not `person:` and 32 hexadecimal digits.
    """
    if ref and not _PERSON_REF.match(ref):
        raise RecordRefusedError("法定代表人应引用人口库中的自然人。")


def check_reason(reason: str, *, what: str = "用途") -> str:
    """Return a purpose or reason without blanks around it.

    Raises:
        RecordRefusedError: shorter than REASON_MIN or longer than REASON_MAX.
    """
    text = _plain(reason)
    if not REASON_MIN <= len(text) <= REASON_MAX:
        raise RecordRefusedError(
            f"请写明{what}，{REASON_MIN} 至 {REASON_MAX} 个字，{what}将记入操作日志。"
        )
    return text


def check_coordinates(lon: float | None, lat: float | None) -> None:
    """Refuse half a coordinate, or one outside the country (CGCS2000 degrees).

    Raises:
        RecordRefusedError: only one is given, or it lies outside 73–136 E, 3–54 N.
    """
    if (lon is None) != (lat is None):
        raise RecordRefusedError("经度和纬度应同时填写。")
    if lon is not None and lat is not None and not (73 <= lon <= 136 and 3 <= lat <= 54):
        raise RecordRefusedError("坐标应在我国范围内：经度 73 至 136，纬度 3 至 54。")


def degrees(value: float) -> Decimal:
    """Return a coordinate with six decimals, about a tenth of a metre."""
    return Decimal(value).quantize(Decimal("0.000001"))
