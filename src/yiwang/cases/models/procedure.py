"""Tables of what may happen before a decision: stops, hearing, extension, opinions, checks."""

from __future__ import annotations

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from yiwang.cases.models.shared import (
    CODE_LENGTH,
    NAME_LENGTH,
    REF_LENGTH,
    append_only,
    archived_again,
    choices,
    no_truncate,
    values,
)
from yiwang.cases.policy.procedure import (
    INSPECTIONS,
    LONGEST_EXTENSION_WORKDAYS,
    OFFICERS_SENT,
    ClosedGround,
    HearingEnd,
    HearingOrigin,
    InquiryAnswer,
)
from yiwang.kernel.clocks import StopReason


def _kept() -> list[pgtrigger.Trigger]:
    return [pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete), no_truncate()]


def _fixed_once_ended(field: str) -> pgtrigger.Trigger:
    """Refuse to change a record whose end is written."""
    return pgtrigger.Protect(
        name="fixed_once_ended",
        operation=pgtrigger.Update,
        condition=pgtrigger.Condition(f"OLD.{field} IS NOT NULL"),
    )


class SpecialProcedure(models.Model):
    """A stretch of time that does not count towards the limit (特别程序).

    It cannot stand here without the letter and without its delivery.

    Source:
        行政许可法 第四十五条.
    """

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="special_procedures")
    serial = models.PositiveSmallIntegerField("序号")
    kind = models.CharField("种类", max_length=20, choices=choices(StopReason))
    name = models.CharField("名称", max_length=NAME_LENGTH)
    basis = models.CharField("依据", max_length=NAME_LENGTH)
    reason = models.TextField("理由")
    workdays = models.PositiveSmallIntegerField("告知的用时")
    started_on = models.DateField("开始日期")
    told_until = models.DateField("告知的结束日期")
    started_by = models.CharField("启动人", max_length=REF_LENGTH)
    notice = models.ForeignKey("CaseDocument", on_delete=models.PROTECT, related_name="+")
    delivery = models.ForeignKey("Delivery", on_delete=models.PROTECT, related_name="+")
    ended_on = models.DateField("结束日期", null=True)
    ended_by = models.CharField("结束人", max_length=REF_LENGTH, blank=True)
    result = models.TextField("结果", blank=True)
    result_ref = models.CharField("结果文件", max_length=NAME_LENGTH, blank=True)

    class Meta:
        verbose_name = "特别程序"
        constraints = [
            models.UniqueConstraint(
                name="cases_specialprocedure_serial_once", fields=["case", "serial"]
            ),
            models.UniqueConstraint(
                name="cases_specialprocedure_one_open",
                fields=["case"],
                condition=Q(ended_on__isnull=True),
            ),
            models.CheckConstraint(
                name="cases_specialprocedure_kind_of_the_law",
                condition=Q(kind__in=sorted(set(values(StopReason)) - {StopReason.HEARING.value})),
            ),
            models.CheckConstraint(
                name="cases_specialprocedure_says_why_and_how_long",
                condition=~Q(reason="")
                & ~Q(basis="")
                & Q(workdays__gte=1, told_until__gte=F("started_on")),
            ),
            models.CheckConstraint(
                name="cases_specialprocedure_ends_with_a_result",
                condition=Q(ended_on__isnull=True, ended_by="", result="")
                | (Q(ended_on__gte=F("started_on")) & ~Q(ended_by="") & ~Q(result="")),
            ),
        ]
        triggers = [archived_again(), *_kept(), _fixed_once_ended("ended_on")]

    def __str__(self) -> str:
        return f"{self.name} {self.case_id}"


