"""Real-estate unit code (不动产单元代码), GB/T 37346-2019."""

from __future__ import annotations

import re

from yiwang.kernel.identifiers.checked import DIGITS, LETTERS, Checked, only, refused

LENGTH = 28
GROUPS = (6, 6, 7, 9)
"""Lengths of the groups in which the code is printed."""

FIXTURES = {"F": "房屋", "L": "林木", "Q": "其他", "W": "无"}
"""Character 20, the kind of fixture (定着物特征码)."""

OWNERSHIPS = {"G": "国家", "J": "集体", "Z": "争议"}
"""Character 13, the owner of the land (宗地特征码首位)."""

NO_FIXTURE = "W00000000"

_SHAPE = re.compile(r"([0-9]{6})([0-9]{3})([0-9]{3})([A-Z]{2})([0-9]{5})([A-Z])([0-9]{8})")


def check(value: str) -> Checked:
    """Check a unit code, written with or without spaces between its groups.

    Reasons, in order: `length`, `characters`, `form`, `ownership`, `fixture`. The code has no
    check character.
    """
    plain = value.replace(" ", "")
    if len(plain) != LENGTH:
        return refused(
            value, "length", f"不动产单元代码应为{LENGTH}位，现为{len(plain)}位，请对照权证核对。"
        )
    if not only(plain, DIGITS | LETTERS):
        return refused(value, "characters", "不动产单元代码由数字和大写字母组成，请对照权证核对。")
    found = _SHAPE.fullmatch(plain)
    if found is None:
        return refused(
            value,
            "form",
            "不动产单元代码应形如“310114 001002 GB00001 F00010001”，请对照权证核对字母的位置。",
        )
    division, district, sub_district, parcel, serial, fixture, unit = found.groups()
    if parcel[0] not in OWNERSHIPS:
        return refused(value, "ownership", "不动产单元代码第13位应为G、J或Z，请对照权证核对。")
    if fixture not in FIXTURES or (fixture == "W" and fixture + unit != NO_FIXTURE):
        return refused(
            value,
            "fixture",
            "不动产单元代码第20位应为F、L、Q或W，没有定着物的写“W00000000”，请对照权证核对。",
        )
    parts = {
        "division": division,
        "district": district,
        "sub_district": sub_district,
        "parcel_kind": parcel,
        "parcel_serial": serial,
        "fixture": fixture,
        "unit": unit,
    }
    return Checked(value=plain, ok=True, parts=parts)


def grouped(value: str) -> str:
    """Return a checked code in the groups in which it is printed."""
    first, second, third, _ = GROUPS
    ends = (first, first + second, first + second + third)
    return " ".join(
        (value[: ends[0]], value[ends[0] : ends[1]], value[ends[1] : ends[2]], value[ends[2] :])
    )
