"""Tables of drafts, cases, their files, letters, deliveries and messages."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Self

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Cast

from yiwang.cases.models.asking import CaseAsked as CaseAsked
from yiwang.cases.models.assisting import CaseAssistance as CaseAssistance
from yiwang.cases.models.bans import Ban as Ban
from yiwang.cases.models.declining import DeclineProposal as DeclineProposal
from yiwang.cases.models.declining import TurnedAway as TurnedAway
from yiwang.cases.models.delivering import Dispatch as Dispatch
from yiwang.cases.models.delivering import LetterReading as LetterReading
from yiwang.cases.models.ending import EndProposal as EndProposal
from yiwang.cases.models.interested import InterestedPerson as InterestedPerson
from yiwang.cases.models.interested import PartyViews as PartyViews
from yiwang.cases.models.interested import sides_heard
from yiwang.cases.models.measures import CaseMeasure as CaseMeasure
from yiwang.cases.models.on_spot import SpotFix as SpotFix
from yiwang.cases.models.on_spot import fixed_on_record
from yiwang.cases.models.posting import Posting as Posting
from yiwang.cases.models.prechecks import UploadCheck as UploadCheck
from yiwang.cases.models.procedure import (
    DepartmentInquiry,
    Extension,
    Hearing,
    OfficersSent,
    SiteCheck,
    SpecialProcedure,
)
from yiwang.cases.models.renewing import Renewal as Renewal
from yiwang.cases.models.sending_back import SentBack as SentBack
from yiwang.cases.models.sending_back import (
    no_reviewer_decides,
    one_open_opinion,
    sent_back_for_a_reason,
    site_was_checked,
)
from yiwang.cases.models.shared import (
    CODE_LENGTH,
    NAME_LENGTH,
    NUMBER_LENGTH,
    REF_LENGTH,
    append_only,
    archived_again,
    choices,
    no_truncate,
    not_internal,
    values,
)
from yiwang.cases.models.terminating import Termination as Termination
from yiwang.cases.models.terminating import terminated_on_a_ground
from yiwang.cases.models.visiting import ContactChange as ContactChange
from yiwang.cases.models.visiting import MaterialWithdrawal as MaterialWithdrawal
from yiwang.cases.models.visiting import WindowVisit as WindowVisit
from yiwang.cases.policy.deadlines import CLOCKS_DIFFER, PLACE
from yiwang.cases.policy.mailed import NUMBER_LENGTH as MAIL_NUMBER_LENGTH
from yiwang.cases.policy.states import (
    DECIDED,
    ENDED,
    FINISHED,
    RUNNING,
    STOPPED,
    CaseState,
    Step,
    Way,
    pairs,
    triples,
)
from yiwang.cases.policy.terms import (
    ClockKind,
    DeliveryChannel,
    DocumentKind,
    MaterialState,
    Outcome,
    PaperForm,
    Relation,
)
from yiwang.catalogue.policy.items import Audience, Channel
from yiwang.catalogue.policy.towns import TownMode
from yiwang.kernel.row_scope import DEPARTMENTS, IS_ALL, SUBJECTS

__all__ = [
    "Case",
    "CaseAnswer",
    "CaseClock",
    "CaseDocument",
    "CaseEvent",
    "CaseMaterial",
    "Correction",
    "CorrectionItem",
    "Delivery",
    "DepartmentInquiry",
    "Draft",
    "DraftUpload",
    "Extension",
    "Hearing",
    "Message",
    "OfficersSent",
    "Opinion",
    "Serial",
    "SiteCheck",
    "SpecialProcedure",
]

BY_CLOCK = [Way.AUTOMATIC.value, Way.DEEMED.value]
"""Ways of deciding in which no person decides."""

SINCE_ACCEPTANCE = frozenset(
    {
        CaseState.ACCEPTED,
        CaseState.REVIEWING,
        CaseState.DECISION_PENDING,
        *STOPPED,
        *DECIDED,
    }
)


def _steps_known() -> pgtrigger.Trigger:
    """Refuse, in the database, every change of state that the table of steps does not hold.

    The pairs stand in the condition, so that an allowed step costs no call of a function.
    """
    always = ", ".join(f"'{start}>{end}'" for start, end, ways in pairs() if not ways)
    gates = {Way.ON_SPOT: "NEW.immediate"}
    narrow = "".join(
        f" AND NOT ({gates.get(way, f'NEW.way = {chr(39)}{way.value}{chr(39)}')}"
        f" AND OLD.state || '>' || NEW.state IN ({', '.join(listed)}))"
        for way in Way
        if (listed := [f"'{start}>{end}'" for start, end, ways in pairs() if way.value in ways])
    )
    return pgtrigger.Trigger(
        name="step_known",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),  # type: ignore[no-untyped-call]  # no types
        condition=pgtrigger.Condition(
            "OLD.state IS DISTINCT FROM NEW.state"
            f" AND OLD.state || '>' || NEW.state NOT IN ({always})" + narrow
        ),
        func="""
            RAISE EXCEPTION 'cases_case_step_known: no step leads from % to %',
                OLD.state, NEW.state USING ERRCODE = 'check_violation';
        """,
    )


def _never_earlier() -> pgtrigger.Trigger:
    """Refuse an act that is dated before the last one, but for what clocks of servers differ."""
    return pgtrigger.Trigger(
        name="never_earlier",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("touched_at"),  # type: ignore[no-untyped-call]  # no types
        condition=pgtrigger.Condition(
            f"NEW.touched_at < OLD.touched_at - interval '{CLOCKS_DIFFER.seconds} seconds'"
        ),
        func="""
            RAISE EXCEPTION 'cases_case_never_earlier: % after %',
                NEW.touched_at, OLD.touched_at USING ERRCODE = 'check_violation';
        """,
    )


def _stopped_for_a_reason() -> pgtrigger.Trigger:
    """Stop the limit only together with the record of why, and start it only once that is over.

    The record names the letter and its delivery, so no limit stops behind the applicant's back.
    """
    return pgtrigger.Trigger(
        name="stopped_for_a_reason",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),  # type: ignore[no-untyped-call]  # no types
        condition=pgtrigger.Condition(
            "OLD.state IS DISTINCT FROM NEW.state AND"
            " (NEW.state IN ('special', 'hearing') OR OLD.state IN ('special', 'hearing'))"
        ),
        func="""
            IF NEW.state = 'special' AND NOT EXISTS (
                SELECT FROM cases_specialprocedure
                WHERE case_id = NEW.id AND ended_on IS NULL
            ) OR NEW.state = 'hearing' AND NOT EXISTS (
                SELECT FROM cases_hearing WHERE case_id = NEW.id AND ended_on IS NULL
            ) THEN
                RAISE EXCEPTION 'cases_case_stopped_for_a_reason: no notice was sent for %',
                    NEW.state USING ERRCODE = 'check_violation';
            END IF;
            IF OLD.state = 'special' AND EXISTS (
                SELECT FROM cases_specialprocedure
                WHERE case_id = NEW.id AND ended_on IS NULL
            ) OR OLD.state = 'hearing' AND EXISTS (
                SELECT FROM cases_hearing WHERE case_id = NEW.id AND ended_on IS NULL
            ) THEN
                RAISE EXCEPTION 'cases_case_stopped_for_a_reason: % has no result yet',
                    OLD.state USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def _way_has_its_record() -> pgtrigger.Trigger:
    """Refuse a grant that nobody reviewed without the record that stands in for the review.

    On commitment it is the signed letter, by silence the request for renewal made in time; an
    automatic grant has its run, see `_rules_granted`.
    """
    return pgtrigger.Trigger(
        name="way_has_its_record",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),  # type: ignore[no-untyped-call]  # no types
        condition=pgtrigger.Condition(
            f"OLD.state <> NEW.state AND NEW.state = '{CaseState.APPROVED.value}'"
            f" AND NEW.way IN ('{Way.COMMITMENT.value}', '{Way.DEEMED.value}')"
        ),
        func="""
            IF NEW.way = 'commitment' AND NOT EXISTS (
                SELECT FROM cases_commitment WHERE case_id = NEW.id
            ) OR NEW.way = 'deemed' AND NOT EXISTS (
                SELECT FROM cases_renewal WHERE case_id = NEW.id AND deemed_on IS NOT NULL
            ) THEN
                RAISE EXCEPTION 'cases_case_way_has_its_record: nothing stands behind %',
                    NEW.way USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def _extended_once() -> pgtrigger.Trigger:
    """Extend a limit once, and only on the approval that stands in the table of extensions."""
    return pgtrigger.Trigger(
        name="extended_once",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("extended_on"),  # type: ignore[no-untyped-call]  # no types
        condition=pgtrigger.Condition("OLD.extended_on IS DISTINCT FROM NEW.extended_on"),
        func="""
            IF OLD.extended_on IS NOT NULL OR NOT EXISTS (
                SELECT FROM cases_extension WHERE case_id = NEW.id AND approved
            ) THEN
                RAISE EXCEPTION 'cases_case_extended_once: extended already, or not approved'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def _born_received() -> pgtrigger.Trigger:
    return pgtrigger.Trigger(
        name="born_received",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition(f"NEW.state <> '{CaseState.RECEIVED.value}'"),
        func="""
            RAISE EXCEPTION 'cases_case_born_received: a case begins as received, not %',
                NEW.state USING ERRCODE = 'check_violation';
        """,
    )