class Extension(models.Model):
    """A request for more days, and what the head answered (延长期限).

    Source:
        行政许可法 第四十二条.
    """

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="extensions")
    workdays = models.PositiveSmallIntegerField("延长工作日")
    reason = models.TextField("理由")
    joint = models.BooleanField("联合办理")
    asked_by = models.CharField("报请人", max_length=REF_LENGTH)
    asked_by_name = models.CharField("报请人姓名", max_length=NAME_LENGTH)
    asked_at = models.DateTimeField("报请时间")
    approved = models.BooleanField("批准", null=True)
    decided_by = models.CharField("批准人", max_length=REF_LENGTH, blank=True)
    decided_by_name = models.CharField("批准人姓名", max_length=NAME_LENGTH, blank=True)
    decided_at = models.DateTimeField("批准时间", null=True)
    note = models.TextField("批准意见", blank=True)

    class Meta:
        verbose_name = "延长期限"
        constraints = [
            models.UniqueConstraint(
                name="cases_extension_granted_once", fields=["case"], condition=Q(approved=True)
            ),
            models.UniqueConstraint(
                name="cases_extension_one_open",
                fields=["case"],
                condition=Q(approved__isnull=True),
            ),
            models.CheckConstraint(
                name="cases_extension_days_of_the_law",
                condition=Q(workdays__gte=1)
                & (
                    Q(workdays__lte=LONGEST_EXTENSION_WORKDAYS[False])
                    | Q(joint=True, workdays__lte=LONGEST_EXTENSION_WORKDAYS[True])
                ),
            ),
            models.CheckConstraint(name="cases_extension_says_why", condition=~Q(reason="")),
            models.CheckConstraint(
                name="cases_extension_asked_and_decided_by_two",
                condition=Q(approved__isnull=True, decided_by="", decided_at__isnull=True)
                | (
                    Q(approved__isnull=False, decided_at__isnull=False)
                    & ~Q(decided_by="")
                    & ~Q(decided_by=F("asked_by"))
                ),
            ),
        ]
        indexes = [
            models.Index(
                fields=["joint", "id"],
                name="cases_extension_open",
                condition=Q(approved__isnull=True),
            )
        ]
        triggers = [archived_again(), *_kept(), _fixed_once_ended("decided_at")]

    def __str__(self) -> str:
        return f"extension {self.case_id}"


