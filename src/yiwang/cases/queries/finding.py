"""One box over every number: what was typed tells by its shape which number it is (编号直达).

Each shape is looked up in its own index; what has no shape of a number is not looked up here. A
case that these eyes may not see is as if it were not there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from yiwang.cases.models import Case, CaseDocument
from yiwang.cases.models.delivering import Dispatch
from yiwang.cases.policy.states import CaseState
from yiwang.cases.queries import staff_may_read
from yiwang.kernel.terms import Term
from yiwang.licences import queries as licences
from yiwang.organisations.permissions import Actor

FOUND_MOST = 20
"""Most cases that one number leads to; a firm with more is found by its list."""

_QUERY_CODE = re.compile(r"[A-Z]{2}\d{6}[0-9A-Z]{2,6}")
_CASE_NUMBER = re.compile(r"[0-9A-Z]{24,45}")
_LETTER = re.compile(r".+〔\d{4}〕\d+号")
_USCC = re.compile(r"[0-9A-HJ-NPQRTUWXY]{18}")
_EXPRESS = re.compile(r"[0-9A-Z]{8,40}")
_LICENCE = re.compile(r"[0-9A-Z][0-9A-Z.\-]{5,119}")


class NumberKind(Term):
    """Which number it was (编号种类)."""

    CASE = "case", "办件编号"
    QUERY_CODE = "query_code", "查询码"
    LETTER = "letter", "文号"
    USCC = "uscc", "统一社会信用代码"
    LICENCE = "licence", "证照编号"
    EXPRESS = "express", "邮件号码"
    TICKET = "ticket", "排队号"
    APPLICANT = "applicant", "申请人证件号码"


@dataclass(frozen=True, kw_only=True)
class NumberFound:
    """One case that a number leads to."""

    kind: NumberKind
    case_number: str
    query_code: str
    item_name: str
    applicant_name: str
    state: CaseState


def by_number(text: str, *, by: Actor) -> tuple[NumberFound, ...]:
    """Return the cases that a whole number leads to, the newest first; at most five queries.

    The number of a citizen is not looked up: that is an act with a purpose
    (`registers.find_person`), and its cases are found by `of_applicant`.

    Args:
        text: As typed or scanned; blanks and small letters do not matter.
        by: A member of staff; sees cases of their departments only.
    """
    plain = "".join(text.split()).upper().replace("[", "〔").replace("]", "〕")
    for kind, shape, look in _ROUTES:
        if shape.fullmatch(plain):
            found = _visible(kind, look(plain), by)
            if found:
                return found
    return ()


def of_applicant(ref: str, *, by: Actor) -> tuple[NumberFound, ...]:
    """Return the newest cases of an applicant that `by` may see; one query."""
    rows = Case.objects.filter(applicant_ref=ref).order_by("-id")[: FOUND_MOST * 5]
    return _visible(NumberKind.APPLICANT, rows, by)


def of_numbers(numbers: Collection[str], kind: NumberKind, *, by: Actor) -> tuple[NumberFound, ...]:
    """Return the cases `numbers`, to which another package was led by a number of its own kind."""
    if not numbers:
        return ()
    return _visible(kind, Case.objects.filter(number__in=numbers).order_by("-id"), by)


def _visible(kind: NumberKind, rows: Iterable[Case], by: Actor) -> tuple[NumberFound, ...]:
    return tuple(
        NumberFound(
            kind=kind,
            case_number=row.number,
            query_code=row.query_code,
            item_name=row.item_name,
            applicant_name=row.applicant_name,
            state=CaseState(row.state),
        )
        for row in rows
        if staff_may_read(row, by)
    )[:FOUND_MOST]


def _by_query_code(text: str) -> Iterable[Case]:
    return Case.objects.filter(query_code=text)


def _by_case_number(text: str) -> Iterable[Case]:
    return Case.objects.filter(number=text)


def _by_letter(text: str) -> Iterable[Case]:
    rows = CaseDocument.objects.filter(number=text).select_related("case")
    return [row.case for row in rows]


def _by_uscc(text: str) -> Iterable[Case]:
    return Case.objects.filter(applicant_ref=f"entity:{text}").order_by("-id")[: FOUND_MOST * 5]


def _by_licence(text: str) -> Iterable[Case]:
    numbers = licences.case_numbers_of(text)
    return Case.objects.filter(number__in=numbers).order_by("-id") if numbers else ()


def _by_express(text: str) -> Iterable[Case]:
    rows = Dispatch.objects.filter(tracking_number=text).select_related("case")
    return list({row.case_id: row.case for row in rows.order_by("-id")[:FOUND_MOST]}.values())


_ROUTES = (
    (NumberKind.QUERY_CODE, _QUERY_CODE, _by_query_code),
    (NumberKind.LETTER, _LETTER, _by_letter),
    (NumberKind.USCC, _USCC, _by_uscc),
    (NumberKind.CASE, _CASE_NUMBER, _by_case_number),
    (NumberKind.LICENCE, _LICENCE, _by_licence),
    (NumberKind.EXPRESS, _EXPRESS, _by_express),
)
"""Kind, shape and look-up, the narrowest shape first."""
