"""What systems of departments do with automatic handling, bans and dual notices."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.conftest import Caller, token
from tests.api.test_calls import opened, problem
from tests.factories import automatic, cases
from tests.registration.test_notices import RULES
from yiwang.cases.services import checks, run_replay, sampling
from yiwang.cases.services.automatic import SYSTEM
from yiwang.organisations.permissions import EVERYWHERE, Post
from yiwang.registration import services as services_of

SWITCH = f"/automatic/switches/{automatic.SENIOR}"


@pytest.fixture
def granted(callers) -> dict[str, Any]:
    """A card that rules granted, in the department of the invented cards."""
    undo = checks.put_in_place(automatic.Register())
    automatic.card_type()
    cases.publish(automatic.senior(department="market"))
    body = {
        "item": automatic.SENIOR,
        "applicant": automatic.elder().ref,
        "answers": {"kind": "first"},
        "window": "A03",
    }
    yield callers("clerk").post("/cases", body, key="a").json()
    undo()


def test_one_stops_an_item_and_two_let_it_go_on(callers, granted):
    head, approver = callers("head"), Caller(token("head2", posts={"market": Post.DEPARTMENT_HEAD}))

    (row,) = head.get("/automatic/switches").json()
    assert (row["item_slug"], row["on"]) == (automatic.SENIOR, True)
    stopped = head.post(SWITCH, {"act": "stop", "reason": "登记数据有误"})
    assert stopped.json()["on"] is False, stopped.content
    problem(head.post(SWITCH, {"act": "resume", "reason": "已更正"}), 422, "cases.switch_refused")
    head.post(SWITCH, {"act": "ask_resume", "reason": "已更正"})
    problem(head.post(SWITCH, {"act": "resume", "reason": "已更正"}), 422, "cases.switch_refused")
    assert approver.post(SWITCH, {"act": "resume", "reason": "已核对"}).json()["on"] is True


def test_staff_and_auditors_read_impact_assessments(callers, granted):
    auditor = Caller(token("auditor2", posts={EVERYWHERE: Post.AUDIT_ADMIN}))

    (row,) = auditor.get("/automatic/assessments").json()
    assert (row["item_slug"], row["readiness"]) == (automatic.SENIOR, "valid")
    (one,) = callers("head").get(f"/automatic/assessments/{automatic.SENIOR}").json()
    whole = auditor.get(f"/automatic/assessment/{one['id']}").json()
    assert whole["covers"] == [1]
    assert whole["points"]["risks"]
    assert whole["reads"][0]["source"] == "answer:kind"
    assert callers("stranger").get("/automatic/assessments").json() == []
    problem(auditor.get("/automatic/assessment/999999"), 404, "api.not_found")
    problem(callers("stranger").get(f"/automatic/assessment/{one['id']}"), 404, "api.not_found")
    problem(callers("clerk").get("/automatic/assessments"), 403, "organisations.permission_refused")


def test_runs_and_their_path_are_read_and_a_sample_is_reviewed(callers, granted):
    approver = callers("approver")
    (row,) = approver.get("/automatic/runs", item=automatic.SENIOR).json()["rows"]
    run = approver.get(f"/automatic/runs/{row['id']}").json()
    assert run["row"]["outcome"] == "grant"
    assert run["path"]
    problem(callers("stranger").get(f"/automatic/runs/{row['id']}"), 404, "cases.not_found")

    sampling.draw_sample(day=cases.FRIDAY.date(), seed="s", by=SYSTEM, at=cases.FRIDAY)
    reviewer = callers("reviewer")
    (waiting,) = reviewer.get("/automatic/reviews").json()
    path = f"/automatic/reviews/{waiting['id']}"
    problem(reviewer.post(path, {"verdict": "disagree"}), 422, "cases.text_refused")
    done = reviewer.post(path, {"verdict": "disagree", "reason": "户籍已迁出"}).json()
    assert done["verdict"] == "disagree"
    assert reviewer.get("/automatic/reviews").json() == []
    problem(reviewer.post(path, {"verdict": "confirm"}), 422, "cases.review_refused")


def test_without_rules_or_past_cases_there_is_nothing_to_replay(callers, granted):
    head = callers("head")
    for item in (automatic.SENIOR, cases.RESTAURANT):
        problem(head.post("/automatic/replays", {"item": item}), 422, "cases.replay_refused")
    problem(head.get("/automatic/replays/77"), 404, "api.not_found")


def test_a_replay_that_was_asked_tells_how_far_it_is(callers, granted):
    person = (
        callers("clerk")
        .post(
            "/cases",
            {
                "item": automatic.SENIOR,
                "applicant": automatic.elder(id_number=automatic.registers.number(5)).ref,
                "answers": {"kind": "first"},
                "window": "A03",
                "by_person": True,
            },
            key="p",
        )
        .json()
    )
    path = f"/cases/{person['number']}"
    callers("reviewer").post(f"{path}/acceptance", {})
    callers("reviewer").post(f"{path}/opinion", {"outcome": "grant", "opinion": "符合"})
    callers("approver").post(f"{path}/decision", {"outcome": "grant"})

    asked = callers("head").post("/automatic/replays", {"item": automatic.SENIOR})
    assert asked.status_code == 201, asked.content
    number = asked.json()["id"]
    assert callers("head").get(f"/automatic/replays/{number}").json()["done"] == 0
    run_replay(replay_id=number, by=SYSTEM, at=cases.FRIDAY)

    told = callers("head").get(f"/automatic/replays/{number}").json()
    assert (told["done"], told["finished_at"] is not None) == (told["total"], True)
    assert callers("head").get(f"/automatic/replays/{number}/differences").json() == []
    assert callers("head").get(f"/automatic/replays/{number}/grounds").json() == []
    problem(callers("clerk").get(f"/automatic/replays/{number}"), 403,
            "organisations.permission_refused")  # fmt: skip
    elsewhere = Caller(token("head3", posts={"housing": Post.DEPARTMENT_HEAD}))
    for path in ("", "/differences", "/grounds"):
        problem(elsewhere.get(f"/automatic/replays/{number}{path}"), 404, "api.not_found")


def test_grounds_and_differences_of_a_replay_are_read_without_personal_data(callers, granted):
    rules = automatic.without("pension")
    person = automatic.elder(id_number=automatic.registers.number(5, born_on=automatic.BORN))
    case = automatic.submit(person, at=cases.FRIDAY, by_person=True, key="people")
    path = f"/cases/{case.number}"
    callers("reviewer").post(f"{path}/acceptance", {})
    callers("reviewer").post(f"{path}/opinion", {"outcome": "refuse", "opinion": "王示范已迁出"})
    decision = {"outcome": "refuse", "reason": "王示范已迁出", "article": "第38条，王示范"}
    assert callers("approver").post(f"{path}/decision", decision).status_code == 200
    cases.publish(automatic.senior(department="market", auto_rules=rules))
    number = callers("head").post("/automatic/replays", {"item": automatic.SENIOR}).json()["id"]
    run_replay(replay_id=number, by=SYSTEM, at=cases.FRIDAY)
    owner = Caller(token("owner2", posts={"market": Post.ITEM_OWNER}))
    begins = f"/automatic/replays/{number}"

    (ground,) = owner.get(f"{begins}/grounds").json()
    answer = owner.get(f"{begins}/differences", ground=ground["number"])

    assert (ground["articles"], ground["row_number"], ground["count"]) == (["第三十八条"], 1, 1)
    (row,) = answer.json()
    assert (row["readable"], row["department"], row["refused_by"]) == (False, "market", "refuse")
    assert (row["articles"], row["proposed"]) == (["第三十八条"], "refuse")
    assert "王示范" not in answer.content.decode()
    assert owner.get(f"{begins}/differences", after=row["id"]).json() == []
    assert owner.get(f"{begins}/differences", kind="hand_over_grant").json() == []
    problem(owner.get(f"{begins}/differences", kind="agreed"), 422, "api.invalid")


def test_bans_and_dual_notices_are_listed_for_those_who_handle_them(callers):
    assert callers("head").get("/bans").json() == {"rows": [], "after": None}
    problem(callers("firm").get("/bans"), 403, "organisations.permission_refused")
    assert callers("head").get("/dual-notices").json() == {"rows": [], "after": None}
    problem(callers("head").get("/dual-notices/5"), 404, "registration.not_found")
    problem(callers("head").post("/dual-notices/5/claim", {}), 404, "registration.not_found")
    problem(callers("firm").get("/dual-notices"), 403, "organisations.permission_refused")


def test_a_department_reports_and_inspects_and_the_registrar_reassigns_by_api(callers):
    services_of.save_rules(RULES, by="system:test", at=cases.FRIDAY)
    for number, item in enumerate(("餐饮服务", "道路货物运输")):
        services_of.push_notices(
            rules=RULES,
            case_number=f"R{number}",
            entity_ref=cases.FIRM_REF,
            entity_name="上海示例餐饮管理有限公司",
            scope=item,
            calendar=cases.CALENDAR,
            by=SYSTEM,
            at=cases.FRIDAY,
        )
    head = callers("head")
    rows = {row["item_slug"]: row["id"] for row in head.get("/dual-notices").json()["rows"]}
    own, other = f"/dual-notices/{rows[cases.RESTAURANT]}", f"/dual-notices/{rows['road-freight']}"

    problem(head.post(f"{own}/report", {"step": "inspect", "note": "查"}), 422,
            "registration.step_refused")  # fmt: skip
    assert head.post(f"{own}/claim", {}).status_code == 200
    problem(head.post(f"{own}/report", {"step": "push", "note": "x"}), 422, "registration.refused")
    problem(head.post(f"{own}/report", {"step": "inspect"}), 422, "registration.refused")
    told = head.post(f"{own}/report", {"step": "inspect", "note": "疑似无证"}).json()
    assert told["notice"]["state"] == "to_inspection"
    problem(head.post(f"{other}/reassign", {"department": "market", "reason": "x"}), 422,
            "registration.step_refused")  # fmt: skip
    problem(callers("firm").post(f"{other}/report", {"step": "follow", "note": "x"}), 404,
            "registration.not_found")  # fmt: skip

    (task,) = head.get("/inspections", state="open").json()["rows"]
    path = f"/inspections/{task['id']}"
    problem(callers("firm").get("/inspections"), 403, "organisations.permission_refused")
    problem(callers("stranger").post(f"{path}/take", {}), 404, "supervision.inspection_not_found")
    assert head.get(path).json()["reason"] == "疑似无证"
    assert head.post(f"{path}/take", {}).json()["state"] == "taken"
    problem(head.post(f"{path}/close", {"result": "clean", "finding": ""}), 422,
            "supervision.inspection_refused")  # fmt: skip
    closed = head.post(f"{path}/close", {"result": "clean", "finding": "已停业"}).json()
    assert (closed["state"], closed["result"]) == ("closed", "clean")


def test_the_load_of_each_person_is_counted_for_whoever_gives_work_out(callers):
    number = opened(callers)["number"]
    callers("clerk").post(f"/cases/{number}/acceptance", {})
    callers("head").post(f"/cases/{number}/assignment", {"to": "user:reviewer"})

    rows = callers("head").get("/load").json()

    assert [(row["ref"], row["held"]) for row in rows] == [("user:reviewer", 1)]
    problem(callers("firm").get("/load"), 403, "cases.queue_refused")