class Hearing(models.Model):
    """The hearing of a case, from telling the right to the signed record (听证).

    Source:
        行政许可法 第四十六条至第四十八条.
    """

    case = models.OneToOneField("Case", on_delete=models.PROTECT, related_name="hearing")
    origin = models.CharField("启动", max_length=12, choices=choices(HearingOrigin))
    reason = models.TextField("听证事项")
    told_on = models.DateField("告知日期")
    told_by = models.CharField("告知人", max_length=REF_LENGTH)
    notice = models.ForeignKey("CaseDocument", on_delete=models.PROTECT, related_name="+")
    delivery = models.ForeignKey("Delivery", on_delete=models.PROTECT, related_name="+")
    request_due_on = models.DateField("要求听证期限", null=True)
    requested_on = models.DateField("要求听证日期", null=True)
    requested_by = models.CharField("要求听证人", max_length=REF_LENGTH, blank=True)
    request_text = models.TextField("要求听证的理由", blank=True)
    hold_due_on = models.DateField("组织听证期限", null=True)
    set_on = models.DateField("通知日期", null=True)
    set_by = models.CharField("通知人", max_length=REF_LENGTH, blank=True)
    held_at = models.DateTimeField("听证时间", null=True)
    place = models.CharField("听证地点", max_length=NAME_LENGTH, blank=True)
    chair = models.CharField("听证主持人", max_length=REF_LENGTH, blank=True)
    chair_name = models.CharField("听证主持人姓名", max_length=NAME_LENGTH, blank=True)
    public = models.BooleanField("公开举行", default=True)
    closed_ground = models.CharField(
        "不公开的情形", max_length=16, blank=True, choices=choices(ClosedGround)
    )
    closed_because = models.TextField("不公开的理由", blank=True)
    moved_from = models.DateTimeField("原定时间", null=True)
    moved_on = models.DateField("更改日期", null=True)
    moved_because = models.TextField("更改的理由", blank=True)
    ended_on = models.DateField("结束日期", null=True)
    ended_by = models.CharField("结束人", max_length=REF_LENGTH, blank=True)
    end = models.CharField("结果", max_length=16, blank=True, choices=choices(HearingEnd))
    record = models.TextField("笔录", blank=True)
    signed_by = ArrayField(
        models.CharField(max_length=NAME_LENGTH), verbose_name="签字人", default=list, blank=True
    )

    class Meta:
        verbose_name = "听证"
        constraints = [
            models.CheckConstraint(
                name="cases_hearing_request_has_day_and_person",
                condition=Q(requested_on__isnull=True, requested_by="", hold_due_on__isnull=True)
                | (Q(requested_on__isnull=False, hold_due_on__isnull=False) & ~Q(requested_by="")),
            ),
            models.CheckConstraint(
                name="cases_hearing_request_in_time",
                condition=Q(request_due_on__isnull=True)
                | Q(requested_on__isnull=True)
                | Q(requested_on__lte=F("request_due_on")),
            ),
            models.CheckConstraint(
                name="cases_hearing_set_with_place_and_chair",
                condition=Q(set_on__isnull=True, held_at__isnull=True, chair="")
                | (
                    Q(set_on__isnull=False, held_at__isnull=False, requested_on__isnull=False)
                    & ~Q(place="")
                    & ~Q(chair="")
                ),
            ),
            models.CheckConstraint(
                name="cases_hearing_is_public_or_says_why_not",
                condition=Q(public=True, closed_ground="", closed_because="")
                | (Q(public=False) & ~Q(closed_because="")),
            ),
            models.CheckConstraint(
                name="cases_hearing_moved_from_a_time_with_a_reason",
                condition=Q(moved_on__isnull=True, moved_from__isnull=True, moved_because="")
                | (Q(moved_on__gte=F("set_on"), moved_from__isnull=False) & ~Q(moved_because="")),
            ),
            models.CheckConstraint(
                name="cases_hearing_chair_is_not_the_reviewer",
                condition=Q(chair="") | (~Q(chair=F("told_by")) & ~Q(chair=F("set_by"))),
            ),
            models.CheckConstraint(
                name="cases_hearing_ends_with_a_result",
                condition=Q(ended_on__isnull=True, ended_by="", end="")
                | (Q(ended_on__gte=F("told_on"), end__in=values(HearingEnd)) & ~Q(ended_by="")),
            ),
            models.CheckConstraint(
                name="cases_hearing_record_is_signed",
                condition=~Q(end=HearingEnd.HELD.value)
                | (Q(held_at__isnull=False, signed_by__len__gte=2) & ~Q(record="")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["-held_at", "-id"],
                name="cases_hearing_announced",
                condition=Q(public=True, held_at__isnull=False),
            ),
        ]
        triggers = [archived_again(), *_kept(), _fixed_once_ended("ended_on")]

    def __str__(self) -> str:
        return f"hearing {self.case_id}"


class DepartmentInquiry(models.Model):
    """The question to one other department and its opinion (征求部门意见); no decision.

    Source:
        行政许可法 第二十六条第二款 (joint and unified handling), 第四十二条第二款.
    """

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="inquiries")
    department = models.CharField("被征求意见的部门", max_length=CODE_LENGTH)
    question = models.TextField("征求意见的内容")
    asked_by = models.CharField("征求人", max_length=REF_LENGTH)
    asked_at = models.DateTimeField("征求时间")
    due_on = models.DateField("反馈期限")
    answer = models.CharField("意见", max_length=12, blank=True, choices=choices(InquiryAnswer))
    opinion = models.TextField("意见内容", blank=True)
    answered_by = models.CharField("反馈人", max_length=REF_LENGTH, blank=True)
    answered_by_name = models.CharField("反馈人姓名", max_length=NAME_LENGTH, blank=True)
    answered_at = models.DateTimeField("反馈时间", null=True)

    class Meta:
        verbose_name = "征求部门意见"
        constraints = [
            models.UniqueConstraint(
                name="cases_departmentinquiry_once_per_department", fields=["case", "department"]
            ),
            models.CheckConstraint(
                name="cases_departmentinquiry_answer_has_person_and_words",
                condition=Q(answered_at__isnull=True, answered_by="", answer="")
                | (
                    Q(answered_at__isnull=False, answer__in=values(InquiryAnswer))
                    & ~Q(answered_by="")
                    & ~Q(opinion="")
                ),
            ),
        ]
        indexes = [
            models.Index(
                fields=["department", "due_on", "id"],
                name="cases_inquiry_waiting",
                condition=Q(answered_at__isnull=True),
            )
        ]
        triggers = [archived_again(), *_kept(), _fixed_once_ended("answered_at")]

    def __str__(self) -> str:
        return f"{self.department} {self.case_id}"


