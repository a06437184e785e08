"""Tables of cases and of the numbers drawn for them."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Self

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast

from yiwang.cases.models.guards import (
    BY_CLOCK,
    born_received,
    extended_once,
    never_earlier,
    steps_known,
    stopped_for_a_reason,
    way_has_its_record,
)
from yiwang.cases.models.interested import sides_heard
from yiwang.cases.models.on_spot import fixed_on_record
from yiwang.cases.models.sending_back import (
    no_reviewer_decides,
    sent_back_for_a_reason,
    site_was_checked,
)
from yiwang.cases.models.shared import (
    CODE_LENGTH,
    NAME_LENGTH,
    NUMBER_LENGTH,
    REF_LENGTH,
    choices,
    no_truncate,
    values,
)
from yiwang.cases.models.terminating import terminated_on_a_ground
from yiwang.cases.policy.deadlines import PLACE
from yiwang.cases.policy.mailed import NUMBER_LENGTH as MAIL_NUMBER_LENGTH
from yiwang.cases.policy.states import DECIDED, ENDED, FINISHED, RUNNING, STOPPED, CaseState, Way
from yiwang.cases.policy.terms import Outcome
from yiwang.catalogue.policy.items import Audience, Channel
from yiwang.catalogue.policy.towns import TownMode
from yiwang.kernel.row_scope import DEPARTMENTS, IS_ALL, SUBJECTS

SINCE_ACCEPTANCE = frozenset(
    {
        CaseState.ACCEPTED,
        CaseState.REVIEWING,
        CaseState.DECISION_PENDING,
        *STOPPED,
        *DECIDED,
    }
)


class Serial(models.Model):
    """The last number drawn in a scope and period; gaps are allowed, repeats are not."""

    scope = models.CharField("范围", max_length=80)
    period = models.CharField("期间", max_length=8)
    last_number = models.PositiveIntegerField("已用序号")

    class Meta:
        verbose_name = "流水号"
        constraints = [
            models.UniqueConstraint(
                name="cases_serial_once_per_scope_and_period", fields=["scope", "period"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.period} {self.last_number}"


class CaseQuerySet(models.QuerySet["Case"]):
    """Named questions about sets of cases."""

    def running(self) -> Self:
        """Keep cases on which somebody still has something to do."""
        return self.filter(state__in=values(RUNNING))

    def finished(self) -> Self:
        """Keep cases after which nothing follows."""
        return self.filter(state__in=values(FINISHED))

    def late(self, day: date) -> Self:
        """Keep running cases whose current clock ran out before `day`."""
        return self.running().filter(due_on__lt=day)


_ENTERED_ON = Cast(
    Func(
        Value(PLACE.key),
        F("received_at"),
        function="timezone",
        output_field=models.DateTimeField(),
    ),
    models.DateField(),
)
"""Day on which a case was entered, as the clocks of the district count days."""


class Case(models.Model):
    """One application for one item version, from receipt to closure (办件).

    `statutory_on` is the limit of the law, `promised_on` the shorter one of the item; `due_on` is
    the day by which whoever holds the case must act now: notice, correction, decision, delivery.
    People and departments are kept as references; their names are kept as they were at receipt.
    """

    number = models.CharField("办件编号", max_length=NUMBER_LENGTH, unique=True)
    query_code = models.CharField("查询码", max_length=12, unique=True)
    item_slug = models.CharField("事项", max_length=80)
    item_version = models.PositiveIntegerField("事项版本")
    item_name = models.CharField("事项名称", max_length=NAME_LENGTH)
    immediate = models.BooleanField("即办件")
    must_check_site = models.BooleanField("必须现场核查", default=False, db_default=False)
    fixed_answers = models.JSONField("当场更正的内容", default=dict, blank=True, db_default={})

    department_code = models.CharField("主管部门", max_length=CODE_LENGTH)
    deciding_department = models.CharField("审批部门", max_length=CODE_LENGTH)
    intake_department = models.CharField("收件部门", max_length=CODE_LENGTH)
    window = models.CharField("收件窗口", max_length=40, blank=True)
    town = models.CharField("街镇", max_length=CODE_LENGTH, blank=True)
    town_mode = models.CharField(
        "街镇办理方式",
        max_length=12,
        blank=True,
        default="",
        db_default="",
        choices=choices(TownMode),
    )
    accepting_department = models.CharField(
        "受理名义", max_length=CODE_LENGTH, blank=True, default="", db_default=""
    )
    collect_at = models.CharField(
        "领取结果的单位", max_length=CODE_LENGTH, blank=True, default="", db_default=""
    )
    channel = models.CharField("收件渠道", max_length=16, choices=choices(Channel))
    mail_number = models.CharField(
        "邮件号", max_length=MAIL_NUMBER_LENGTH, blank=True, default="", db_default=""
    )

    applicant_ref = models.CharField("申请人", max_length=REF_LENGTH)
    applicant_kind = models.CharField("申请人类型", max_length=16, choices=choices(Audience))
    applicant_name = models.CharField("申请人名称", max_length=NAME_LENGTH)
    applicant_number_masked = models.CharField("证件号码（遮盖）", max_length=40, blank=True)
    phone_masked = models.CharField("联系电话（遮盖）", max_length=20, blank=True)
    submitted_by = models.CharField("提交人", max_length=REF_LENGTH)
    idempotency_key = models.CharField("提交编号", max_length=80)

    state = models.CharField("办件状态", max_length=20, choices=choices(CaseState))
    version = models.PositiveIntegerField("版本", default=1)
    assigned_to = models.CharField("经办人", max_length=REF_LENGTH, blank=True)
    touched_by = models.CharField("最近经办人", max_length=NAME_LENGTH)
    touched_at = models.DateTimeField("最近经办时间")

    received_at = models.DateTimeField("收件时间")
    received_on = models.DateField("收件日期")
    due_on = models.DateField("当前期限", null=True)
    notice_due_on = models.DateField("受理或告知期限")
    corrected_on = models.DateField("补正提交日期", null=True)
    accepted_on = models.DateField("受理日期", null=True)
    accepted_by = models.CharField("受理人", max_length=REF_LENGTH, blank=True)
    deemed = models.BooleanField("逾期未告知视为受理", default=False)
    statutory_on = models.DateField("法定办结日期", null=True)
    promised_on = models.DateField("承诺办结日期", null=True)
    stopped_since = models.DateField("停止计时自", null=True)
    heard_on = models.DateField("听证日期", null=True)
    extended_on = models.DateField("批准延期日期", null=True)
    asked_departments = ArrayField(
        models.CharField(max_length=CODE_LENGTH),
        verbose_name="被征求意见的部门",
        default=list,
        blank=True,
        db_default=[],
    )
    reviewed_by = models.CharField("审查人", max_length=REF_LENGTH, blank=True)
    reviewed_at = models.DateTimeField("审查时间", null=True)
    sent_back = models.BooleanField("退回复审", default=False, db_default=False)
    outcome = models.CharField("决定", max_length=10, blank=True, choices=choices(Outcome))
    way = models.CharField(
        "决定方式", max_length=12, blank=True, default="", db_default="", choices=choices(Way)
    )
    decided_by = models.CharField("决定人", max_length=REF_LENGTH, blank=True)
    decided_at = models.DateTimeField("决定时间", null=True)
    licence_identifier = models.CharField("电子证照标识", max_length=120, blank=True)
    delivery_due_on = models.DateField("送达期限", null=True)
    publicity_due_on = models.DateField("公示期限", null=True)
    closed_at = models.DateTimeField("办结时间", null=True)
    evaluation_until = models.DateField("评价截止", null=True)
    archived_version = models.PositiveIntegerField("归档时的版本", default=0, db_default=0)

    objects: ClassVar[models.Manager[Case]] = CaseQuerySet.as_manager()

    row_security = (
        f"{IS_ALL} OR deciding_department = ANY ({DEPARTMENTS})"
        f" OR intake_department = ANY ({DEPARTMENTS}) OR department_code = ANY ({DEPARTMENTS})"
        f" OR applicant_ref = ANY ({SUBJECTS}) OR asked_departments::text[] && {DEPARTMENTS}"
    )
    """Whom the database shows a case: desks of its departments, of those asked for their opinion,
    and its applicant."""

    class Meta:
        verbose_name = "办件"
        constraints = [
            models.CheckConstraint(
                name="cases_case_state_known", condition=Q(state__in=values(CaseState))
            ),
            models.CheckConstraint(
                name="cases_case_channel_known", condition=Q(channel__in=values(Channel))
            ),
            models.CheckConstraint(
                name="cases_case_only_letters_have_a_mail_number",
                condition=Q(mail_number="") | Q(channel=Channel.LETTER.value),
            ),
            models.CheckConstraint(
                name="cases_case_only_letters_are_entered_later",
                condition=Q(received_on=_ENTERED_ON)
                | Q(channel=Channel.LETTER.value, received_on__lt=_ENTERED_ON),
            ),
            models.CheckConstraint(
                name="cases_case_town_mode_known",
                condition=Q(town_mode="") | Q(town_mode__in=values(TownMode)),
            ),
            models.CheckConstraint(
                name="cases_case_only_direct_is_accepted_in_anothers_name",
                condition=Q(accepting_department="") | Q(town_mode=TownMode.DIRECT.value),
            ),
            models.CheckConstraint(
                name="cases_case_collected_at_a_desk_of_it",
                condition=Q(collect_at="")
                | (
                    ~Q(town_mode="")
                    & (
                        Q(collect_at=F("intake_department"))
                        | Q(collect_at=F("deciding_department"))
                    )
                ),
            ),
            models.CheckConstraint(
                name="cases_case_promise_within_law",
                condition=Q(promised_on__isnull=True) | Q(promised_on__lte=F("statutory_on")),
            ),
            models.CheckConstraint(
                name="cases_case_reviewer_is_not_decider",
                condition=Q(decided_by="")
                | ~Q(decided_by=F("reviewed_by"))
                | Q(way=Way.COMMITMENT.value),
            ),
            models.CheckConstraint(
                name="cases_case_decision_follows_review",
                condition=Q(decided_by="")
                | ~Q(reviewed_by="")
                | Q(way__in=[Way.COMMITMENT.value, Way.AUTOMATIC.value, Way.DEEMED.value]),
            ),
            models.CheckConstraint(
                name="cases_case_jobs_decide_by_rules_alone",
                condition=Q(decided_by="")
                | Q(way__in=BY_CLOCK, decided_by__startswith="job:", outcome="grant")
                | (~Q(way__in=BY_CLOCK) & ~Q(decided_by__startswith="job:")),
            ),
            models.CheckConstraint(
                name="cases_case_only_a_grant_is_ended",
                condition=~Q(state__in=values(ENDED)) | Q(outcome=Outcome.GRANT.value),
            ),
            models.CheckConstraint(
                name="cases_case_stopped_has_day",
                condition=(Q(state__in=values(STOPPED)) & Q(stopped_since__isnull=False))
                | (~Q(state__in=values(STOPPED)) & Q(stopped_since__isnull=True)),
            ),
            models.CheckConstraint(
                name="cases_case_acceptance_has_day_and_person",
                condition=Q(accepted_on__isnull=True, accepted_by="")
                | (Q(accepted_on__isnull=False) & ~Q(accepted_by="")),
            ),
            models.CheckConstraint(
                name="cases_case_review_has_moment_and_person",
                condition=Q(reviewed_at__isnull=True, reviewed_by="")
                | (Q(reviewed_at__isnull=False) & ~Q(reviewed_by="")),
            ),
            models.CheckConstraint(
                name="cases_case_sent_back_waits_for_review",
                condition=Q(sent_back=False) | Q(reviewed_by=""),
            ),
            models.CheckConstraint(
                name="cases_case_decision_has_moment_person_and_outcome",
                condition=Q(decided_at__isnull=True, decided_by="", outcome="")
                | (
                    Q(decided_at__isnull=False) & ~Q(decided_by="") & Q(outcome__in=values(Outcome))
                ),
            ),
            models.CheckConstraint(
                name="cases_case_handling_follows_acceptance",
                condition=~Q(state__in=values(SINCE_ACCEPTANCE)) | Q(accepted_on__isnull=False),
            ),
            models.CheckConstraint(
                name="cases_case_result_follows_decision",
                condition=(Q(state__in=values(DECIDED)) & Q(decided_at__isnull=False))
                | (~Q(state__in=values(DECIDED)) & Q(decided_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="cases_case_finished_has_moment_and_no_clock",
                condition=(
                    Q(state__in=values(FINISHED)) & Q(closed_at__isnull=False, due_on__isnull=True)
                )
                | (~Q(state__in=values(FINISHED)) & Q(closed_at__isnull=True)),
            ),
            models.UniqueConstraint(
                name="cases_case_once_per_submission",
                fields=["submitted_by", "idempotency_key"],
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="cases_case_to_archive",
                condition=Q(closed_at__isnull=False) & ~Q(archived_version=F("version")),
            ),
            models.Index(
                fields=["deciding_department", "due_on", "id"],
                name="cases_case_running_decider",
                condition=Q(state__in=values(RUNNING)),
            ),
            models.Index(
                fields=["intake_department", "due_on", "id"],
                name="cases_case_running_intake",
                condition=Q(state__in=values(RUNNING)),
            ),
            models.Index(
                fields=["deciding_department", "state", "due_on", "id"],
                name="cases_case_tab_decider",
                condition=Q(state__in=values(RUNNING)),
            ),
            models.Index(
                fields=["intake_department", "state", "due_on", "id"],
                name="cases_case_tab_intake",
                condition=Q(state__in=values(RUNNING)),
            ),
            models.Index(
                fields=["deciding_department", "-closed_at", "-id"],
                name="cases_case_finished_decider",
                condition=Q(state__in=values(FINISHED)),
            ),
            models.Index(
                fields=["intake_department", "-closed_at", "-id"],
                name="cases_case_finished_intake",
                condition=Q(state__in=values(FINISHED)),
            ),
            models.Index(fields=["applicant_ref", "-id"], name="cases_case_of_applicant"),
            models.Index(
                fields=["deciding_department", "due_on", "id"],
                name="cases_case_sent_back",
                condition=Q(sent_back=True),
            ),
            models.Index(
                fields=["-decided_at", "-id"],
                name="cases_case_granted",
                condition=Q(outcome=Outcome.GRANT.value),
            ),
        ]
        triggers = [
            steps_known(),
            never_earlier(),
            stopped_for_a_reason(),
            way_has_its_record(),
            terminated_on_a_ground(),
            sides_heard(),
            sent_back_for_a_reason(),
            no_reviewer_decides(),
            site_was_checked(),
            fixed_on_record(),
            extended_once(),
            born_received(),
            pgtrigger.ReadOnly(
                name="identity_fixed",
                fields=[
                    "number",
                    "query_code",
                    "item_slug",
                    "item_version",
                    "immediate",
                    "must_check_site",
                    "applicant_ref",
                    "received_at",
                    "received_on",
                    "channel",
                    "mail_number",
                    "town_mode",
                    "accepting_department",
                ],
            ),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.item_name}"

    @property
    def acceptor(self) -> str:
        """The code of the unit in whose name the application is accepted or not."""
        return self.accepting_department or self.deciding_department

    def answers_now(self) -> dict[str, Any]:
        """Return what was declared, with what was put right on the spot."""
        declared: dict[str, Any] = self.answer.answers
        return {**declared, **self.fixed_answers}
