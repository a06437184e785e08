"""Notice and commitment (告知承诺) and tolerance (容缺受理): who may, what the letters say, dates.

Source:
    上海市优化营商环境条例 第二十四条 (tolerance), 第二十七条 (commitment); 上海市社会信用条例
    第三十条第一项 (no commitment procedure for bad credit), 第三十五条 (at most five years).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from yiwang.cases.policy.deadlines import months_after
from yiwang.cases.policy.letters import chinese_day
from yiwang.catalogue.policy.items import (
    Answer,
    ItemVersion,
    Material,
    Necessity,
    OnCommitment,
    WaiveBy,
    needed,
)
from yiwang.kernel.hashing import sha256, sm3
from yiwang.kernel.terms import Term
from yiwang.kernel.workdays import WorkdayCalendar


class RecordKind(Term):
    """What stands on an applicant's record (信用约束记录)."""

    SERIOUS = "serious", "严重失信"
    BROKEN_COMMITMENT = "broken_commitment", "作出不实承诺或者不履行承诺"
    BROKEN_TOLERANCE = "broken_tolerance", "多次没有按承诺补齐容缺材料"


class SignedBy(Term):
    """How whoever signed had proved who they are (签署时的身份核验)."""

    ACCOUNT = "account", "账号登录"
    SECOND_STEP = "second_step", "账号登录并二次验证"
    TOKEN = "token", "接口令牌"
    WINDOW = "window", "窗口当面核验并书面签署"
    LETTER = "letter", "信函所附纸质件上签名"


ON_PAPER = frozenset({SignedBy.WINDOW, SignedBy.LETTER})
"""Signatures of the applicant on paper, entered by a clerk."""

NOT_SIGNED = ""
"""In place of the above: told by post to whoever applied by letter, signed by nobody yet."""


class CheckState(Term):
    """Where the check of a commitment stands (核查状态)."""

    PENDING = "pending", "待核查"
    ORDERED = "ordered", "责令改正中"
    PASSED = "passed", "核查通过"
    FAILED = "failed", "未通过，拟撤销"
    REVOKED = "revoked", "已撤销"


class CheckOutcome(Term):
    """What a check found (核查结论)."""

    PASS = "pass", "承诺已履行"
    CORRECT = "correct", "责令限期改正"
    REVOKE = "revoke", "不符合条件，提请撤销"


OPEN_CHECKS = frozenset({CheckState.PENDING, CheckState.ORDERED})
"""Somebody still has to check."""

BARS_COMMITMENT = frozenset({RecordKind.SERIOUS, RecordKind.BROKEN_COMMITMENT})
BARS_TOLERANCE = frozenset({RecordKind.SERIOUS, RecordKind.BROKEN_TOLERANCE})


@dataclass(frozen=True, kw_only=True)
class Record:
    """One entry on an applicant's record.

    Attributes:
        until_on: Last day on which it counts; None: until it is repaired.
        repaired_on: Day of the repair, from which it counts no more; None: not repaired.
    """

    kind: RecordKind
    reason: str
    from_on: date
    until_on: date | None
    repaired_on: date | None = None

    def counts(self, on: date) -> bool:
        """Tell whether the entry holds anything against its subject that day."""
        return (
            self.from_on <= on
            and (self.until_on is None or on <= self.until_on)
            and (self.repaired_on is None or on < self.repaired_on)
        )


def barred(records: Sequence[Record], kinds: frozenset[RecordKind], *, on: date) -> str:
    """Return the sentence why a convenience is closed to somebody; empty: it is open.

    Source:
        上海市社会信用条例 第三十二条: the reason is told, and what ends it.
    """
    counting = [one for one in records if one.kind in kinds and one.counts(on)]
    if not counting:
        return ""
    last = max(counting, key=lambda one: (one.until_on is None, one.until_on or on))
    until = f"至{chinese_day(last.until_on)}" if last.until_on else "在信用修复以前"
    return (
        f"有“{last.kind.label}”的记录（{last.reason.rstrip('。')}），{until}不能适用；"
        "信用修复后即可恢复，仍可按一般方式办理。"
    )