class SiteCheck(models.Model):
    """What two or more officers found on the spot (现场核查).

    Source:
        行政许可法 第三十四条第三款.
    """

    append_only = True

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="site_checks")
    serial = models.PositiveSmallIntegerField("序号")
    checked_on = models.DateField("核查日期")
    place = models.CharField("核查地点", max_length=NAME_LENGTH)
    found = models.TextField("核查情况")
    first_officer = models.CharField("核查人一", max_length=REF_LENGTH)
    second_officer = models.CharField("核查人二", max_length=REF_LENGTH)
    names = ArrayField(models.CharField(max_length=NAME_LENGTH), verbose_name="核查人员")
    witness = models.CharField("在场的申请人一方", max_length=NAME_LENGTH, blank=True)
    by = models.CharField("记录人", max_length=REF_LENGTH)
    at = models.DateTimeField("记录时间")

    class Meta:
        verbose_name = "现场核查"
        constraints = [
            models.UniqueConstraint(name="cases_sitecheck_serial_once", fields=["case", "serial"]),
            models.CheckConstraint(
                name="cases_sitecheck_two_officers",
                condition=~Q(first_officer=F("second_officer"))
                & ~Q(first_officer="")
                & ~Q(second_officer="")
                & Q(names__len__gte=2),
            ),
            models.CheckConstraint(name="cases_sitecheck_says_what", condition=~Q(found="")),
        ]
        triggers = [*append_only(), archived_again()]

    def __str__(self) -> str:
        return f"site check {self.case_id}"


class OfficersSent(models.Model):
    """Which two or more officers were sent to inspect, test or quarantine (指派检验检测人员).

    Source:
        行政许可法 第五十五条第二款.
    """

    append_only = True

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="officers_sent")
    serial = models.PositiveSmallIntegerField("序号")
    kind = models.CharField("用途", max_length=20, choices=choices(StopReason))
    sent_on = models.DateField("指派日期")
    names = ArrayField(models.CharField(max_length=NAME_LENGTH), verbose_name="指派人员")
    by = models.CharField("记录人", max_length=REF_LENGTH)
    at = models.DateTimeField("记录时间")

    class Meta:
        verbose_name = "指派检验检测人员"
        constraints = [
            models.UniqueConstraint(
                name="cases_officerssent_serial_once", fields=["case", "serial"]
            ),
            models.CheckConstraint(
                name="cases_officerssent_two_officers",
                condition=Q(names__len__gte=OFFICERS_SENT)
                & ~Q(names__0=F("names__1"))
                & ~Q(names__contains=[""]),
            ),
            models.CheckConstraint(
                name="cases_officerssent_for_an_inspection",
                condition=Q(kind__in=sorted(one.value for one in INSPECTIONS)),
            ),
        ]
        triggers = [*append_only(), archived_again()]

    def __str__(self) -> str:
        return f"officers sent {self.case_id}"
