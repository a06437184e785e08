"""Calls about automatic handling, bans and dual notices, for systems of departments."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router
from pydantic import Field

from yiwang.api import schemas
from yiwang.api.context import actor, answer, calendar, now, today
from yiwang.api.errors import COMMON
from yiwang.cases import queries as case_queries
from yiwang.cases import services
from yiwang.cases.policy.automatic import SampleVerdict
from yiwang.cases.policy.figures import quarter_of
from yiwang.cases.policy.replaying import DifferenceKind
from yiwang.cases.queries import LoadRow, assessing, automatic, bans
from yiwang.cases.queries import figures as case_figures
from yiwang.cases.queries.assessing import AssessmentView, ItemReadiness
from yiwang.cases.queries.automatic import (
    DifferenceRow,
    GroundRow,
    ReplayView,
    ReviewView,
    RunPage,
    RunView,
    SwitchView,
)
from yiwang.cases.queries.bans import BanView
from yiwang.cases.queries.figures import Asked, CaseFigures
from yiwang.catalogue import queries as catalogue
from yiwang.organisations.permissions import Actor, Permission, PermissionRefusedError
from yiwang.registration import placing
from yiwang.registration import queries as registration
from yiwang.registration import services as notices
from yiwang.registration.placing import PhraseView
from yiwang.registration.policy.notices import NoticeState, NoticeStep
from yiwang.registration.queries import NoticeEventView, NoticeView
from yiwang.rules.policy.tables import RuleOutcome
from yiwang.supervision import queries as supervision
from yiwang.supervision import services as inspections
from yiwang.supervision.policy.inspections import InspectionResult, InspectionState
from yiwang.supervision.queries import InspectionView

router = Router(tags=["automatic"])

Id = Annotated[int, Path(), Field(ge=1, le=2**62)]
SWITCH = {200: SwitchView, **COMMON}


class Switching(schemas.Body):
    """Stop, ask to go on, or answer who asked."""

    act: Annotated[str, Field(pattern="^(stop|ask_resume|resume|decline_resume)$")]
    reason: schemas.Text


class Review(schemas.Body):
    """What a person found about an automatic grant."""

    verdict: SampleVerdict
    reason: Annotated[str, Field(max_length=2_000)] = ""
    stop: bool = Field(default=False, description="Stop the item as well; takes `auto_switch`.")


class Replaying(schemas.Body):
    """Try the rules of a published version on past cases."""

    item: schemas.Slug
    version: int | None = Field(default=None, ge=1, le=10_000, description="Default: in force.")


class BanList(schemas.Body):
    """One page of bans."""

    rows: list[BanView]
    after: int | None


class NoticeList(schemas.Body):
    """One page of dual notices."""

    rows: list[NoticeView]
    after: str | None


class NoticeReport(schemas.Body):
    """What a department reports of a firm that it was told of."""

    step: NoticeStep = Field(
        description="`follow`, `note`, `no_need`, `not_operating`, `inspect` or `permit_end`."
    )
    note: Annotated[str, Field(max_length=1_000)] = ""


class Reassignment(schemas.Body):
    """Whose a returned notice is, and why."""

    department: Annotated[str, Field(min_length=1, max_length=32)]
    reason: schemas.Text


class InspectionList(schemas.Body):
    """One page of inspection tasks."""

    rows: list[InspectionView]
    after: str | None


class InspectionFinding(schemas.Body):
    """What an inspection found."""

    result: InspectionResult
    finding: Annotated[str, Field(max_length=1_000)]


class NoticeFile(schemas.Body):
    """A dual notice with its steps, newest first."""

    notice: NoticeView
    steps: list[NoticeEventView]


class RunWish(schemas.Body):
    """Which runs."""

    item: str = Field(default="", max_length=80)
    outcome: RuleOutcome | None = None
    day: date | None = None
    after: str = Field(default="", max_length=80)


@router.get(
    "/automatic/switches",
    response={200: list[SwitchView], **COMMON},
    operation_id="list_automatic_switches",
)
def list_switches(request: HttpRequest) -> HttpResponse:
    """List the automatic items that the caller may read, and whether each runs."""
    return answer(automatic.switches(by=_reader(request), on=today()))


@router.post("/automatic/switches/{item}", response=SWITCH, operation_id="switch_automatic")
def switch(request: HttpRequest, item: Path[schemas.Slug], body: Switching) -> HttpResponse:
    """Stop an item at once; going on again takes two people."""
    by, at = actor(request), now()
    if body.act == "stop":
        done = services.stop_automatic(item_slug=item, reason=body.reason, by=by, at=at)
    elif body.act == "ask_resume":
        done = services.ask_resume_automatic(item_slug=item, reason=body.reason, by=by, at=at)
    else:
        done = services.resume_automatic(
            item_slug=item, reason=body.reason, by=by, at=at, agree=body.act == "resume"
        )
    return answer(done)


@router.get(
    "/automatic/runs", response={200: RunPage, **COMMON}, operation_id="list_automatic_runs"
)
def list_runs(request: HttpRequest, wish: Query[RunWish]) -> HttpResponse:
    """List runs of rules, newest first, a page at a time."""
    return answer(
        automatic.runs(
            by=_reader(request),
            item=wish.item,
            outcome=wish.outcome,
            day=wish.day,
            after=wish.after,
        )
    )


@router.get(
    "/automatic/runs/{run_id}", response={200: RunView, **COMMON}, operation_id="get_automatic_run"
)
def get_run(request: HttpRequest, run_id: Id) -> HttpResponse:
    """Return one run: facts with source and time, rule version and the path taken."""
    return answer(automatic.run(run_id, by=actor(request)))


@router.get(
    "/automatic/reviews",
    response={200: list[ReviewView], **COMMON},
    operation_id="list_automatic_reviews",
)
def list_reviews(request: HttpRequest, done: bool = False) -> HttpResponse:
    """List automatic grants that wait for a person, or those that were looked at."""
    return answer(automatic.reviews(by=_holder(request, Permission.AUTO_SAMPLE), done=done))


@router.post(
    "/automatic/reviews/{review_id}",
    response={200: ReviewView, **COMMON},
    operation_id="review_automatic",
)
def review(request: HttpRequest, review_id: Id, body: Review) -> HttpResponse:
    """Confirm an automatic grant or disagree with it."""
    return answer(
        services.review_automatic(
            review_id=review_id,
            verdict=body.verdict,
            reason=body.reason,
            stop=body.stop,
            by=actor(request),
            at=now(),
        )
    )


@router.post("/automatic/replays", response={201: ReplayView, **COMMON}, operation_id="ask_replay")
def ask_replay(request: HttpRequest, body: Replaying) -> HttpResponse:
    """Try rules on past cases; a job does it, the answer says where to ask for progress."""
    version = (
        catalogue.item(body.item, on=today())
        if body.version is None
        else catalogue.item_version(body.item, body.version)
    )
    if version.auto_rules is None:
        raise services.ReplayRefusedError("这个版本没有自动办理规则，请先写规则。")
    asked = services.ask_replay(
        item_slug=version.slug,
        department=version.department,
        rules=version.auto_rules,
        version=version.version,
        by=actor(request),
        at=now(),
    )
    return answer(asked, status=201)


@router.get(
    "/automatic/replays/{replay_id}",
    response={200: ReplayView, **COMMON},
    operation_id="get_replay",
)
def get_replay(request: HttpRequest, replay_id: Id) -> HttpResponse:
    """Return a replay: how far it is, and what it found so far."""
    return answer(_replay(request, replay_id))


@router.get(
    "/automatic/replays/{replay_id}/grounds",
    response={200: list[GroundRow], **COMMON},
    operation_id="list_replay_grounds",
)
def list_grounds(request: HttpRequest, replay_id: Id) -> HttpResponse:
    """List why rules and people differ with how many cases each, the most frequent first.

    Refusals are told apart by the articles they cite and the row that would have granted; what
    people granted by what made the rules hand over. Nothing that anybody typed stands here.
    """
    return answer(automatic.grounds(_replay(request, replay_id).id))


class DifferenceWish(schemas.Body):
    """Which of the cases that differ."""

    kind: DifferenceKind = Field(
        default=DifferenceKind.GRANT_REFUSE,
        description="`grant_refuse`: rules grant, people refused; `hand_over_grant`: rules hand "
        "over, people granted.",
    )
    ground: int | None = Field(
        default=None,
        ge=0,
        le=10_000,
        description="Number of a ground; its kind goes before `kind`.",
    )
    after: int = Field(default=0, ge=0, le=2**62, description="`id` of the last row before.")


@router.get(
    "/automatic/replays/{replay_id}/differences",
    response={200: list[DifferenceRow], **COMMON},
    operation_id="list_replay_differences",
)
def list_differences(
    request: HttpRequest, replay_id: Id, wish: Query[DifferenceWish]
) -> HttpResponse:
    """List past cases on which rules and people differ, fifty at a time, without personal data."""
    view = _replay(request, replay_id)
    return answer(
        automatic.differences(
            view.id, by=actor(request), kind=wish.kind, ground=wish.ground, after=wish.after
        )
    )


def _replay(request: HttpRequest, replay_id: int) -> ReplayView:
    """Return a replay of an item whose rules the caller may try.

    Raises:
        LookupError: there is none for these eyes.
    """
    by = _holder(request, Permission.AUTO_REPLAY)
    view = automatic.replay(replay_id)
    item = catalogue.item(view.item_slug, on=today())
    if not by.may(Permission.AUTO_REPLAY, department=item.department):
        raise LookupError(f"no replay {replay_id}")
    return view


@router.get(
    "/automatic/assessments",
    response={200: list[ItemReadiness], **COMMON},
    operation_id="list_impact_assessments",
)
def list_assessments(request: HttpRequest) -> HttpResponse:
    """List the automatic items and whether their impact assessment (影响评估) is valid."""
    by = _holder(request, Permission.ASSESSMENT_READ)
    return answer(assessing.readiness(by=by, on=today()))


@router.get(
    "/automatic/assessments/{item}",
    response={200: list[AssessmentView], **COMMON},
    operation_id="list_impact_assessments_of_item",
)
def list_item_assessments(request: HttpRequest, item: Path[schemas.Slug]) -> HttpResponse:
    """List the impact assessments of an item, the newest first, archived ones too."""
    rows = assessing.assessments(item, by=_holder(request, Permission.ASSESSMENT_READ))
    if not rows:
        raise LookupError(f"no assessment of {item}")
    return answer(rows)


@router.get(
    "/automatic/assessment/{assessment_id}",
    response={200: AssessmentView, **COMMON},
    operation_id="get_impact_assessment",
)
def get_assessment(request: HttpRequest, assessment_id: Id) -> HttpResponse:
    """Return one impact assessment with the versions whose rules it covers."""
    return answer(assessing.assessment(assessment_id, by=actor(request)))


class PhraseList(schemas.Body):
    """One page of phrases."""

    rows: list[PhraseView]
    after: int | None = Field(description="Key of the next page; null: this is the last.")


class Placement(schemas.Body):
    """Which permit a phrase needs."""

    item: schemas.Word = Field(default="", description="Slug of the permit; empty: none is needed.")
    note: schemas.Text = Field(default="", description="Why; required where none is needed.")


@router.get("/bans", response={200: BanList, **COMMON}, operation_id="list_bans")
def list_bans(
    request: HttpRequest, after: Annotated[int | None, Query(ge=1, le=2**62)] = None
) -> HttpResponse:
    """List who may not apply again for what until when, newest first."""
    rows, following = bans.bans(by=_reader(request), after=after)
    return answer({"rows": rows, "after": following})


@router.get("/load", response={200: list[LoadRow], **COMMON}, operation_id="list_load")
def list_load(request: HttpRequest) -> HttpResponse:
    """Count what each person holds where the caller gives work out, the most late first."""
    return answer(case_queries.load_per_person(by=actor(request), at=now(), calendar=calendar()))


@router.get("/figures", response={200: CaseFigures, **COMMON}, operation_id="get_case_figures")
def get_figures(
    request: HttpRequest,
    first: date | None = None,
    last: date | None = None,
    department: Annotated[str, Query(max_length=32)] = "",
    item: Annotated[str, Query(max_length=80)] = "",
) -> HttpResponse:
    """Return the figures over cases finished in a period (办件指标), by default this quarter.

    The sum stands in `total`, a line for each item of each department in `rows`; what a figure
    counts stands in the field of its key on `/desk/figures/`.
    """
    end = last or max(today(), first or today())
    asked = Asked(first=first or quarter_of(end), last=end, department=department, item=item)
    return answer(case_figures.figures(asked, by=actor(request), today=today()))


@router.get("/dual-notices", response={200: NoticeList, **COMMON}, operation_id="list_dual_notices")
def list_notices(
    request: HttpRequest,
    state: NoticeState | None = None,
    after: Annotated[str | None, Query(max_length=20)] = None,
) -> HttpResponse:
    """List the dual notices (双告知) of the caller's departments, newest first."""
    rows, following = registration.notices(
        by=_holder(request, Permission.NOTICE_HANDLE),
        today=today(),
        calendar=calendar(),
        state=state,
        after=after,
    )
    return answer({"rows": rows, "after": following})