def on_commitment(
    version: ItemVersion, answers: dict[str, Answer], when: OnCommitment
) -> tuple[Material, ...]:
    """Return the materials of a case with `answers` that are filed `when` somebody committed."""
    return tuple(one for one in needed(version, answers) if one.on_commitment is when)


def post_check_due_on(*, decided_on: date, months: int) -> date:
    """Return the last day of the check after a decision on commitment (事后核查).

    Example:
        Decided on 2026-12-31, two months: 2027-02-28.
    """
    return months_after(decided_on, months)


def correct_due_on(*, ordered_on: date, days: int) -> date:
    """Return the last day to correct what an order names, in calendar days (责令限期改正)."""
    return ordered_on + timedelta(days=days)


def tolerance_due_on(
    *,
    received_on: date,
    material_days: int,
    default_days: int,
    promised_workdays: int,
    issue_first: bool,
    calendar: WorkdayCalendar,
) -> date:
    """Return the last day to file a tolerated material (容缺补齐期限).

    Where the result waits for the material, the day is never later than the promised one, which
    is counted from an acceptance that cannot be earlier than the receipt.

    Args:
        received_on: Day of receipt; not counted.
        material_days: Working days of the item version; 0: it says none.
        default_days: Working days of the district.
        promised_workdays: The promise of the item.
        issue_first: The result is given before the material is filed.
        calendar: Must cover the result.

    Raises:
        CalendarGapError: the count leaves the years loaded into `calendar`.
    """
    workdays = material_days or default_days
    if not issue_first:
        workdays = min(workdays, promised_workdays)
    return received_on if workdays == 0 else calendar.add_workdays(received_on, workdays)


def tolerable(version: ItemVersion, material: Material) -> bool:
    """Tell whether the item allows a material to be missing at receipt.

    Where the result is given at once and waits for the material there is no time to tolerate it.
    """
    return (
        material.necessity is Necessity.TOLERABLE
        and not material.key
        and (version.tolerance_issue_first or version.limit.promised_workdays > 0)
    )


def certifiable(material: Material) -> bool:
    """Tell whether a written promise may stand in the place of a material (证明事项告知承诺)."""
    return material.waive_by is WaiveBy.COMMITMENT


@dataclass(frozen=True, kw_only=True)
class Digests:
    """Both hashes of a text that was signed."""

    sha256: str
    sm3: str


def digests(text: str) -> Digests:
    """Return the hashes of a text as it was shown, in UTF-8."""
    raw = text.encode()
    return Digests(sha256=sha256(raw), sm3=sm3(raw))


def commitment_paragraphs(
    version: ItemVersion, *, applicant_name: str, answers: dict[str, Answer]
) -> list[str]:
    """Return what the letter of commitment says (告知承诺书).

    Raises:
        ValueError: the item is not handled on commitment.

    Source:
        上海市优化营商环境条例 第二十七条.
    """
    terms = version.commitment_terms
    if terms is None:
        raise ValueError(f"item {version.slug} is not handled on commitment")
    now = on_commitment(version, answers, OnCommitment.NOW)
    later = on_commitment(version, answers, OnCommitment.LATER)
    replaced = on_commitment(version, answers, OnCommitment.REPLACED)
    paragraphs = [
        f"事项：{version.name}（第{version.version}版）。承诺人：{applicant_name}。",
        "一、告知的条件",
        *(
            f"{place}. {one.text}" + (f"（{one.basis}）" if one.basis else "")
            for place, one in enumerate(version.commitment_conditions, start=1)
        ),
        "二、材料",
        f"随申请提交：{_named(now)}。",
    ]
    if later:
        listed = "、".join(f"{one.name}（{one.commitment_days}个工作日内）" for one in later)
        paragraphs.append(f"作出决定后补交：{listed}。")
    if replaced:
        paragraphs.append(f"以本承诺代替，不用提交：{_named(replaced)}。")
    paragraphs += [
        "三、核查和后果",
        f"作出决定后{terms.check_months}个月内以{terms.check_method.label}的方式核查；"
        f"需要改正的，改正期限为{terms.correction_days}天。",
        *terms.consequences,
        "四、承诺",
        "承诺人已经逐条知道以上条件、材料和后果，承诺：已经符合告知的条件，能够在规定的期限内提交"
        "材料，以上是承诺人真实的意思；愿意接受核查，并承担不实承诺、违反承诺的法律责任。",
        "本承诺书" + ("将依法公开。" if terms.publish else "不公开。"),
    ]
    return paragraphs


