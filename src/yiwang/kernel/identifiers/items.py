"""Codes of service items (政务服务事项编码), GB/T 39554.1-2020."""

from __future__ import annotations

from yiwang.kernel.identifiers import uscc
from yiwang.kernel.identifiers.checked import DIGITS, Checked, only, refused

BASIC_LENGTH = 12
IMPLEMENTATION_LENGTH = 31
HANDLING_LENGTH = 33

ITEM_TYPES = {
    "01": "行政许可",
    "02": "行政处罚",
    "03": "行政强制",
    "04": "行政征收",
    "05": "行政给付",
    "06": "行政检查",
    "07": "行政确认",
    "08": "行政奖励",
    "09": "行政裁决",
    "10": "其他行政权力",
    "20": "公共服务",
}
"""Positions 3 and 4 of the basic code (事项类型)."""

EXERCISE_LEVELS = {
    "1": "国家级",
    "2": "省级",
    "3": "市级",
    "4": "县级",
    "5": "镇（乡、街道）级",
    "6": "村（社区）级",
}
"""Position 19 of the implementation code (行使层级)."""


def check_basic(value: str) -> Checked:
    """Check a basic code (基本编码) of 12 digits.

    Reasons, in order: `length`, `characters`, `item_type`.
    """
    if len(value) != BASIC_LENGTH:
        return refused(
            value, "length", f"事项基本编码应为{BASIC_LENGTH}位，现为{len(value)}位，请核对。"
        )
    if not only(value, DIGITS):
        return refused(value, "characters", "事项基本编码应全部为数字，请核对。")
    if value[2:4] not in ITEM_TYPES:
        return refused(
            value, "item_type", f"事项基本编码第3、4位的“{value[2:4]}”不是事项类型代码，请核对。"
        )
    parts = {
        "creator": value[:2],
        "item_type": value[2:4],
        "department": value[4:6],
        "main": value[6:9],
        "sub": value[9:],
    }
    return Checked(value=value, ok=True, parts=parts)


def check_implementation(value: str) -> Checked:
    """Check an implementation code (实施编码): body, level and basic code, 31 characters.

    Reasons, in order: `length`, the reasons of the USCC with `body_` before them,
    `exercise_level`, the reasons of the basic code. A body code that a reviewer may confirm
    makes the whole confirmable.
    """
    if len(value) != IMPLEMENTATION_LENGTH:
        return refused(
            value,
            "length",
            f"事项实施编码应为{IMPLEMENTATION_LENGTH}位，现为{len(value)}位，请核对。",
        )
    body = uscc.check(value[:18])
    if not body.ok:
        return refused(
            value,
            f"body_{body.reason}",
            f"事项实施编码中的实施主体：{body.message}",
            confirmable=body.confirmable,
        )
    if value[18] not in EXERCISE_LEVELS:
        return refused(
            value, "exercise_level", f"事项实施编码第19位的“{value[18]}”不是行使层级，应为1至6。"
        )
    basic = check_basic(value[19:])
    if not basic.ok:
        return refused(value, basic.reason, basic.message)
    parts = {"body": value[:18], "level": value[18], "basic": value[19:], **basic.parts}
    return Checked(value=value, ok=True, parts=parts)


def check_handling(value: str) -> Checked:
    """Check a handling code (业务办理项编码): implementation code and a serial of two digits."""
    if len(value) != HANDLING_LENGTH:
        return refused(
            value,
            "length",
            f"业务办理项编码应为{HANDLING_LENGTH}位，现为{len(value)}位，请核对。",
        )
    if not only(value[IMPLEMENTATION_LENGTH:], DIGITS):
        return refused(value, "serial", "业务办理项编码末两位应为数字，请核对。")
    implementation = check_implementation(value[:IMPLEMENTATION_LENGTH])
    if not implementation.ok:
        return refused(
            value,
            implementation.reason,
            implementation.message,
            confirmable=implementation.confirmable,
        )
    parts = {
        "implementation": value[:IMPLEMENTATION_LENGTH],
        "serial": value[IMPLEMENTATION_LENGTH:],
        **implementation.parts,
    }
    return Checked(value=value, ok=True, parts=parts)


def check(value: str) -> Checked:
    """Check a basic, implementation or handling code, told apart by length."""
    if len(value) == BASIC_LENGTH:
        return check_basic(value)
    if len(value) == IMPLEMENTATION_LENGTH:
        return check_implementation(value)
    if len(value) == HANDLING_LENGTH:
        return check_handling(value)
    return refused(
        value,
        "length",
        "事项编码应为12位（基本编码）、31位（实施编码）或33位（业务办理项编码），"
        f"现为{len(value)}位，请核对。",
    )


def implementation_code(*, body: str, level: str, basic: str) -> str:
    """Join the parts of an implementation code.

    Raises:
        ValueError: the result is not well formed.

    Example:
        `11310114XXXX01011H`, `4` and `310131001000`.
    """
    value = f"{body}{level}{basic}"
    answer = check_implementation(value)
    if not answer.ok:
        raise ValueError(answer.message)
    return value
