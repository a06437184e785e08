"""The district of a pack and its town units (区和街镇)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from yiwang.content.policy.fields import Fields
from yiwang.content.policy.packs import PackError, PackFile
from yiwang.kernel.identifiers import divisions
from yiwang.kernel.terms import Term

_SLUG = re.compile(r"[a-z][a-z0-9-]{1,39}")
_LETTERS = re.compile(r"[A-Z]{2}")


class TownKind(Term):
    """What a town unit is."""

    STREET = "street", "街道"
    TOWN = "town", "镇"
    TOWNSHIP = "township", "乡"
    NEW_AREA = "new_area", "新区"
    ZONE = "zone", "工业区"


@dataclass(frozen=True, kw_only=True)
class TownUnit:
    """A town, street office or zone (街镇)."""

    code: str
    slug: str
    name: str
    kind: TownKind


@dataclass(frozen=True, kw_only=True)
class TrustRules:
    """How far the district trusts who broke a promise (告知承诺和容缺受理的信用约束).

    Attributes:
        tolerance_workdays: Working days to file a tolerated material of which the item says none.
        tolerance_strikes: Broken tolerances within `tolerance_ban_months` after which none follows.
        tolerance_ban_months: Months without tolerance, unless repaired.
        commitment_ban_months: Months without notice and commitment, unless repaired.
        source: What the periods rest on.
    """

    tolerance_workdays: int = 10
    tolerance_strikes: int = 2
    tolerance_ban_months: int = 12
    commitment_ban_months: int = 24
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class CorrectionPeriod:
    """How long applicants of the district have to file a correction (补正期限), from a day on.

    Attributes:
        days: Calendar days after the notice.
        effective_on: First day on which a notice gives this period.
        source: What the period rests on; no law sets it.
    """

    days: int
    effective_on: date
    source: str


NO_PERIOD_WRITTEN = CorrectionPeriod(
    days=30, effective_on=date.min, source="内容包没有写明时的设定值"
)
"""What holds before the first period that the pack writes."""

CORRECTION_DAYS_MOST = 365


@dataclass(frozen=True, kw_only=True)
class District:
    """A district as its pack describes it (区).

    Attributes:
        pack: Pack that describes it.
        code: Division code, six digits.
        name: Official name.
        short_name: Short form, `嘉定`.
        name_en: English name.
        letters: Two capitals with which query codes begin.
        city_code: Division code of the city.
        city_name: Name of the city.
        site_name: Name of the portal.
        site_name_en: English name of the portal.
        organiser: Who runs the portal, for the footer.
        hotline: Number that is answered by people.
        phone: Telephone of the service centre; empty where not known.
        address: Address of the service centre; empty where not known.
        hours: Opening hours of the service centre; empty where not known.
        effective_on: Day from which this holds.
        source: Where the facts come from.
        note: Remark for readers; names what is not verified.
        town_units: In the order of the file.
        trust: What follows broken promises.
        automatic: Choices about automatic handling: `sample_percent`, `people_percent`,
            `sample_percent_of` (by item), `replay_days` and `assessment_months`; empty: as the
            program does by default.
        correction: Periods to file a correction, the older ones kept.
    """

    pack: str
    code: str
    name: str
    short_name: str
    name_en: str
    letters: str
    city_code: str
    city_name: str
    site_name: str
    site_name_en: str
    organiser: str
    hotline: str
    phone: str = ""
    address: str = ""
    hours: str = ""
    effective_on: date
    source: str
    note: str = ""
    town_units: tuple[TownUnit, ...]
    trust: TrustRules = TrustRules()
    automatic: Mapping[str, object] = field(default_factory=dict)
    correction: tuple[CorrectionPeriod, ...] = ()

    def correction_days(self, *, on: date) -> int:
        """Return the calendar days to file a correction of which the applicant is told `on`."""
        begun = [one for one in self.correction if one.effective_on <= on]
        newest = max(begun, key=lambda one: one.effective_on, default=NO_PERIOD_WRITTEN)
        return newest.days

    @property
    def unverified(self) -> bool:
        """Whether the note says that something was written from memory."""
        return "[from memory]" in self.note

    def town(self, key: str) -> TownUnit | None:
        """Return the town unit with that code or slug, or None."""
        return next((town for town in self.town_units if key in {town.code, town.slug}), None)


TEXTS = (
    "code",
    "name",
    "short_name",
    "name_en",
    "letters",
    "city_code",
    "city_name",
    "site_name",
    "site_name_en",
    "organiser",
    "hotline",
)
OPTIONAL_TEXTS = ("phone", "address", "hours", "note")


def parse(file: PackFile) -> tuple[District | None, list[PackError]]:
    """Return the district that `file` holds, or what is wrong with it."""
    errors: list[PackError] = []
    fields = Fields(file, errors)
    texts = {name: fields.text(name, longest=100) for name in TEXTS}
    texts |= {name: fields.text(name, required=False, longest=200) for name in OPTIONAL_TEXTS}
    source = fields.text("source")
    effective_on = fields.day("effective_on", required=False) or file.effective_on
    town_units = _read_town_units(fields, district_code=texts["code"])
    trust = _read_trust(fields)
    automatic = _read_automatic(fields)
    correction = _read_correction(fields)
    fields.done()
    for name in ("code", "city_code"):
        checked = divisions.check(texts[name])
        if texts[name] and (not checked.ok or len(texts[name]) != divisions.COUNTY_LENGTH):
            fields.refuse(
                name,
                f"为“{texts[name]}”，不是6位行政区划代码。",
                checked.message or "应为6位数字，请核对。",
            )
    if texts["letters"] and not _LETTERS.fullmatch(texts["letters"]):
        fields.refuse(
            "letters", f"为“{texts['letters']}”。", "请写两个大写字母，作为查询码的开头。"
        )
    if effective_on is None:
        fields.refuse("effective_on", "没有填写。", "请在本文件或 pack.yaml 中写明生效日期。")
    if errors or effective_on is None:
        return None, errors
    return (
        District(
            pack=file.pack,
            source=source,
            effective_on=effective_on,
            town_units=town_units,
            trust=trust,
            automatic=automatic,
            correction=correction,
            **texts,
        ),
        [],
    )


def _read_trust(fields: Fields) -> TrustRules:
    inner = fields.inner("trust", required=False)
    if inner is None:
        return TrustRules()
    rules = TrustRules(
        tolerance_workdays=inner.whole("tolerance_workdays", least=1, most=60),
        tolerance_strikes=inner.whole("tolerance_strikes", least=1, most=20),
        tolerance_ban_months=inner.whole("tolerance_ban_months", least=1, most=60),
        commitment_ban_months=inner.whole("commitment_ban_months", least=1, most=60),
        source=inner.text("source", longest=400),
    )
    inner.done()
    return rules


def _read_correction(fields: Fields) -> tuple[CorrectionPeriod, ...]:
    """Return the periods to file a correction, each from another day on."""
    periods: list[CorrectionPeriod] = []
    for row in fields.rows("correction", required=False):
        days = row.whole("days", least=1, most=CORRECTION_DAYS_MOST)
        effective_on = row.day("effective_on")
        source = row.text("source", longest=400)
        row.done()
        if effective_on is None:
            continue
        if any(one.effective_on == effective_on for one in periods):
            row.refuse(
                "effective_on",
                f"{effective_on:%Y-%m-%d} 已有一个补正期限。",
                "每个期限写不同的生效日期，旧的期限保留。",
            )
        periods.append(CorrectionPeriod(days=days, effective_on=effective_on, source=source))
    return tuple(periods)


def _read_automatic(fields: Fields) -> dict[str, object]:
    """Return the choices about automatic handling (无人干预自动办理) that are written."""
    inner = fields.inner("automatic", required=False)
    if inner is None:
        return {}
    found: dict[str, object] = {}
    if inner.has("sample_percent"):
        found["sample_percent"] = inner.whole("sample_percent", least=1, most=100)
    if inner.has("people_percent"):
        found["people_percent"] = inner.whole("people_percent", least=1, most=100)
    if inner.has("replay_days"):
        found["replay_days"] = inner.whole("replay_days", least=1, most=366)
    if inner.has("assessment_months"):
        found["assessment_months"] = inner.whole("assessment_months", least=1, most=36)
    shares = {}
    for row in inner.rows("items", required=False):
        shares[row.text("item", longest=80)] = row.whole("sample_percent", least=1, most=100)
        row.done()
    if shares:
        found["sample_percent_of"] = shares
    inner.done()
    return found


def _read_town_units(fields: Fields, *, district_code: str) -> tuple[TownUnit, ...]:
    units: list[TownUnit] = []
    for row in fields.rows("town_units"):
        unit = TownUnit(
            code=row.text("code", longest=9),
            slug=row.text("slug", longest=40),
            name=row.text("name", longest=40),
            kind=TownKind(row.choice("kind", list(TownKind), default=TownKind.TOWN)),
        )
        row.done()
        if unit.code and (
            not divisions.check(unit.code).ok
            or len(unit.code) != divisions.TOWN_LENGTH
            or not unit.code.startswith(district_code)
        ):
            row.refuse(
                "code",
                f"为“{unit.code}”，不是本区街镇的代码。",
                f"应为9位数字，以“{district_code}”开头，请核对。",
            )
        if unit.slug and not _SLUG.fullmatch(unit.slug):
            row.refuse("slug", f"为“{unit.slug}”。", "请写小写字母、数字和连字符，以字母开头。")
        for known in units:
            if unit.code == known.code or unit.slug == known.slug:
                row.refuse(
                    "code" if unit.code == known.code else "slug",
                    f"与“{known.name}”重复。",
                    "代码和英文标识在一个区内各不相同，请核对。",
                )
        units.append(unit)
    return tuple(units)
