"""Mistakes in a letter are put right by a new letter that names it (更正); no letter changes."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from yiwang.cases.models import CaseDocument
from yiwang.cases.policy import letters
from yiwang.cases.policy.states import Step
from yiwang.cases.policy.terms import INTERNAL_LETTERS, DocumentKind
from yiwang.cases.queries import CaseView, case_view
from yiwang.cases.services import kept
from yiwang.cases.services.steps import begin, heading, issue, move, version_of, written
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor


class FixRefusedError(RefusedError):
    """The letter cannot be put right like that."""

    code = "cases.fix_refused"


@transaction.atomic
def fix_document(
    *,
    number: str,
    document_id: int,
    wrong: str,
    right: str,
    reason: str,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> CaseView:
    """Put a mistake in a letter right by a new letter (更正文书).

    Only slips of the pen: what was decided is changed by revocation or a new decision.

    Args:
        number: Case number.
        document_id: The letter with the mistake.
        wrong: Words as they stand in it.
        right: Words as they should read.
        reason: How the mistake came about.
        by: Decides in the deciding department.
        at: Moment of the correction.
        version: Row version `by` saw.

    Raises:
        CaseNotFoundError: no such case for these eyes.
        PermissionRefusedError: `by` may not decide here.
        ConflictRefusedError: somebody acted since `version`.
        FixRefusedError: no letter of the case, the words do not stand in it, or both are the same.
        TextRefusedError: something is missing or too long.
    """
    case, acting = begin(number, Step.FIX_DOCUMENT, by=by, version=version)
    old = CaseDocument.objects.filter(pk=document_id, case=case).first()
    if old is None:
        raise FixRefusedError("没有找到本办件的这份文书，请从办件的文书列表中选择。")
    if old.kind in INTERNAL_LETTERS:
        raise FixRefusedError("内部文书不制发更正通知书；决定书有误的，请更正决定书。")
    wrong, right = written(wrong, "原文"), written(right, "更正为")
    reason = written(reason, "更正的理由")
    if wrong == right:
        raise FixRefusedError("原文和更正后的文字相同，请核对。")
    if not _contains(old.body, wrong):
        raise FixRefusedError("原文不在这份文书中，请照文书逐字填写需要更正的文字。")
    times = CaseDocument.objects.filter(
        case=case, kind=DocumentKind.DOCUMENT_FIX.value, subject__startswith=f"{old.pk}."
    ).count()
    item, seal = version_of(case), kept.department(old.seal_department)
    move(case, Step.FIX_DOCUMENT, acting=acting, by=by, at=at, reason=f"{old.number}：{reason}")
    issue(
        case,
        DocumentKind.DOCUMENT_FIX,
        body=letters.fix_letter(
            heading(case, item, seal.name),
            letter=f"{old.title}（{old.number}）",
            wrong=wrong,
            right=right,
            reason=reason,
        ),
        item=item,
        seal=seal,
        by=by,
        at=at,
        message=f"“{old.title}”（{old.number}）有一处文字更正，见更正通知书。",
        subject=f"{old.pk}.{times + 1}",
    )
    return case_view(case)


def _contains(body: object, words: str) -> bool:
    if isinstance(body, str):
        return words in body
    if isinstance(body, dict):
        return any(_contains(one, words) for one in body.values())
    return isinstance(body, list) and any(_contains(one, words) for one in body)