def _not_by_the_chair() -> pgtrigger.Trigger:
    """Refuse the opinion of whoever chaired the hearing. 行政许可法 第四十八条第一款第三项."""
    return pgtrigger.Trigger(
        name="not_by_the_chair",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        func="""
            IF EXISTS (
                SELECT FROM cases_hearing WHERE case_id = NEW.case_id AND chair = NEW."by"
            ) THEN
                RAISE EXCEPTION 'cases_opinion_not_by_the_chair: the chair is not the reviewer'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def _rules_granted() -> pgtrigger.Trigger:
    """Refuse, in the database, an automatic grant without a run of the rules that granted."""
    return pgtrigger.Trigger(
        name="rules_granted",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition(f"NEW.step = '{Step.GRANT_AUTOMATIC.value}'"),
        func="""
            IF NEW.actor NOT LIKE 'job:%' OR NOT EXISTS (
                SELECT 1 FROM cases_autorun
                WHERE case_id = NEW.case_id AND outcome = 'grant'
            ) THEN
                RAISE EXCEPTION 'cases_caseevent_rules_granted: no run of rules passed for case %',
                    NEW.case_id USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


def _step_on_the_table() -> pgtrigger.Trigger:
    """Refuse an event of a step that does not start there or does not lead there.

    Steps that leave the state alone change no row of a case, so its own trigger does not see them.
    """
    listed = ", ".join(f"'{step}:{start}>{end}'" for step, start, end in triples())
    return pgtrigger.Trigger(
        name="step_on_the_table",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition(
            f"NEW.step || ':' || NEW.from_state || '>' || NEW.to_state NOT IN ({listed})"
        ),
        func="""
            RAISE EXCEPTION 'cases_caseevent_step_on_the_table: % leads not from "%" to "%"',
                NEW.step, NEW.from_state, NEW.to_state USING ERRCODE = 'check_violation';
        """,
    )


AT_WINDOW = (Step.FIX_ON_SPOT, Step.WITHDRAW, Step.WITHDRAW_MATERIAL, Step.CHANGE_CONTACT)
"""What the applicant does, or staff for somebody whom they saw."""


def _seen_at_the_window() -> pgtrigger.Trigger:
    """Refuse what staff do for an applicant without the record of who stood at the window."""
    steps = ", ".join(f"'{one.value}'" for one in AT_WINDOW)
    return pgtrigger.Trigger(
        name="seen_at_the_window",
        when=pgtrigger.Before,
        operation=pgtrigger.Insert,
        condition=pgtrigger.Condition(f"NEW.step IN ({steps}) AND NEW.post <> ''"),
        func="""
            IF NOT EXISTS (
                SELECT FROM cases_windowvisit
                WHERE case_id = NEW.case_id AND act = NEW.step AND at = NEW.at
            ) THEN
                RAISE EXCEPTION 'cases_caseevent_seen_at_the_window: nobody was seen for %',
                    NEW.step USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,
    )


class Draft(models.Model):
    """An application being filled in (草稿); kept DRAFT_DAYS after the last change."""

    applicant_ref = models.CharField("申请人", max_length=REF_LENGTH)
    saved_by = models.CharField("填写人", max_length=REF_LENGTH)
    item_slug = models.SlugField("事项", max_length=80, db_index=False)
    item_version = models.PositiveIntegerField("事项版本")
    answers = models.JSONField("填写内容", default=dict)
    saved_at = models.DateTimeField("暂存时间")
    expires_on = models.DateField("保留至")
    submitted_case = models.OneToOneField(
        "Case",
        verbose_name="提交后的办件",
        null=True,
        on_delete=models.PROTECT,
        related_name="draft",
    )

    class Meta:
        verbose_name = "草稿"
        indexes = [
            models.Index(fields=["applicant_ref", "-saved_at"], name="cases_draft_of_applicant"),
            models.Index(
                fields=["expires_on"],
                name="cases_draft_expiring",
                condition=Q(submitted_case__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_slug} {self.applicant_ref}"


class DraftUpload(models.Model):
    """A file put beside one material of a draft (草稿材料)."""

    draft = models.ForeignKey(Draft, on_delete=models.CASCADE, related_name="uploads")
    material_id = models.CharField("材料", max_length=80)
    upload_ref = models.CharField("文件", max_length=REF_LENGTH)
    attached_at = models.DateTimeField("上传时间")

    class Meta:
        verbose_name = "草稿材料"
        constraints = [
            models.UniqueConstraint(
                name="cases_draftupload_once_per_draft", fields=["draft", "upload_ref"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.material_id} {self.upload_ref}"


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
            _steps_known(),
            _never_earlier(),
            _stopped_for_a_reason(),
            _way_has_its_record(),
            terminated_on_a_ground(),
            sides_heard(),
            sent_back_for_a_reason(),
            no_reviewer_decides(),
            site_was_checked(),
            fixed_on_record(),
            _extended_once(),
            _born_received(),
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


class CaseClock(models.Model):
    """A clock of a case that is none of its columns (期限).

    The columns of the case hold the clocks of the ordinary course; of those a row stands here
    only once it was missed, to keep that the miss was reported.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="clocks")
    kind = models.CharField("期限种类", max_length=24, choices=choices(ClockKind))
    subject = models.CharField("所关", max_length=REF_LENGTH, blank=True)
    starts_on = models.DateField("起算日期")
    workdays = models.PositiveSmallIntegerField("工作日", null=True)
    due_on = models.DateField("到期日期", null=True)
    stopped_since = models.DateField("停止计时自", null=True)
    met_on = models.DateField("完成日期", null=True)
    missed_reported_at = models.DateTimeField("超期报告时间", null=True)

    class Meta:
        verbose_name = "期限"
        constraints = [
            models.UniqueConstraint(
                name="cases_caseclock_once_per_kind_and_subject",
                fields=["case", "kind", "subject"],
            ),
            models.CheckConstraint(
                name="cases_caseclock_kind_known", condition=Q(kind__in=values(ClockKind))
            ),
            models.CheckConstraint(
                name="cases_caseclock_due_unless_stopped",
                condition=Q(due_on__isnull=False, stopped_since__isnull=True)
                | Q(due_on__isnull=True, stopped_since__isnull=False),
            ),
            models.CheckConstraint(
                name="cases_caseclock_runs_forward",
                condition=(Q(due_on__isnull=True) | Q(due_on__gte=F("starts_on")))
                & (Q(met_on__isnull=True) | Q(met_on__gte=F("starts_on"))),
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"],
                name="cases_caseclock_missed",
                condition=Q(met_on__isnull=True, missed_reported_at__isnull=False),
            ),
            models.Index(
                fields=["due_on", "id"],
                name="cases_caseclock_running",
                condition=Q(met_on__isnull=True, missed_reported_at__isnull=True),
            ),
        ]
        triggers = [archived_again()]

    def __str__(self) -> str:
        return f"{self.kind} {self.case_id}"


class CaseAnswer(models.Model):
    """What the applicant declared, frozen with the item version (申请内容)."""

    append_only = True

    case = models.OneToOneField(
        Case, primary_key=True, on_delete=models.PROTECT, related_name="answer"
    )
    answers = models.JSONField("申请内容")
    declaration = models.TextField("声明", blank=True)

    class Meta:
        verbose_name = "申请内容"
        triggers = [*append_only(), archived_again()]

    def __str__(self) -> str:
        return f"answers {self.case_id}"


class CaseMaterial(models.Model):
    """One material of the case: waived, filed, tolerated or missing (办件材料)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="materials")
    material_id = models.CharField("材料", max_length=80)
    name = models.CharField("材料名称", max_length=NAME_LENGTH)
    state = models.CharField("状态", max_length=12, choices=choices(MaterialState))
    upload_refs = models.JSONField("文件", default=list)
    source = models.CharField("来源", max_length=NAME_LENGTH, blank=True)
    taken_as = models.CharField(
        "收取形式",
        max_length=12,
        blank=True,
        default="",
        db_default="",
        choices=choices(PaperForm),
    )
    due_on = models.DateField("后补期限", null=True)
    checked_by = models.CharField("核对人", max_length=REF_LENGTH, blank=True)
    checked_at = models.DateTimeField("核对时间", null=True)

    class Meta:
        verbose_name = "办件材料"
        constraints = [
            models.UniqueConstraint(
                name="cases_casematerial_once_per_case", fields=["case", "material_id"]
            ),
            models.CheckConstraint(
                name="cases_casematerial_state_known",
                condition=Q(state__in=values(MaterialState)),
            ),
            models.CheckConstraint(
                name="cases_casematerial_tolerated_has_day",
                condition=~Q(state=MaterialState.TOLERATED.value) | Q(due_on__isnull=False),
            ),
            models.CheckConstraint(
                name="cases_casematerial_form_known",
                condition=Q(taken_as="") | Q(taken_as__in=values(PaperForm)),
            ),
            models.CheckConstraint(
                name="cases_casematerial_withdrawn_is_not_there",
                condition=~Q(state=MaterialState.WITHDRAWN.value)
                | Q(taken_as="", checked_by="", due_on__isnull=True),
            ),
            models.CheckConstraint(
                name="cases_casematerial_check_has_moment_and_person",
                condition=Q(checked_at__isnull=True, checked_by="")
                | (Q(checked_at__isnull=False) & ~Q(checked_by="")),
            ),
        ]
        triggers = [archived_again()]

    def __str__(self) -> str:
        return f"{self.name} {self.state}"


class CaseEvent(models.Model):
    """One step of one case: who, from which post, when, from where to where, why (办理记录)."""

    append_only = True

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="events")
    step = models.CharField("动作", max_length=20, choices=choices(Step))
    from_state = models.CharField("原状态", max_length=20, blank=True)
    to_state = models.CharField("现状态", max_length=20, choices=choices(CaseState))
    at = models.DateTimeField("时间")
    actor = models.CharField("办理人", max_length=REF_LENGTH)
    actor_name = models.CharField("办理人姓名", max_length=NAME_LENGTH)
    post = models.CharField("岗位", max_length=32, blank=True)
    department = models.CharField("部门", max_length=CODE_LENGTH, blank=True)
    reason = models.TextField("理由", blank=True)
    basis = models.TextField("依据", blank=True)

    class Meta:
        verbose_name = "办理记录"
        constraints = [
            models.CheckConstraint(
                name="cases_caseevent_step_known", condition=Q(step__in=values(Step))
            ),
            models.CheckConstraint(
                name="cases_caseevent_post_has_department",
                condition=Q(post="") | ~Q(department=""),
            ),
        ]
        triggers = [
            *append_only(),
            _rules_granted(),
            _seen_at_the_window(),
            _step_on_the_table(),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.step}"


class Correction(models.Model):
    """The one request to complete the application (一次性补正); a case has at most one.

    Source:
        行政许可法 第三十二条第一款第四项, 第七十二条第四项.
    """

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="correction")
    asked_by = models.CharField("告知人", max_length=REF_LENGTH)
    asked_at = models.DateTimeField("告知时间")
    due_on = models.DateField("补正期限")
    filed_by = models.CharField("补正提交人", max_length=REF_LENGTH, blank=True)
    filed_at = models.DateTimeField("补正提交时间", null=True)

    class Meta:
        verbose_name = "补正"
        constraints = [
            models.CheckConstraint(
                name="cases_correction_filing_has_moment_and_person",
                condition=Q(filed_at__isnull=True, filed_by="")
                | (Q(filed_at__isnull=False) & ~Q(filed_by="")),
            )
        ]
        triggers = [archived_again()]

    def __str__(self) -> str:
        return f"correction {self.case_id}"


class CorrectionItem(models.Model):
    """One thing to complete: what, why, and an example (补正内容)."""

    correction = models.ForeignKey(Correction, on_delete=models.PROTECT, related_name="lines")
    material_id = models.CharField("材料", max_length=80, blank=True)
    what = models.TextField("补正内容")
    why = models.TextField("补正理由")
    example = models.TextField("示例", blank=True)
    upload_refs = models.JSONField("文件", default=list)
    answer = models.TextField("说明", blank=True)

    class Meta:
        verbose_name = "补正内容"
        constraints = [
            models.CheckConstraint(
                name="cases_correctionitem_says_what_and_why",
                condition=~Q(what="") & ~Q(why=""),
            )
        ]
        triggers = [
            archived_again("(SELECT case_id FROM cases_correction WHERE id = NEW.correction_id)")
        ]

    def __str__(self) -> str:
        return self.what


class Opinion(models.Model):
    """What the reviewer proposes (审查意见); internal. One stands; those sent back are kept."""

    append_only = True

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="opinions")
    outcome = models.CharField("意见", max_length=10, choices=choices(Outcome))
    text = models.TextField("审查意见")
    by = models.CharField("审查人", max_length=REF_LENGTH)
    by_name = models.CharField("审查人姓名", max_length=NAME_LENGTH)
    at = models.DateTimeField("审查时间")

    class Meta:
        verbose_name = "审查意见"
        constraints = [
            models.CheckConstraint(
                name="cases_opinion_says_something",
                condition=~Q(text="") & Q(outcome__in=values(Outcome)),
            ),
        ]
        triggers = [archived_again(), *append_only(), _not_by_the_chair(), one_open_opinion()]

    def __str__(self) -> str:
        return f"{self.outcome} {self.case_id}"


class CaseDocument(models.Model):
    """A letter or record with number, body and, once made, its sealed file (办件文书)."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="documents")
    kind = models.CharField("文书种类", max_length=32, choices=choices(DocumentKind))
    subject = models.CharField(
        "文书所关", max_length=REF_LENGTH, blank=True, default="", db_default=""
    )
    number = models.CharField("文号", max_length=80, unique=True)
    title = models.CharField("标题", max_length=NAME_LENGTH)
    body = models.JSONField("内容")
    seal_department = models.CharField("用章部门", max_length=CODE_LENGTH)
    issued_by = models.CharField("制发人", max_length=REF_LENGTH)
    issued_at = models.DateTimeField("制发时间")
    file_sha256 = models.CharField("文件摘要", max_length=64, null=True)

    class Meta:
        verbose_name = "办件文书"
        constraints = [
            models.UniqueConstraint(
                name="cases_casedocument_once_per_kind_and_subject",
                fields=["case", "kind", "subject"],
            ),
            models.CheckConstraint(
                name="cases_casedocument_kind_known",
                condition=Q(kind__in=values(DocumentKind)),
            ),
        ]
        indexes = [
            models.Index(fields=["seal_department", "-id"], name="cases_casedocument_ledger")
        ]
        triggers = [
            archived_again(),
            pgtrigger.ReadOnly(name="body_fixed", exclude=["file_sha256"]),
            pgtrigger.Protect(name="no_delete", operation=pgtrigger.Delete),
            no_truncate(),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.number}"


class Delivery(models.Model):
    """How and when letters or the result reached the applicant (送达记录)."""

    append_only = True

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="deliveries")
    document = models.ForeignKey(
        CaseDocument, null=True, on_delete=models.PROTECT, related_name="deliveries"
    )
    channel = models.CharField("送达方式", max_length=10, choices=choices(DeliveryChannel))
    at = models.DateTimeField("送达时间")
    to_name = models.CharField("受送达人", max_length=NAME_LENGTH)
    relation = models.CharField(
        "与受送达人关系",
        max_length=12,
        choices=choices(Relation),
        default=Relation.SELF.value,
        db_default=Relation.SELF.value,
    )
    result = models.CharField("送达结果", max_length=NAME_LENGTH)
    by = models.CharField("送达人", max_length=REF_LENGTH)

    class Meta:
        verbose_name = "送达记录"
        constraints = [
            models.CheckConstraint(
                name="cases_delivery_channel_known",
                condition=Q(channel__in=values(DeliveryChannel)),
            ),
            models.CheckConstraint(
                name="cases_delivery_relation_known", condition=Q(relation__in=values(Relation))
            ),
            models.CheckConstraint(name="cases_delivery_says_result", condition=~Q(result="")),
        ]
        triggers = [*append_only(), archived_again(), not_internal()]

    def __str__(self) -> str:
        return f"{self.channel} {self.case_id}"


