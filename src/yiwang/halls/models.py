"""Tables of halls, queues, appointments, staff records and checks of standards."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q

from yiwang.halls.policy.terms import (
    AppointmentState,
    Priority,
    RecordKind,
    StandardResult,
    TakenAt,
    TicketState,
)
from yiwang.kernel.row_scope import IS_ALL, IS_STAFF, SUBJECTS
from yiwang.kernel.terms import Term

CODE_LENGTH = 40
REF_LENGTH = 80

AT_WINDOW = (TicketState.CALLED.value, TicketState.SERVING.value)


def _choices(terms: type[Term]) -> dict[str, str]:
    return {term.value: term.label for term in terms}


def _known(name: str, field: str, terms: type[Term]) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=name, condition=Q(**{f"{field}__in": [term.value for term in terms]})
    )


class Hall(models.Model):
    """One hall as its pack describes it (大厅)."""

    code = models.CharField("代号", max_length=CODE_LENGTH, unique=True)
    name = models.CharField("名称", max_length=120)
    department_code = models.CharField("管理单位", max_length=CODE_LENGTH)
    plan = models.JSONField("布局和规则")
    position = models.PositiveSmallIntegerField("次序", default=0)
    loaded_at = models.DateTimeField("装入时间")

    class Meta:
        verbose_name = "大厅"

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class QueueDay(models.Model):
    """The queue of one zone on one day; locked while a number is drawn or called."""

    hall_code = models.CharField("大厅", max_length=CODE_LENGTH)
    zone_code = models.CharField("功能区", max_length=CODE_LENGTH)
    day = models.DateField("日期")
    last_number = models.PositiveIntegerField("已取号数", default=0)
    priority_run = models.PositiveIntegerField("连续优先叫号数", default=0)

    class Meta:
        verbose_name = "排队日"
        constraints = [
            models.UniqueConstraint(
                name="halls_queueday_once_per_zone_and_day",
                fields=["hall_code", "zone_code", "day"],
            )
        ]

    def __str__(self) -> str:
        return f"{self.hall_code} {self.zone_code} {self.day}"


class Appointment(models.Model):
    """A time at a window that somebody reserved (预约)."""

    hall_code = models.CharField("大厅", max_length=CODE_LENGTH)
    zone_code = models.CharField("功能区", max_length=CODE_LENGTH)
    window = models.CharField("窗口", max_length=10)
    seat = models.PositiveSmallIntegerField("时段内序号")
    item_slug = models.CharField("事项", max_length=80)
    item_name = models.CharField("事项名称", max_length=200)
    starts_at = models.DateTimeField("开始时间")
    applicant_ref = models.CharField("预约人", max_length=REF_LENGTH)
    code = models.CharField("签到码", max_length=6)
    state = models.CharField(
        "状态",
        max_length=12,
        choices=_choices(AppointmentState),
        default=AppointmentState.BOOKED.value,
    )
    booked_at = models.DateTimeField("预约时间")
    booked_by = models.CharField("预约操作人", max_length=REF_LENGTH)
    cancelled_at = models.DateTimeField("取消时间", null=True, blank=True)
    reminded_at = models.DateTimeField("提醒时间", null=True, blank=True)

    row_security = f"{IS_ALL} OR {IS_STAFF} OR applicant_ref = ANY ({SUBJECTS})"
    """Whom the database shows an appointment: staff at desks, and whoever reserved it."""

    class Meta:
        verbose_name = "预约"
        constraints = [
            _known("halls_appointment_state_known", "state", AppointmentState),
            models.UniqueConstraint(
                name="halls_appointment_place_taken_once",
                fields=["hall_code", "zone_code", "starts_at", "window", "seat"],
                condition=~Q(state=AppointmentState.CANCELLED.value),
            ),
            models.UniqueConstraint(
                name="halls_appointment_one_per_item_at_a_time",
                fields=["applicant_ref", "item_slug"],
                condition=Q(state=AppointmentState.BOOKED.value),
            ),
            models.CheckConstraint(
                name="halls_appointment_cancelled_has_moment",
                condition=Q(state=AppointmentState.CANCELLED.value, cancelled_at__isnull=False)
                | (~Q(state=AppointmentState.CANCELLED.value) & Q(cancelled_at__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(fields=["hall_code", "starts_at"], name="halls_appointment_times"),
            models.Index(fields=["applicant_ref", "-starts_at"], name="halls_appointment_own"),
        ]

    def __str__(self) -> str:
        return f"{self.hall_code} {self.starts_at:%Y-%m-%d %H:%M}"


class TicketQuerySet(models.QuerySet["Ticket"]):
    """Named questions about sets of tickets."""

    def waiting(self) -> Self:
        """Keep tickets that were not called."""
        return self.filter(state=TicketState.WAITING.value)

    def at_window(self) -> Self:
        """Keep tickets that a window has."""
        return self.filter(state__in=AT_WINDOW)


class Ticket(models.Model):
    """A number in the queue of a zone (排队号); it names nobody."""

    hall_code = models.CharField("大厅", max_length=CODE_LENGTH)
    zone_code = models.CharField("功能区", max_length=CODE_LENGTH)
    day = models.DateField("日期")
    code = models.CharField("号码", max_length=8)
    state = models.CharField(
        "状态",
        max_length=12,
        choices=_choices(TicketState),
        default=TicketState.WAITING.value,
    )
    priority = models.CharField("优先", max_length=12, choices=_choices(Priority))
    taken_by = models.CharField("取号方式", max_length=12, choices=_choices(TakenAt))
    taken_at = models.DateTimeField("取号时间")
    appointment = models.OneToOneField(
        Appointment, null=True, blank=True, on_delete=models.PROTECT, related_name="ticket"
    )
    moved_from = models.CharField("转自", max_length=CODE_LENGTH, blank=True)
    window = models.CharField("窗口", max_length=10, blank=True)
    calls = models.PositiveSmallIntegerField("叫号次数", default=0)
    called_at = models.DateTimeField("叫号时间", null=True, blank=True)
    called_by = models.CharField("叫号人", max_length=REF_LENGTH, blank=True)
    ended_at = models.DateTimeField("结束时间", null=True, blank=True)
    case_number = models.CharField("办件编号", max_length=45, blank=True)

    objects: ClassVar[models.Manager[Ticket]] = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = "排队号"
        constraints = [
            _known("halls_ticket_state_known", "state", TicketState),
            _known("halls_ticket_priority_known", "priority", Priority),
            models.UniqueConstraint(
                name="halls_ticket_code_once_a_day", fields=["hall_code", "day", "code"]
            ),
            models.UniqueConstraint(
                name="halls_ticket_one_at_a_window",
                fields=["hall_code", "day", "window"],
                condition=Q(state__in=AT_WINDOW),
            ),
            models.CheckConstraint(
                name="halls_ticket_called_has_window_moment_and_person",
                condition=Q(state=TicketState.WAITING.value)
                | (Q(called_at__isnull=False) & ~Q(window="") & ~Q(called_by="")),
            ),
            models.CheckConstraint(
                name="halls_ticket_called_after_taken",
                condition=Q(called_at__isnull=True) | Q(called_at__gte=F("taken_at")),
            ),
            models.CheckConstraint(
                name="halls_ticket_ended_has_moment",
                condition=Q(
                    state__in=[TicketState.DONE.value, TicketState.MISSED.value],
                    ended_at__isnull=False,
                )
                | (
                    ~Q(state__in=[TicketState.DONE.value, TicketState.MISSED.value])
                    & Q(ended_at__isnull=True)
                ),
            ),
        ]
        indexes = [
            models.Index(
                fields=["hall_code", "day", "zone_code", "state"], name="halls_ticket_queue"
            ),
            models.Index(fields=["day", "code"], name="halls_ticket_code"),
            models.Index(
                fields=["case_number"], name="halls_ticket_case", condition=~Q(case_number="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hall_code} {self.day} {self.code}"


class StaffRecord(models.Model):
    """A training or a certificate of a member of the window staff (培训和上岗证书)."""

    hall_code = models.CharField("大厅", max_length=CODE_LENGTH)
    login = models.CharField("工作人员", max_length=80)
    kind = models.CharField("类别", max_length=12, choices=_choices(RecordKind))
    title = models.CharField("名称", max_length=120)
    issued_by = models.CharField("颁发或者组织单位", max_length=120)
    issued_on = models.DateField("日期")
    valid_until = models.DateField("有效期至", null=True, blank=True)
    hours = models.PositiveSmallIntegerField("学时", default=0)
    recorded_by = models.CharField("登记人", max_length=REF_LENGTH)
    recorded_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "窗口人员记录"
        constraints = [
            _known("halls_staffrecord_kind_known", "kind", RecordKind),
            models.CheckConstraint(
                name="halls_staffrecord_valid_after_issue",
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("issued_on")),
            ),
        ]
        indexes = [models.Index(fields=["hall_code", "login"], name="halls_staffrecord_of")]

    def __str__(self) -> str:
        return f"{self.login} {self.title}"


class StandardCheck(models.Model):
    """How a hall met one standard on one day (标准化检查记录)."""

    hall_code = models.CharField("大厅", max_length=CODE_LENGTH)
    standard_code = models.CharField("标准", max_length=CODE_LENGTH)
    result = models.CharField("结果", max_length=10, choices=_choices(StandardResult))
    note = models.CharField("说明", max_length=300, blank=True)
    checked_on = models.DateField("检查日期")
    checked_by = models.CharField("检查人", max_length=REF_LENGTH)
    recorded_at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "标准化检查记录"
        constraints = [
            _known("halls_standardcheck_result_known", "result", StandardResult),
            models.CheckConstraint(
                name="halls_standardcheck_not_met_says_why",
                condition=Q(result=StandardResult.MET.value) | Q(note__regex=r"\S"),
            ),
        ]
        indexes = [
            models.Index(
                fields=["hall_code", "standard_code", "-checked_on", "-id"],
                name="halls_standardcheck_latest",
            )
        ]

    def __str__(self) -> str:
        return f"{self.hall_code} {self.standard_code} {self.result}"


class AgencyMandate(models.Model):
    """That a firm has a clerk of the agency window handle its matter, free of charge (代办委托).

    `last_on` is the last day of the mandate. One mandate of a firm stands at a time.
    """

    firm_ref = models.CharField("委托单位", max_length=REF_LENGTH)
    firm_name = models.CharField("单位名称", max_length=200)
    matter = models.CharField("代办的项目", max_length=120)
    department_code = models.CharField("代办窗口所在单位", max_length=CODE_LENGTH)
    agent = models.CharField("代办员", max_length=REF_LENGTH)
    agent_name = models.CharField("代办员姓名", max_length=120)
    agent_phone = models.CharField("代办员电话", max_length=40)
    signed_by = models.CharField("在委托书上签名的人", max_length=120)
    begins_on = models.DateField("开始日期")
    last_on = models.DateField("最后一天")
    recorded_at = models.DateTimeField("登记时间")
    ended_at = models.DateTimeField("终止时间", null=True, blank=True)
    ended_by = models.CharField("终止人", max_length=REF_LENGTH, blank=True)
    end_reason = models.CharField("终止的原因", max_length=300, blank=True)

    row_security = f"{IS_ALL} OR {IS_STAFF} OR firm_ref = ANY ({SUBJECTS})"
    """Whom the database shows a mandate: staff at desks, and the firm."""

    class Meta:
        verbose_name = "代办委托"
        constraints = [
            models.UniqueConstraint(
                name="halls_agencymandate_one_stands_per_firm",
                fields=["firm_ref"],
                condition=Q(ended_at__isnull=True),
            ),
            models.CheckConstraint(
                name="halls_agencymandate_ends_after_it_begins",
                condition=Q(last_on__gte=F("begins_on")),
            ),
            models.CheckConstraint(
                name="halls_agencymandate_end_has_moment_person_and_reason",
                condition=Q(ended_at__isnull=True, ended_by="", end_reason="")
                | (Q(ended_at__isnull=False) & ~Q(ended_by="") & ~Q(end_reason="")),
            ),
        ]
        indexes = [
            models.Index(fields=["department_code", "id"], name="halls_agencymandate_of"),
        ]

    def __str__(self) -> str:
        return f"{self.firm_name} {self.matter}"


class Liaison(models.Model):
    """Who answers the agency window for a department, with the days of it (部门联络员)."""

    department_code = models.CharField("部门", max_length=CODE_LENGTH)
    login = models.CharField("联络员", max_length=80)
    begins_on = models.DateField("开始日期")
    until = models.DateField("结束日期（不含）", null=True, blank=True)
    appointed_by = models.CharField("指定人", max_length=REF_LENGTH)
    appointed_at = models.DateTimeField("指定时间")

    class Meta:
        verbose_name = "部门联络员"
        constraints = [
            models.UniqueConstraint(
                name="halls_liaison_one_per_department",
                fields=["department_code"],
                condition=Q(until__isnull=True),
            ),
            models.CheckConstraint(
                name="halls_liaison_ends_after_it_begins",
                condition=Q(until__isnull=True) | Q(until__gte=F("begins_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department_code} {self.login}"


class AgencyQuestion(models.Model):
    """What an agent asks a department about a case of the firm, and the answer (代办咨询)."""

    mandate = models.ForeignKey(AgencyMandate, on_delete=models.PROTECT, related_name="questions")
    case_number = models.CharField("办件编号", max_length=45)
    item_name = models.CharField("事项名称", max_length=200)
    department_code = models.CharField("部门", max_length=CODE_LENGTH)
    text = models.TextField("问题")
    asked_by = models.CharField("提问人", max_length=REF_LENGTH)
    asked_at = models.DateTimeField("提问时间")
    due_on = models.DateField("答复期限")
    answer = models.TextField("答复", blank=True)
    answered_by = models.CharField("答复人", max_length=REF_LENGTH, blank=True)
    answered_name = models.CharField("答复人姓名", max_length=120, blank=True)
    answered_at = models.DateTimeField("答复时间", null=True, blank=True)

    row_security = f"{IS_ALL} OR {IS_STAFF}"
    """Whom the database shows a question: staff at desks."""

    class Meta:
        verbose_name = "代办咨询"
        constraints = [
            models.CheckConstraint(
                name="halls_agencyquestion_answer_has_moment_and_person",
                condition=Q(answered_at__isnull=True, answer="", answered_by="")
                | (Q(answered_at__isnull=False) & ~Q(answer="") & ~Q(answered_by="")),
            )
        ]
        indexes = [
            models.Index(
                fields=["department_code", "due_on"],
                name="halls_agencyquestion_open",
                condition=Q(answered_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.case_number} {self.department_code}"
