"""Tables of who is interested in a case, and of what both sides say (利害关系人)."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import F, Q

from yiwang.cases.models.shared import (
    NAME_LENGTH,
    REF_LENGTH,
    append_only,
    archived_again,
    choices,
    values,
)
from yiwang.cases.policy.deadlines import PLACE
from yiwang.cases.policy.interested import InterestedKind, Party, Stance
from yiwang.cases.policy.states import CaseState, Way
from yiwang.cases.policy.terms import DeliveryChannel


class InterestedPerson(models.Model):
    """Somebody whose major interest a case touches, told with a letter of their own (利害关系人).

    How the letter reached them stands here: the deliveries of a case are those to its applicant.

    Source:
        行政许可法 第三十六条.
    """

    append_only = True

    case = models.ForeignKey("Case", on_delete=models.PROTECT, related_name="interested")
    serial = models.PositiveSmallIntegerField("序号")
    kind = models.CharField("类型", max_length=12, choices=choices(InterestedKind))
    name = models.CharField("姓名或者名称", max_length=NAME_LENGTH)
    reached = models.CharField("联系方式", max_length=NAME_LENGTH)
    interest = models.TextField("涉及的利益")
    due_on = models.DateField("陈述意见的最后一日")
    told_on = models.DateField("告知日期")
    by = models.CharField("告知人", max_length=REF_LENGTH)
    by_name = models.CharField("告知人姓名", max_length=NAME_LENGTH)
    at = models.DateTimeField("告知时间")
    notice = models.ForeignKey("CaseDocument", on_delete=models.PROTECT, related_name="+")
    channel = models.CharField("送达方式", max_length=16, choices=choices(DeliveryChannel))
    delivered = models.CharField("送达结果", max_length=NAME_LENGTH)

    class Meta:
        verbose_name = "利害关系人"
        constraints = [
            models.UniqueConstraint(
                name="cases_interestedperson_serial_once", fields=["case", "serial"]
            ),
            models.UniqueConstraint(
                name="cases_interestedperson_told_once", fields=["case", "name"]
            ),
            models.CheckConstraint(
                name="cases_interestedperson_says_who_and_what",
                condition=~Q(name="")
                & ~Q(reached="")
                & ~Q(interest="")
                & ~Q(delivered="")
                & Q(kind__in=values(InterestedKind)),
            ),
            models.CheckConstraint(
                name="cases_interestedperson_has_time", condition=Q(due_on__gt=F("told_on"))
            ),
            models.CheckConstraint(
                name="cases_interestedperson_has_no_account",
                condition=~Q(channel=DeliveryChannel.IN_APP.value),
            ),
        ]
        triggers = [*append_only(), archived_again()]

    def __str__(self) -> str:
        return f"interested {self.case_id} {self.serial}"


class PartyViews(models.Model):
    """What one side says to an interest that was told (陈述意见); a side is heard once.

    Source:
        行政许可法 第三十六条.
    """

    append_only = True

    person = models.ForeignKey(InterestedPerson, on_delete=models.PROTECT, related_name="views")
    party = models.CharField("一方", max_length=12, choices=choices(Party))
    stance = models.CharField("陈述情况", max_length=8, choices=choices(Stance))
    text = models.TextField("意见", blank=True)
    stated_by = models.CharField("陈述人", max_length=NAME_LENGTH)
    stated_on = models.DateField("陈述日期")
    by = models.CharField("登记人", max_length=REF_LENGTH)
    by_name = models.CharField("登记人姓名", max_length=NAME_LENGTH)
    at = models.DateTimeField("登记时间")

    class Meta:
        verbose_name = "陈述意见"
        constraints = [
            models.UniqueConstraint(
                name="cases_partyviews_a_side_is_heard_once", fields=["person", "party"]
            ),
            models.CheckConstraint(
                name="cases_partyviews_says_who_and_what",
                condition=Q(party__in=values(Party), stance__in=values(Stance))
                & ~Q(stated_by="")
                & (Q(stance=Stance.NONE.value) | ~Q(text="")),
            ),
        ]
        triggers = [
            *append_only(),
            archived_again("(SELECT case_id FROM cases_interestedperson WHERE id = NEW.person_id)"),
        ]

    def __str__(self) -> str:
        return f"{self.party} {self.person_id}"


def sides_heard() -> pgtrigger.Trigger:
    """Refuse, in the database, to go on to the decision while a side may still be heard.

    A renewal is deemed granted whoever was not heard. 行政许可法 第三十六条, 第五十条第二款.
    """
    ends = ", ".join(
        f"'{one.value}'"
        for one in (CaseState.DECISION_PENDING, CaseState.APPROVED, CaseState.REJECTED)
    )
    return pgtrigger.Trigger(
        name="sides_heard",
        when=pgtrigger.Before,
        operation=pgtrigger.UpdateOf("state"),  # type: ignore[no-untyped-call]  # no types
        condition=pgtrigger.Condition(
            f"OLD.state IN ('{CaseState.ACCEPTED.value}', '{CaseState.REVIEWING.value}')"
            f" AND NEW.state IN ({ends}) AND NEW.way IS DISTINCT FROM '{Way.DEEMED.value}'"
        ),
        func=f"""
            IF EXISTS (
                SELECT FROM cases_interestedperson AS told
                WHERE told.case_id = NEW.id
                    AND told.due_on >= (NEW.touched_at AT TIME ZONE '{PLACE.key}')::date
                    AND {len(Party)} > (
                        SELECT count(*) FROM cases_partyviews WHERE person_id = told.id
                    )
            ) THEN
                RAISE EXCEPTION 'cases_case_sides_heard: a side may still state its views'
                    USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        """,  # noqa: S608 - our own words
    )