@router.get(
    "/dual-notices/{number}", response={200: NoticeFile, **COMMON}, operation_id="get_dual_notice"
)
def get_notice(request: HttpRequest, number: Id) -> HttpResponse:
    """Return one dual notice with its steps."""
    return _notice(request, number)


@router.post(
    "/dual-notices/{number}/claim",
    response={200: NoticeFile, **COMMON},
    operation_id="claim_dual_notice",
)
def claim_notice(request: HttpRequest, number: Id) -> HttpResponse:
    """Claim a notice: it is ours, we follow the firm."""
    notices.claim(number=number, calendar=calendar(), by=actor(request), at=now())
    return _notice(request, number)


@router.post(
    "/dual-notices/{number}/return",
    response={200: NoticeFile, **COMMON},
    operation_id="return_dual_notice",
)
def return_notice(request: HttpRequest, number: Id, body: schemas.Wish) -> HttpResponse:
    """Return a notice that is not ours, with the reason and whose it may be."""
    notices.return_notice(number=number, reason=body.reason, by=actor(request), at=now())
    return _notice(request, number)


@router.post(
    "/dual-notices/{number}/reassign",
    response={200: NoticeFile, **COMMON},
    operation_id="reassign_dual_notice",
)
def reassign_notice(request: HttpRequest, number: Id, body: Reassignment) -> HttpResponse:
    """Give a returned notice to another department; by the registrar or the centre."""
    notices.reassign(
        number=number,
        department=body.department,
        reason=body.reason,
        calendar=calendar(),
        by=actor(request),
        at=now(),
    )
    return _notice(request, number)