class Message(models.Model):
    """A message to an applicant (消息); its title carries no personal data."""

    to_ref = models.CharField("收件人", max_length=REF_LENGTH)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="messages", null=True)
    title = models.CharField("标题", max_length=NAME_LENGTH)
    body = models.TextField("内容")
    at = models.DateTimeField("时间")
    read_at = models.DateTimeField("阅读时间", null=True)

    class Meta:
        verbose_name = "消息"
        indexes = [models.Index(fields=["to_ref", "-id"], name="cases_message_to")]
        constraints = [
            models.CheckConstraint(
                name="cases_message_read_after_sent",
                condition=Q(read_at__isnull=True) | Q(read_at__gte=F("at")),
            )
        ]
        triggers = [archived_again(on=pgtrigger.Insert)]

    def __str__(self) -> str:
        return self.title


class ClockReminder(models.Model):
    """That somebody was reminded of a clock near its end, once per day it is due (期限提醒)."""

    append_only = True

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="reminders")
    kind = models.CharField("期限", max_length=24, choices=choices(ClockKind))
    due_on = models.DateField("到期日")
    to_ref = models.CharField("收件人", max_length=REF_LENGTH)
    at = models.DateTimeField("时间")

    class Meta:
        verbose_name = "期限提醒"
        constraints = [
            models.UniqueConstraint(
                name="cases_clockreminder_once", fields=["case", "kind", "due_on", "to_ref"]
            )
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.kind} {self.due_on} {self.case_id}"


from yiwang.cases.models.assessing import (  # noqa: E402
    ImpactAssessment as ImpactAssessment,
)
from yiwang.cases.models.automatic import (  # noqa: E402, F401 - they stand on the tables above
    AutoReview,
    AutoRun,
    AutoSwitch,
    AutoWaiting,
    Replay,
    ReplayDifference,
)
from yiwang.cases.models.commitments import (  # noqa: E402, F401 - they stand on the tables above
    ApplicantRecord,
    Commitment,
    PostCheck,
    PostCheckResult,
    ToleranceCommitment,
)
