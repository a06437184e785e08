"""The papers of review and approval (审查意见、审批表): numbered, frozen, for the file alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from datetime import datetime

from yiwang.cases.models import (
    Case,
    CaseEvent,
    DepartmentInquiry,
    Extension,
    Hearing,
    InterestedPerson,
    OfficersSent,
    Opinion,
    SentBack,
    SiteCheck,
    SpecialProcedure,
)
from yiwang.cases.models.automatic import AutoRun
from yiwang.cases.policy import letters
from yiwang.cases.policy.deadlines import PLACE
from yiwang.cases.policy.interested import Party, Stance
from yiwang.cases.policy.letters import Sheet, chinese_day
from yiwang.cases.policy.procedure import HearingEnd, InquiryAnswer
from yiwang.cases.policy.states import STEPS, Step, Way
from yiwang.cases.policy.terms import DocumentKind, MaterialState, Outcome
from yiwang.cases.queries.views import correction_view, material_files
from yiwang.cases.services import kept
from yiwang.cases.services.steps import heading, issue, materials_of
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.kernel.clocks import StopReason
from yiwang.organisations.permissions import Actor

ON_SPOT = (
    "受理时已按受理标准核对申请材料，申请材料齐全、符合法定形式，能够当场作出决定"
    "（《中华人民共和国行政许可法》第三十四条第二款）。"
)
ON_COMMITMENT = (
    "按告知承诺方式办理，申请人已签署告知承诺书，决定后核查承诺的履行"
    "（《上海市优化营商环境条例》第二十七条）。"
)
BY_RULES = "由系统按照本事项公布的自动办理规则核对数据，没有工作人员参与。"
SAMPLED = "自动作出的决定按日抽样，由工作人员复核。"
DEEMED = "期限届满前没有作出决定，依法视为准予延续，由系统登记，没有人员核准。"
OTHERWISE = "核准意见与审查意见不一致，以核准意见为准。"


def file_opinion(
    case: Case, item: ItemVersion, opinion: Opinion, *, by: Actor, at: datetime
) -> None:
    """Put the reviewer's opinion on the file as a letter of its own (审查意见).

    Source:
        行政许可法 第三十四条第一款.
    """
    seal = kept.department(case.deciding_department)
    body = letters.review_opinion(
        heading(case, item, seal.name), _sheet(case), review=_proposed(opinion)
    )
    before = SentBack.objects.filter(case=case).count()
    issue(
        case,
        DocumentKind.REVIEW_OPINION,
        body=body,
        item=item,
        seal=seal,
        by=by,
        at=at,
        subject=str(before + 1) if before else "",
    )


def file_form(
    case: Case,
    item: ItemVersion,
    step: Step,
    outcome: Outcome,
    *,
    reason: str,
    article: str,
    unmet: Sequence[int],
    run: AutoRun | None,
    by: Actor,
    at: datetime,
) -> None:
    """Put the form of review and approval on the file, in the act that decides (审批表).

    Args:
        case: The locked row, decided.
        item: Its item version.
        step: By which way it was decided.
        outcome: What was decided.
        reason: Facts and reasons of the decision.
        article: Law and article.
        unmet: Places of the published conditions that are not met.
        run: The run of the rules that decided; None: people or the law did.
        by: Who decided.
        at: Moment of the decision.

    Source:
        行政许可法 第三十四条, 第三十七条.
    """
    way = STEPS[step].way
    opinion = (
        Opinion.objects.filter(case=case, sent_back=None).first()
        if way in {None, Way.DEEMED}
        else None
    )
    conditions = [f"不符合第{place}条条件：{item.conditions[place - 1]}" for place in unmet]
    decision = [f"{outcome.label}。{reason}", *conditions, f"依据：{article}"]
    if opinion is not None and opinion.outcome != outcome.value:
        decision.append(OTHERWISE)
    if way is Way.AUTOMATIC:
        decision.append(SAMPLED)
    elif way is Way.DEEMED:
        decision.append(DEEMED)
    decision.append(f"核准人：{by.name or by.ref}，{_moment(at)}")
    seal = kept.department(case.deciding_department)
    body = letters.approval_form(
        heading(case, item, seal.name),
        _sheet(case, alone=way is Way.AUTOMATIC),
        review=_proposed(opinion) if opinion else list(_unproposed(case, way, run)),
        decision=decision,
    )
    issue(case, DocumentKind.APPROVAL_FORM, body=body, item=item, seal=seal, by=by, at=at)


def _sheet(case: Case, *, alone: bool = False) -> Sheet:
    """Return what happened before; `alone`: rules decided at receipt, so nothing did.

    The steps that were taken say which tables have anything to tell: most cases need none.
    """
    sections: list[tuple[str, Sequence[str]]] = [("申请材料", list(_materials(case)))]
    if not alone:
        taken = frozenset(CaseEvent.objects.filter(case=case).values_list("step", flat=True))
        sections += [
            ("征求部门意见", list(_departments(case, taken))),
            ("特别程序、听证和延期", list(_stops(case, taken))),
            ("现场核查", list(_site_checks(case, taken))),
        ]
        if Step.SEND_OFFICERS.value in taken:
            sections.append(("指派检验检测人员", list(_officers(case))))
        if Step.SEND_BACK.value in taken:
            sections.append(("退回复审", list(_sent_back(case))))
        if Step.TELL_INTERESTED.value in taken and (heard := list(_sides(case))):
            sections.append(("利害关系人和申请人的意见", heard))
    return Sheet(
        accepted_on=case.accepted_on,
        statutory_on=case.statutory_on,
        promised_on=case.promised_on,
        sections=sections,
    )


def _proposed(opinion: Opinion) -> list[str]:
    return [
        f"建议{Outcome(opinion.outcome).label}。{opinion.text}",
        f"审查人：{opinion.by_name}，{_moment(opinion.at)}",
    ]


def _unproposed(case: Case, way: Way | None, run: AutoRun | None) -> Iterator[str]:
    """Say what stands in the place of a proposal."""
    if way is Way.AUTOMATIC:
        yield BY_RULES
        if run is not None:
            yield (
                f"规则版本：事项第{run.item_version}版；第{run.serial}次运行，命中规则{run.row_id}；"
                f"{run.reason or Outcome.GRANT.label}核对的数据和经过另存运行记录。"
            )
        return
    if way is Way.DEEMED:
        return
    yield ON_COMMITMENT if way is Way.COMMITMENT else ON_SPOT
    accepted = CaseEvent.objects.filter(case=case, step=Step.ACCEPT.value).order_by("-id").first()
    if accepted is not None:
        yield f"受理人：{accepted.actor_name or accepted.actor}，{_moment(accepted.at)}"


def _materials(case: Case) -> Iterator[str]:
    correction = correction_view(case)
    for row in materials_of(case):
        words = [MaterialState(row.state).label]
        if row.source:
            words.append(row.source)
        files = material_files(row, correction=correction, corrected_on=case.corrected_on)
        gone = sum(not one.in_force for one in files)
        if len(files) > gone:
            words.append(f"{len(files) - gone}个文件")
        if gone:
            words.append(f"{gone}个补正前的文件已被替换")
        if row.due_on:
            words.append(f"至{chinese_day(row.due_on)}补齐")
        yield f"{row.name}（{'，'.join(words)}）"


def _departments(case: Case, taken: Set[str]) -> Iterator[str]:
    if Step.ASK_DEPARTMENT.value not in taken:
        return
    for row in DepartmentInquiry.objects.filter(case=case).order_by("id"):
        name = kept.department(row.department).name
        asked = f"{name}（{row.question}）："
        if row.answer and row.answered_at:
            yield (
                f"{asked}{InquiryAnswer(row.answer).label}。{row.opinion}"
                f"（{row.answered_by_name}，{_moment(row.answered_at)}）"
            )
        else:
            yield f"{asked}{chinese_day(row.due_on)}前没有反馈。"


def _stops(case: Case, taken: Set[str]) -> Iterator[str]:
    if Step.START_SPECIAL.value in taken:
        for one in SpecialProcedure.objects.filter(case=case).order_by("serial"):
            ended = f"{chinese_day(one.ended_on)}结束，{one.result}" if one.ended_on else "没有结束"
            yield f"{one.name}：{chinese_day(one.started_on)}开始，{ended}"
    if Step.NOTIFY_HEARING.value in taken:
        for held in Hearing.objects.filter(case=case):
            end = HearingEnd(held.end).label if held.end else "没有结束"
            yield f"听证：{chinese_day(held.told_on)}告知，{end}"
    if Step.ASK_EXTENSION.value in taken:
        for more in Extension.objects.filter(case=case).exclude(approved=None).order_by("id"):
            answer = "批准" if more.approved else "不批准"
            yield (
                f"延长{more.workdays}个工作日：{more.reason}"
                f"（{more.asked_by_name}报请，{more.decided_by_name}{answer}）"
            )


def _site_checks(case: Case, taken: Set[str]) -> Iterator[str]:
    if Step.CHECK_SITE.value not in taken:
        return
    for row in SiteCheck.objects.filter(case=case).order_by("serial"):
        yield (
            f"{chinese_day(row.checked_on)}，{row.place}，核查人员{'、'.join(row.names)}：{row.found}"
        )


def _officers(case: Case) -> Iterator[str]:
    """Say who was sent to inspect, test or quarantine. 行政许可法 第五十五条第二款."""
    for row in OfficersSent.objects.filter(case=case).order_by("serial"):
        kind = StopReason(row.kind).label
        yield f"{chinese_day(row.sent_on)}指派{'、'.join(row.names)}，{kind}"


def _sent_back(case: Case) -> Iterator[str]:
    for row in SentBack.objects.filter(case=case).select_related("opinion").order_by("id"):
        yield (
            f"{_moment(row.at)}，{row.by_name}退回{row.opinion.by_name}的意见"
            f"（建议{Outcome(row.opinion.outcome).label}）：{row.reason}"
        )


def _sides(case: Case) -> Iterator[str]:
    """Say of each interested person whether both sides were heard. 行政许可法 第三十六条."""
    rows = InterestedPerson.objects.filter(case=case).prefetch_related("views")
    for row in rows.order_by("serial"):
        yield (
            f"{row.name}（{row.interest}）：{chinese_day(row.told_on)}告知，"
            f"{chinese_day(row.due_on)}前陈述意见。"
        )
        said = {one.party: one for one in row.views.all()}
        for party in Party:
            found = said.get(party.value)
            if found is None:
                yield f"{party.label}：没有陈述意见。"
                continue
            words = f"：{found.text}" if found.text else ""
            yield (
                f"{party.label}：{Stance(found.stance).label}{words}"
                f"（{found.stated_by}，{chinese_day(found.stated_on)}，{found.by_name}登记）"
            )


def _moment(at: datetime) -> str:
    return f"{at.astimezone(PLACE):%Y-%m-%d %H:%M}"
