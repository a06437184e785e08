"""Tables of commitments: signed letters, checks afterwards, tolerance, the applicant's record."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from yiwang.cases.models.case import Case
from yiwang.cases.models.drafts import Draft
from yiwang.cases.models.shared import (
    CODE_LENGTH,
    NAME_LENGTH,
    NUMBER_LENGTH,
    REF_LENGTH,
    append_only,
    archived_again,
    choices,
    no_truncate,
    values,
)
from yiwang.cases.policy.commitments import (
    OPEN_CHECKS,
    CheckOutcome,
    CheckState,
    RecordKind,
    SignedBy,
)
from yiwang.catalogue.policy.items import CheckMethod

DIGEST_LENGTH = 64
_OF_CHECK = "(SELECT case_id FROM cases_postcheck WHERE id = NEW.post_check_id)"
_OF_REPORT = (
    "(SELECT c.case_id FROM cases_postcheck AS c JOIN cases_correctionreport AS r"
    " ON r.post_check_id = c.id WHERE r.id = NEW.report_id)"
)


class _Signed(models.Model):
    """A text as it was shown, and who signed it, when and how they had proved who they are."""

    applicant_ref = models.CharField("承诺人", max_length=REF_LENGTH)
    paragraphs = models.JSONField("承诺内容")
    sha256 = models.CharField("SHA-256 摘要", max_length=DIGEST_LENGTH)
    sm3 = models.CharField("SM3 摘要", max_length=DIGEST_LENGTH)
    signed_by = models.CharField("签署人", max_length=REF_LENGTH)
    signed_by_name = models.CharField("签署人姓名", max_length=NAME_LENGTH)
    agent = models.BooleanField("由代理人签署")
    signed_how = models.CharField("身份核验", max_length=12, choices=choices(SignedBy))
    signed_at = models.DateTimeField("签署时间")

    class Meta:
        abstract = True


class Commitment(_Signed):
    """The letter of commitment to the conditions of a licence (告知承诺书).

    It belongs to a draft while the application is filled in, and to the case from then on.
    """

    draft = models.OneToOneField(
        Draft, null=True, on_delete=models.CASCADE, related_name="commitment"
    )
    case = models.OneToOneField(
        Case, null=True, on_delete=models.PROTECT, related_name="commitment"
    )
    item_slug = models.CharField("事项", max_length=80)
    item_version = models.PositiveIntegerField("事项版本")
    confirmed = models.JSONField("逐条确认的条件")
    publish = models.BooleanField("公开承诺书")

    class Meta:
        verbose_name = "告知承诺"
        constraints = [
            models.CheckConstraint(
                name="cases_commitment_of_draft_or_case",
                condition=Q(draft__isnull=False) | Q(case__isnull=False),
            ),
            models.CheckConstraint(
                name="cases_commitment_signed_how_known",
                condition=Q(signed_how__in=values(SignedBy)),
            ),
        ]
        triggers = [
            archived_again(),
            pgtrigger.ReadOnly(name="text_fixed", exclude=["draft", "case"]),
            pgtrigger.Protect(
                name="kept_with_case",
                operation=pgtrigger.Delete,
                condition=pgtrigger.Q(old__case__isnull=False),
            ),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"commitment {self.item_slug} {self.applicant_ref}"


class ToleranceCommitment(_Signed):
    """The letter that promises missing materials (容缺受理承诺书); one per case."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="tolerance")
    materials = models.JSONField("容缺的材料")
    due_on = models.DateField("最后补齐日期")
    reminded = models.JSONField("已提醒", default=list)
    fulfilled_on = models.DateField("补齐日期", null=True)
    broken_on = models.DateField("逾期未补日期", null=True)

    class Meta:
        verbose_name = "容缺受理承诺"
        constraints = [
            models.CheckConstraint(
                name="cases_tolerance_signed_how_known",
                condition=Q(signed_how__in=values(SignedBy)),
            ),
            models.CheckConstraint(
                name="cases_tolerance_broken_after_due",
                condition=Q(broken_on__isnull=True) | Q(broken_on__gt=F("due_on")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_on", "id"],
                name="cases_tolerance_open",
                condition=Q(fulfilled_on__isnull=True, broken_on__isnull=True),
            ),
            models.Index(
                fields=["applicant_ref", "broken_on"],
                name="cases_tolerance_broken_by",
                condition=Q(broken_on__isnull=False),
            ),
        ]
        triggers = [
            archived_again(),
            pgtrigger.ReadOnly(
                name="text_fixed", exclude=["reminded", "fulfilled_on", "broken_on"]
            ),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"tolerance {self.case_id}"


class CertificateCommitment(_Signed):
    """The letter that takes the place of certificates (证明事项告知承诺书); one per case."""

    append_only = True

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="certificates")
    materials = models.JSONField("以承诺代替的证明")

    class Meta:
        verbose_name = "证明事项告知承诺"
        constraints = [
            models.CheckConstraint(
                name="cases_certificate_signed_how_known",
                condition=Q(signed_how__in=values(SignedBy)),
            ),
        ]
        triggers = [*append_only(), archived_again()]

    def __str__(self) -> str:
        return f"certificates {self.case_id}"


class PostCheck(models.Model):
    """The check of a commitment after the decision (告知承诺事后核查); one per case.

    Facts of the case are kept as they were at the decision, since the supervising department need
    not be one that sees the case.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="post_check")
    case_number = models.CharField("办件编号", max_length=NUMBER_LENGTH)
    item_name = models.CharField("事项名称", max_length=NAME_LENGTH)
    applicant_ref = models.CharField("承诺人", max_length=REF_LENGTH)
    applicant_name = models.CharField("承诺人名称", max_length=NAME_LENGTH)
    department_code = models.CharField("核查部门", max_length=CODE_LENGTH)
    deciding_department = models.CharField("审批部门", max_length=CODE_LENGTH)
    method = models.CharField("核查方式", max_length=10, choices=choices(CheckMethod))
    first = models.BooleanField("首次承诺")
    state = models.CharField("核查状态", max_length=10, choices=choices(CheckState))
    decided_on = models.DateField("决定日期")
    check_due_on = models.DateField("核查期限")
    due_on = models.DateField("当前期限")
    checked_on = models.DateField("首次核查日期", null=True)
    closed_on = models.DateField("结束日期", null=True)
    reported_on = models.DateField("最近报告改正日期", null=True)  # until it is answered

    class Meta:
        verbose_name = "事后核查"
        constraints = [
            models.CheckConstraint(
                name="cases_postcheck_state_known", condition=Q(state__in=values(CheckState))
            ),
            models.CheckConstraint(
                name="cases_postcheck_open_or_checked",
                condition=Q(state=CheckState.PENDING.value) | Q(checked_on__isnull=False),
            ),
            models.CheckConstraint(
                name="cases_postcheck_due_after_decision",
                condition=Q(due_on__gte=F("decided_on")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["department_code", "due_on", "id"],
                name="cases_postcheck_open",
                condition=Q(state__in=sorted(one.value for one in OPEN_CHECKS)),
            ),
            models.Index(fields=["decided_on"], name="cases_postcheck_decided"),
            models.Index(fields=["applicant_ref"], name="cases_postcheck_applicant"),
        ]
        triggers = [
            archived_again(),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"post-check {self.case_number}"


class PostCheckResult(models.Model):
    """What one check found (核查记录)."""

    append_only = True

    post_check = models.ForeignKey(PostCheck, on_delete=models.PROTECT, related_name="results")
    outcome = models.CharField("结论", max_length=10, choices=choices(CheckOutcome))
    method = models.CharField("核查方式", max_length=10, choices=choices(CheckMethod))
    facts = models.TextField("查明的事实")
    conditions = models.JSONField("没有履行的条件", default=list)
    upload_refs = models.JSONField("照片和文件", default=list)
    correct_due_on = models.DateField("改正期限", null=True)
    second_officer = models.CharField(
        "另一名核查人员", max_length=NAME_LENGTH, blank=True, default="", db_default=""
    )
    by = models.CharField("核查人", max_length=REF_LENGTH)
    by_name = models.CharField("核查人姓名", max_length=NAME_LENGTH)
    at = models.DateTimeField("核查时间")

    class Meta:
        verbose_name = "核查记录"
        constraints = [
            models.CheckConstraint(name="cases_postcheckresult_says_facts", condition=~Q(facts="")),
            models.CheckConstraint(
                name="cases_postcheckresult_order_has_day",
                condition=(Q(outcome=CheckOutcome.CORRECT.value) & Q(correct_due_on__isnull=False))
                | (~Q(outcome=CheckOutcome.CORRECT.value) & Q(correct_due_on__isnull=True)),
            ),
        ]
        triggers = [*append_only(), archived_again(_OF_CHECK)]

    def __str__(self) -> str:
        return f"{self.outcome} {self.post_check_id}"


class CorrectionReport(models.Model):
    """What the holder says they corrected after an order (报告改正情况); the check follows it."""

    append_only = True

    post_check = models.ForeignKey(PostCheck, on_delete=models.PROTECT, related_name="reports")
    text = models.TextField("改正情况")
    upload_refs = models.JSONField("照片和文件", default=list)
    by = models.CharField("报告人", max_length=REF_LENGTH)
    by_name = models.CharField("报告人姓名", max_length=NAME_LENGTH)
    at = models.DateTimeField("报告时间")

    class Meta:
        verbose_name = "改正报告"
        constraints = [
            models.CheckConstraint(name="cases_correctionreport_says", condition=~Q(text="")),
        ]
        triggers = [*append_only(), archived_again(_OF_CHECK)]

    def __str__(self) -> str:
        return f"report {self.post_check_id}"


class ReportReply(models.Model):
    """Why a report on an order to correct is not enough yet (答复改正报告)."""

    append_only = True

    report = models.OneToOneField(CorrectionReport, on_delete=models.PROTECT, related_name="reply")
    text = models.TextField("答复")
    by = models.CharField("答复人", max_length=REF_LENGTH)
    by_name = models.CharField("答复人姓名", max_length=NAME_LENGTH)
    at = models.DateTimeField("答复时间")

    class Meta:
        verbose_name = "改正报告的答复"
        constraints = [
            models.CheckConstraint(name="cases_reportreply_says", condition=~Q(text="")),
        ]
        triggers = [*append_only(), archived_again(_OF_REPORT)]

    def __str__(self) -> str:
        return f"reply {self.report_id}"


class ApplicantRecord(models.Model):
    """What keeps an applicant from commitment or tolerance for a time (信用约束记录)."""

    applicant_ref = models.CharField("申请人", max_length=REF_LENGTH)
    kind = models.CharField("种类", max_length=20, choices=choices(RecordKind))
    case_number = models.CharField("办件编号", max_length=NUMBER_LENGTH, blank=True)
    reason = models.TextField("事由")
    basis = models.TextField("依据")
    department_code = models.CharField("认定部门", max_length=CODE_LENGTH, blank=True)
    from_on = models.DateField("自")
    until_on = models.DateField("至", null=True)
    noted_by = models.CharField("记入人", max_length=REF_LENGTH)
    noted_at = models.DateTimeField("记入时间")
    repaired_on = models.DateField("修复日期", null=True)
    repaired_by = models.CharField("修复认定人", max_length=REF_LENGTH, blank=True)
    repair_reason = models.TextField("修复理由", blank=True)

    class Meta:
        verbose_name = "信用约束记录"
        constraints = [
            models.CheckConstraint(
                name="cases_applicantrecord_kind_known", condition=Q(kind__in=values(RecordKind))
            ),
            models.CheckConstraint(
                name="cases_applicantrecord_says_why", condition=~Q(reason="") & ~Q(basis="")
            ),
            models.CheckConstraint(
                name="cases_applicantrecord_runs_forward",
                condition=Q(until_on__isnull=True) | Q(until_on__gte=F("from_on")),
            ),
            models.CheckConstraint(
                name="cases_applicantrecord_repair_has_person_and_reason",
                condition=Q(repaired_on__isnull=True, repaired_by="", repair_reason="")
                | (Q(repaired_on__isnull=False) & ~Q(repaired_by="") & ~Q(repair_reason="")),
            ),
            models.UniqueConstraint(
                name="cases_applicantrecord_once_per_case",
                fields=["case_number", "kind"],
                condition=~Q(case_number=""),
            ),
        ]
        indexes = [models.Index(fields=["applicant_ref", "-from_on"], name="cases_record_of")]
        triggers = [
            pgtrigger.ReadOnly(
                name="text_fixed", exclude=["repaired_on", "repaired_by", "repair_reason"]
            ),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.applicant_ref}"
