"""Administrative division codes (行政区划代码), GB/T 2260 and GB/T 10114."""

from __future__ import annotations

from yiwang.kernel.identifiers.checked import DIGITS, Checked, only, refused
from yiwang.kernel.identifiers.citizen_id import PROVINCES

COUNTY_LENGTH = 6
TOWN_LENGTH = 9
VILLAGE_LENGTH = 12

TOWN_KINDS = {"0": "street", "1": "town", "2": "township", "4": "zone", "5": "zone"}
"""First digit of the town part -> kind: 街道, 镇, 乡, 类似乡级单位. A hint, not a rule."""

LEVELS = {COUNTY_LENGTH: "county", TOWN_LENGTH: "town", VILLAGE_LENGTH: "village"}


def check(value: str) -> Checked:
    """Check a division code of 6, 9 or 12 digits.

    Reasons, in order: `length`, `characters`, `province`. Whether a code is in force on a day
    is for the table of divisions to say. Parts: `level` (province, city, county, town,
    village), `province`, `city`, `county`, `town`, `town_kind`, `village`.
    """
    if len(value) not in LEVELS:
        return refused(
            value, "length", f"行政区划代码应为6位、9位或12位数字，现为{len(value)}位，请核对。"
        )
    if not only(value, DIGITS):
        return refused(value, "characters", "行政区划代码应全部为数字，请核对。")
    if value[:2] not in PROVINCES:
        return refused(value, "province", f"行政区划代码开头的“{value[:2]}”不是省级代码，请核对。")
    parts = {
        "level": LEVELS[len(value)],
        "province": f"{value[:2]}0000",
        "city": f"{value[:4]}00",
        "county": value[:6],
    }
    if len(value) == COUNTY_LENGTH and value[4:] == "00":
        parts["level"] = "province" if value[2:4] == "00" else "city"
    if len(value) >= TOWN_LENGTH:
        parts["town"] = value[:TOWN_LENGTH]
        parts["town_kind"] = TOWN_KINDS.get(value[6], "other")
    if len(value) == VILLAGE_LENGTH:
        parts["village"] = value
    return Checked(value=value, ok=True, parts=parts)


def covers(outer: str, inner: str) -> bool:
    """Tell whether the division `outer` holds the division `inner` (or is the same).

    Example:
        `310000` covers `310114`, and `310114` covers `310114102`.
    """
    if len(outer) != COUNTY_LENGTH:
        return inner.startswith(outer)
    if outer.endswith("0000"):
        return inner.startswith(outer[:2])
    if outer.endswith("00"):
        return inner.startswith(outer[:4])
    return inner.startswith(outer)