@router.post(
    "/dual-notices/{number}/report",
    response={200: NoticeFile, **COMMON},
    operation_id="report_on_dual_notice",
)
def report_on_notice(request: HttpRequest, number: Id, body: NoticeReport) -> HttpResponse:
    """Report what became of the firm; `inspect` makes an inspection task of the department."""
    notices.report(
        number=number,
        step=body.step,
        note=body.note,
        calendar=calendar(),
        by=actor(request),
        at=now(),
    )
    return _notice(request, number)


@router.get("/scope-phrases", response={200: PhraseList, **COMMON}, operation_id="list_phrases")
def list_phrases(
    request: HttpRequest,
    text: Annotated[str, Query(max_length=80)] = "",
    waiting: bool = True,
    after: Annotated[int | None, Query(ge=1, le=2**62)] = None,
) -> HttpResponse:
    """List phrases of registered scopes that no rule places, for departments to find and claim."""
    rows, following = placing.phrases(
        by=_holder(request, Permission.NOTICE_HANDLE), text=text, waiting=waiting, after=after
    )
    return answer({"rows": rows, "after": following})


@router.post(
    "/scope-phrases/{number}/placement",
    response={200: PhraseView, **COMMON},
    operation_id="place_phrase",
)
def place_phrase(request: HttpRequest, number: Id, body: Placement) -> HttpResponse:
    """Say which permit a phrase needs, or that it needs none; the firm is told."""
    return answer(
        placing.place_phrase(
            number=number,
            item=body.item,
            note=body.note,
            calendar=calendar(),
            by=actor(request),
            at=now(),
        )
    )


