"""Pages of automatic handling: what ran, what waits for a person, the switch, the replay."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.factories import automatic, cases
from tests.factories.automatic import Register, submit
from tests.factories.desk import hire_keepers, signed_in
from tests.web.officer.test_pages import words
from yiwang.cases import services
from yiwang.cases.policy.checks import Trouble
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.queries import automatic as questions
from yiwang.cases.services import checks
from yiwang.cases.services.automatic import SYSTEM
from yiwang.registers.queries import PersonView

pytestmark = pytest.mark.usefixtures("desk")

SWITCH = f"/desk/automatic/items/{automatic.SENIOR}/"


@pytest.fixture
def register() -> Iterator[Register]:
    register = Register()
    undo = checks.put_in_place(register)
    yield register
    undo()


@pytest.fixture
def elder(register: Register) -> PersonView:
    automatic.card_type()
    cases.publish(automatic.senior())
    return automatic.elder()


def test_runs_are_listed_with_their_ground_and_opened_with_their_path(elder, register):
    granted = submit(elder, at=cases.FRIDAY)
    register.trouble = Trouble.DOWN
    submit(elder, at=cases.FRIDAY, kind="lost", key="two")
    client = signed_in("reviewer")

    listed = words(client.get("/desk/automatic/"))
    only = words(client.get("/desk/automatic/?outcome=grant&day=2026-03-06"))
    run = questions.runs(by=cases.REVIEWER).rows[-1]
    opened = words(client.get(f"/desk/automatic/runs/{run.id}/"))

    assert granted.query_code in listed
    assert "数据核验未得到可靠答复" in listed
    assert "数据核验未得到可靠答复" not in only
    assert "社会保险经办系统（测试）" in opened
    assert "要求“为‘是’”，符合" in opened
    assert "命中的行" not in opened
    assert signed_in("stranger").get(f"/desk/automatic/runs/{run.id}/").status_code == 404
    assert client.get("/desk/automatic/?day=yesterday").status_code == 422


def test_the_desk_sees_why_a_case_came_to_a_person(elder, register):
    register.trouble = Trouble.SLOW
    case = submit(elder, at=cases.FRIDAY)

    page = words(signed_in("reviewer").get(f"/desk/cases/{case.number}/"))

    assert "系统转人工：数据核验未得到可靠答复" in page


def test_a_sampled_grant_is_looked_at_and_the_item_stopped(elder):
    case = submit(elder, at=cases.FRIDAY)
    services.draw_sample(day=cases.FRIDAY.date(), seed="s", by=SYSTEM, at=cases.FRIDAY)
    (review,) = questions.reviews(by=cases.REVIEWER)
    client = signed_in("both")
    path = f"/desk/automatic/reviews/{review.id}/"

    assert case.query_code in words(client.get("/desk/automatic/reviews/"))
    assert "已满65周岁" in words(client.get(path))
    without = client.post(path, {"verdict": "disagree", "reason": "", "stop": "on"})
    assert without.status_code == 422
    done = client.post(path, {"verdict": "disagree", "reason": "户籍已迁出", "stop": "on"})

    assert done.status_code == 302
    assert "已停用" in words(client.get(SWITCH))
    assert "不同意" in words(client.get("/desk/automatic/reviews/?tab=done"))
    assert signed_in("stranger").get(path).status_code == 404


def test_the_switch_goes_off_by_one_and_on_by_two(elder):
    head, approver = signed_in("head"), signed_in("approver")

    assert head.post(SWITCH, {"act": "stop", "reason": " "}).status_code == 422
    assert head.post(SWITCH, {"act": "stop", "reason": "规则有误"}).status_code == 302
    assert head.post(SWITCH, {"act": "ask", "reason": "改好了"}).status_code == 302
    own = head.post(SWITCH, {"act": "resume", "reason": "自己"})
    assert own.status_code == 422
    assert "不能自己申请、自己确认" in words(own)
    assert approver.post(SWITCH, {"act": "resume", "reason": "核对无误"}).status_code == 302

    assert "运行中" in words(head.get("/desk/automatic/items/"))
    assert "规则有误" in words(head.get(SWITCH))
    assert signed_in("reviewer").post(SWITCH, {"act": "stop", "reason": "停"}).status_code == 403


def test_rules_are_replayed_and_what_differs_is_listed(elder):
    hire_keepers()
    cases.publish(automatic.senior(auto_rules=automatic.without("pension")))
    granted = _decided_by_people(elder, grant=True)
    other = automatic.elder(id_number=automatic.registers.number(4, born_on=automatic.BORN))
    refused = _decided_by_people(other, grant=False)
    client = signed_in("owner")

    begun = client.post("/desk/automatic/replays/", {"item": automatic.SENIOR})
    assert begun.status_code == 302
    assert "已回放 0 / 2 件" in words(client.get(begun.url))
    services.run_replay(replay_id=int(begun.url.split("/")[-2]), by=SYSTEM, at=cases.FRIDAY)
    page = words(client.get(begun.url))

    assert "规则准予，工作人员也准予 1 件" in page
    assert granted not in page
    assert "规则准予，工作人员不予（分歧） 1 件" in page
    assert refused in page
    assert "可以作为发布依据至" in page
    assert "分歧 1 件" in words(client.get("/desk/automatic/replays/"))
    assert signed_in("owner-housing").get(begun.url).status_code == 404


@pytest.mark.parametrize("draft", ["9" * 19, "9" * 5000])
def test_a_draft_that_cannot_be_is_not_found(elder, draft: str):
    hire_keepers()
    assert signed_in("owner").get(f"/desk/automatic/replays/?draft={draft}").status_code == 404


def test_without_past_cases_a_replay_says_so(elder):
    hire_keepers()

    page = signed_in("owner").post("/desk/automatic/replays/", {"item": automatic.SENIOR})

    assert page.status_code == 422
    assert "敬老卡申领：本事项还没有由工作人员作出决定的办件，不能回放" in words(page)


def _decided_by_people(elder: PersonView, *, grant: bool) -> str:
    """Have people decide a case of the item; return its query code."""
    case = submit(elder, at=cases.FRIDAY, by_person=True, key=f"people-{grant}")
    services.accept_case(
        number=case.number, calendar=cases.CALENDAR, by=cases.REVIEWER, at=cases.FRIDAY
    )
    outcome = Outcome.GRANT if grant else Outcome.REFUSE
    services.propose(
        number=case.number, outcome=outcome, opinion="核对", by=cases.REVIEWER, at=cases.FRIDAY
    )
    services.decide(
        number=case.number,
        outcome=outcome,
        reason="不符合",
        article="第三十三条",
        calendar=cases.CALENDAR,
        by=cases.APPROVER,
        at=cases.FRIDAY,
    )
    return case.query_code


@pytest.mark.req("CASE-10")
def test_somebody_else_reviews_a_sampled_decision_of_people_and_the_figures_count_it():
    case = cases.decided()
    services.draw_handled(day=cases.FRIDAY.date(), seed="s", by=SYSTEM, at=cases.FRIDAY)
    handled, other = signed_in("reviewer"), signed_in("head")
    assert case.query_code not in words(handled.get("/desk/automatic/reviews/"))
    page = other.get("/desk/automatic/reviews/")
    assert case.query_code in words(page)
    assert "人工办件抽查" in words(page)
    (review,) = questions.reviews(by=cases.HEAD)
    path = f"/desk/automatic/reviews/{review.id}/"

    own = handled.post(path, {"verdict": "confirm", "reason": ""})
    silent = other.post(path, {"verdict": "disagree", "reason": " "})
    assert own.status_code == silent.status_code == 422
    assert "您办理过这一件，不能自己复核，请由没有经手的人员复核。" in words(own)
    assert "请填写复核的理由" in words(silent)
    assert "停用本事项的自动办理" not in words(other.get(path))

    other.post(path, {"verdict": "disagree", "reason": "房屋权属材料不能证明场所"})

    shown = words(other.get("/desk/automatic/reviews/?tab=done"))
    assert "不同意" in shown
    figures = words(other.get("/desk/figures/?first=2026-03-01&last=2026-03-06"))
    assert "抽查复核同意 0.0% 0 / 1" in figures
