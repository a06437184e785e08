"""What applicants are told, and confirm, before their application is taken in (提交前告知).

What that is, packages above say: they register a teller, as gates of the catalogue are registered.
Without one nothing is told and nothing is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from yiwang.cases.policy.answers import kept_answers, plain_answers
from yiwang.cases.policy.commitments import digests
from yiwang.catalogue.policy.items import Answer, ItemVersion
from yiwang.kernel.errors import RefusedError
from yiwang.registers import queries as registers


class NotBriefedError(RefusedError):
    """The applicant did not confirm what they are to be told, or something else."""

    code = "cases.not_briefed"


@dataclass(frozen=True, kw_only=True)
class Briefing:
    """What one applicant is told of one application.

    Attributes:
        paragraphs: The text that is confirmed.
        content: The same, as the package that says it and the pages know it.
    """

    paragraphs: tuple[str, ...]
    content: object

    @property
    def digest(self) -> str:
        """Hash of the text: a confirmation names what was confirmed by it."""
        return digests("\n".join(self.paragraphs)).sha256


@dataclass(frozen=True, kw_only=True)
class SignedText:
    """A text as it was confirmed: who, when, and how they had proved who they are.

    Told by post and not confirmed, it names nobody, and `signed_how` is empty.
    """

    applicant_ref: str
    paragraphs: list[str]
    sha256: str
    sm3: str
    signed_by: str
    signed_by_name: str
    agent: bool
    signed_how: str
    signed_at: datetime


class Teller(Protocol):
    """Says what applicants are told first, and keeps what they confirmed."""

    def tell(
        self,
        *,
        item: ItemVersion,
        answers: Mapping[str, Answer],
        applicant_name: str,
        on: date,
    ) -> Briefing | None:
        """Return what the applicant is to be told; None: nothing."""

    def keep(
        self,
        briefing: Briefing,
        *,
        item: ItemVersion,
        answers: Mapping[str, Answer],
        case_number: str,
        applicant_name: str,
        signed: SignedText,
    ) -> None:
        """Keep what was confirmed, in the transaction of the receipt."""


_tellers: list[Teller] = []


def register(teller: Teller) -> None:
    """Have `teller` asked before each receipt; one at most, a second call changes nothing."""
    if not _tellers:
        _tellers.append(teller)
    elif teller is not _tellers[0]:
        raise ValueError("somebody says already what applicants are told first")


def briefing_of(
    item: ItemVersion, answers: Mapping[str, object], applicant_ref: str, *, on: date
) -> Briefing | None:
    """Return what an applicant is to be told before they hand in; None: nothing.

    Raises:
        RefusedError: an answer it rests on cannot be read; the sentence says what to change.
    """
    if not _tellers:
        return None
    try:
        plain = kept_answers(item, plain_answers(answers))
    except (ValueError, TypeError) as error:
        raise NotBriefedError("填写的内容格式不正确，请刷新表单后重新填写。") from error
    held = registers.prefill(applicant_ref).get(f"{applicant_ref.partition(':')[0]}.name")
    return briefing_for(
        item,
        plain,
        applicant_name=held.value if held else "",
        on=on,
    )


# What follows is shared with the receipt.


def briefing_for(
    item: ItemVersion, answers: Mapping[str, Answer], *, applicant_name: str, on: date
) -> Briefing | None:
    """Return what is to be told, of answers as a case keeps them."""
    for teller in _tellers:
        return teller.tell(item=item, answers=answers, applicant_name=applicant_name, on=on)
    return None


def require_confirmed(briefing: Briefing | None, confirmed: str) -> None:
    """Refuse an application whose applicant did not confirm what they are told.

    Args:
        briefing: What they are told; None: nothing.
        confirmed: Digest of the text that they confirmed; empty: none.

    Raises:
        NotBriefedError: nothing was confirmed, or another text.
    """
    if briefing is None or confirmed == briefing.digest:
        return
    if not confirmed:
        raise NotBriefedError(
            "请先阅读经营范围需要办理的许可，并确认“已知悉，取得许可前不经营”，再提交申请。"
        )
    raise NotBriefedError(
        "确认以后，经营范围或者许可规则有了变化，请重新阅读许可清单并确认，再提交申请。"
    )


def keep_confirmed(
    briefing: Briefing,
    *,
    item: ItemVersion,
    answers: Mapping[str, Answer],
    case_number: str,
    applicant_name: str,
    signed: SignedText,
) -> None:
    """Hand what was confirmed to whoever said it."""
    for teller in _tellers:
        teller.keep(
            briefing,
            item=item,
            answers=answers,
            case_number=case_number,
            applicant_name=applicant_name,
            signed=signed,
        )
