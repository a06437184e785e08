"""One case for one submission, however often it is pressed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from yiwang.audit import services as audit
from yiwang.cases.models import Case
from yiwang.cases.policy.answers import plain_answers
from yiwang.cases.queries import CaseView, case_view
from yiwang.cases.services.drafting import DraftRefusedError
from yiwang.catalogue.policy.items import Answer
from yiwang.kernel.errors import RefusedError
from yiwang.organisations.permissions import Actor

KEY_LENGTH = 80


class SubmissionRefusedError(RefusedError):
    """The application cannot be taken in like that."""

    code = "cases.submission_refused"


KEY_USED = "这个提交编号已用于另一份申请，请刷新表单后重新提交。"


@contextmanager
def one_case_a_key() -> Iterator[None]:
    """Take in at most one case under a key, in one transaction.

    Raises:
        SubmissionRefusedError: the key belongs to another case.
    """
    try:
        with transaction.atomic(), audit.together():
            yield
    except IntegrityError as error:
        if "cases_case_once_per_submission" not in str(error):
            raise
        raise SubmissionRefusedError(KEY_USED) from None


def checked_key(idempotency_key: str) -> str:
    """Return the key of a submission without blanks around it.

    Raises:
        SubmissionRefusedError: it is empty, too long or not printable.
    """
    key = idempotency_key.strip()
    if not key or len(key) > KEY_LENGTH or not key.isprintable():
        raise SubmissionRefusedError(
            f"提交编号应为1至{KEY_LENGTH}个可见字符，请刷新表单后重新提交。"
        )
    return key


def submitted_before(
    by: Actor, key: str, item_slug: str, applicant_ref: str, answers: Mapping[str, object]
) -> CaseView | None:
    """Return the case that `by` handed in under the key, or None.

    Raises:
        SubmissionRefusedError: under the key something else was handed in.
    """
    known = Case.objects.filter(submitted_by=by.ref, idempotency_key=key)
    if not known.exists():  # as nearly always: cheaper than to ask for the whole case
        return None
    row = known.select_related("answer").get()
    same = row.item_slug == item_slug and row.applicant_ref == applicant_ref
    if not (same and _answered_alike(row, answers)):
        raise SubmissionRefusedError(KEY_USED)
    return case_view(row)


def _answered_alike(row: Case, answers: Mapping[str, object]) -> bool:
    """Tell whether nothing else was answered; a masked number stands for the whole one."""
    kept_then = plain_answers(row.answer.answers)
    return all(
        value is None or "*" in str(value) or kept_then.get(name, value) == value
        for name, value in checked_form(answers).items()
    )


def checked_form(answers: Mapping[str, object]) -> dict[str, Answer]:
    """Return answers as they are kept.

    Raises:
        DraftRefusedError: one has a shape that no question takes.
    """
    try:
        return plain_answers(answers)
    except ValueError as error:
        raise DraftRefusedError("填写的内容格式不正确，请刷新表单后重新填写。") from error