@router.get(
    "/inspections", response={200: InspectionList, **COMMON}, operation_id="list_inspections"
)
def list_inspections(
    request: HttpRequest,
    state: InspectionState | None = None,
    after: Annotated[str | None, Query(max_length=20)] = None,
) -> HttpResponse:
    """List the inspection tasks (检查任务) of the caller's departments, newest first."""
    rows, following = supervision.inspections(
        by=_holder(request, Permission.INSPECTION_HANDLE),
        today=today(),
        calendar=calendar(),
        state=state,
        after=after,
    )
    return answer({"rows": rows, "after": following})


@router.get(
    "/inspections/{number}", response={200: InspectionView, **COMMON}, operation_id="get_inspection"
)
def get_inspection(request: HttpRequest, number: Id) -> HttpResponse:
    """Return one inspection task."""
    _holder(request, Permission.INSPECTION_HANDLE)
    return _inspection(request, number)


@router.post(
    "/inspections/{number}/take",
    response={200: InspectionView, **COMMON},
    operation_id="take_inspection",
)
def take_inspection(request: HttpRequest, number: Id) -> HttpResponse:
    """Take an inspection task."""
    inspections.take_inspection(number=number, by=actor(request), at=now())
    return _inspection(request, number)


@router.post(
    "/inspections/{number}/close",
    response={200: InspectionView, **COMMON},
    operation_id="close_inspection",
)
def close_inspection(request: HttpRequest, number: Id, body: InspectionFinding) -> HttpResponse:
    """Close an inspection with what it found; who asked for it is told."""
    inspections.close_inspection(
        number=number,
        result=body.result,
        finding=body.finding,
        by=actor(request),
        at=now(),
    )
    return _inspection(request, number)


def _inspection(request: HttpRequest, number: int) -> HttpResponse:
    return answer(
        supervision.inspection(number, by=actor(request), today=today(), calendar=calendar())
    )


def _notice(request: HttpRequest, number: int) -> HttpResponse:
    found, steps = registration.notice(
        number, by=actor(request), today=today(), calendar=calendar()
    )
    return answer({"notice": found, "steps": steps})


def _reader(request: HttpRequest) -> Actor:
    return _holder(request, Permission.CASE_READ)


def _holder(request: HttpRequest, permission: Permission) -> Actor:
    by = actor(request)
    if not by.may_somewhere(permission):
        raise PermissionRefusedError(
            f"该令牌没有“{permission.label}”的权限，请用有此权限的账号申请令牌。"
        )
    return by