def tolerance_paragraphs(
    version: ItemVersion, *, applicant_name: str, lines: Sequence[tuple[str, date]]
) -> list[str]:
    """Return what the letter about missing materials says (容缺受理承诺书).

    Args:
        version: The item version.
        applicant_name: Who promises.
        lines: Name of each material and the day by which it is filed.
    """
    after = (
        "材料补齐以前可以先出结果。"
        if version.tolerance_issue_first
        else "材料补齐以前先行受理和审查，补齐以后才出结果。"
    )
    return [
        f"事项：{version.name}（第{version.version}版）。承诺人：{applicant_name}。",
        "以下材料尚未提交，承诺人承诺按期补齐：",
        *(
            f"{place}. {name}，{chinese_day(due_on)}前"
            for place, (name, due_on) in enumerate(lines, start=1)
        ),
        after,
        "逾期没有补齐的，按已有的材料作出决定或者终止办理；多次没有补齐的，记入承诺人的记录，"
        "记录有效期间不再容缺受理。",
    ]


def certificate_paragraphs(
    version: ItemVersion, *, applicant_name: str, statements: Mapping[str, str]
) -> list[str]:
    """Return what the letter says that takes the place of certificates (证明事项告知承诺书).

    Args:
        version: The item version.
        applicant_name: Who promises.
        statements: Id of each material that is replaced, and what the applicant states for it.

    Source:
        上海市优化营商环境条例 第二十九条 (duty, content and liability told once, in writing).
    """
    told = []
    for place, one in enumerate(
        (one for one in version.materials if one.id in statements), start=1
    ):
        basis = f"（{one.basis}）" if one.basis else ""
        told.append(f"{place}. {one.name}{basis}：{one.accept_standard}")
        if stated := " ".join(statements[one.id].split()):
            told.append(f"承诺人说明：{stated}")
    return [
        f"事项：{version.name}（第{version.version}版）。承诺人：{applicant_name}。",
        "一、以下证明由本承诺代替，不用提交：",
        *told,
        "二、承诺",
        "承诺人已经知道以上证明的依据和内容，承诺：以上情况属实，符合要求；愿意配合核查。",
        "三、后果",
        "承诺不实的，依法终止办理、责令限期改正、撤销决定或者给予处罚，并记入信用信息；"
        "有不实承诺记录的，在修复以前不再适用告知承诺。",
    ]


def _named(materials: Sequence[Material]) -> str:
    return "、".join(one.name for one in materials) or "无"


@dataclass(frozen=True, kw_only=True)
class Finding:
    """How a district keeps its promise to check, counted over decisions of a period."""

    due: int
    in_time: int
    failed: int
    passed: int

    @property
    def in_time_pct(self) -> float | None:
        """Share of the checks that were due and were made in time; None: none was due."""
        return 100 * self.in_time / self.due if self.due else None

    @property
    def failed_pct(self) -> float | None:
        """Share of finished checks in which the commitment was not kept; None: none finished."""
        finished = self.failed + self.passed
        return 100 * self.failed / finished if finished else None
