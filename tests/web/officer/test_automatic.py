"""Pages of automatic handling: what ran, what waits for a person, the switch, the replay."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest

from tests.factories import automatic, cases
from tests.factories.automatic import Register, submit
from tests.factories.desk import hire_keepers, signed_in
from tests.web.officer.test_pages import words
from yiwang.audit import queries as trail
from yiwang.cases import services
from yiwang.cases.models.automatic import Replay
from yiwang.cases.policy.checks import Trouble
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.queries import automatic as questions
from yiwang.cases.services import checks
from yiwang.cases.services.automatic import SYSTEM
from yiwang.catalogue import queries as catalogue
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
    assert "没有工作人员准予而规则转人工的办件。" in page
    assert "分歧 1 件" in words(client.get("/desk/automatic/replays/"))
    assert signed_in("owner-housing").get(begun.url).status_code == 404


PERSONAL = ("王示范", "不符合户籍", "1400000", "/desk/cases/")
"""What stands in the cases, and how a page leads to one."""


@pytest.fixture
def replay(elder: PersonView) -> str:
    """Address of a replay with a refusal that rules grant and a grant that they hand over."""
    hire_keepers()
    version = cases.publish(automatic.senior(auto_rules=automatic.without("pension")))
    _decided_by_people(elder, grant=False)
    young = automatic.elder(
        id_number=automatic.registers.number(4, born_on=automatic.BORN.replace(year=1990))
    )
    _decided_by_people(young, grant=True)
    asked = services.ask_replay(
        item_slug=version.slug,
        department="market",
        rules=version.auto_rules,
        by=SYSTEM,
        at=cases.FRIDAY,
        version=version.version,
    )
    services.run_replay(replay_id=asked.id, by=SYSTEM, at=cases.FRIDAY)
    return f"/desk/automatic/replays/{asked.id}/"


def test_the_owner_of_rules_reads_why_people_refused_and_nothing_personal(replay):
    answer = signed_in("owner").get(replay)

    page = words(answer)
    assert (
        "《行政许可法》第三十八条第二款 第 1 行（已满65周岁，本市户籍，还没有敬老卡） 1 件" in page
    )
    assert "由审批部门（市场监管局）查看" in page
    assert "不予 · 审查建议不予" in page
    assert "第 1 行：“从出生日期到申请日已满的年数”要求“不小于 65 年”，符合" in page
    for personal in PERSONAL:
        assert personal not in answer.content.decode()
    reviewer = signed_in("head").get(replay).content.decode()
    assert "/desk/cases/" in reviewer
    assert "由审批部门" not in reviewer


def test_what_people_granted_shows_what_to_widen_and_its_cases(replay):
    client = signed_in("owner")
    page = words(client.get(replay))
    assert (
        "第 3 行（其他情形由工作人员核对） 最接近的是第 1 行（准予），没有符合的是："
        "从出生日期到申请日已满的年数“不小于 65 年” 1 件"
    ) in page
    (ground,) = (
        one for one in questions.grounds(int(replay.split("/")[-2])) if one.cause is not None
    )

    listed = client.get(f"{replay}?ground={ground.number}")

    assert "工作人员准予、规则转人工的办件" in words(listed)
    for personal in PERSONAL:
        assert personal not in listed.content.decode()
    for wrong in ("99", "x", "-1", "9" * 30):
        assert client.get(f"{replay}?ground={wrong}").status_code == 404
    odd = client.get(f"{replay}?after=x")
    assert odd.status_code == 422
    assert "请从列表第一页重新打开" in words(odd)


def test_differences_are_listed_a_page_at_a_time(replay, monkeypatch):
    other = automatic.elder(id_number=automatic.registers.number(7, born_on=automatic.BORN))
    _decided_by_people(other, grant=False, key="more")
    view = questions.replay(int(replay.split("/")[-2]))
    asked = services.ask_replay(
        item_slug=view.item_slug,
        department="market",
        rules=catalogue.item_version(view.item_slug, view.item_version).auto_rules,
        by=SYSTEM,
        at=cases.FRIDAY,
        version=view.item_version,
    )
    services.run_replay(replay_id=asked.id, by=SYSTEM, at=cases.FRIDAY)
    monkeypatch.setattr(questions, "PAGE", 1)
    client = signed_in("owner")
    path = f"/desk/automatic/replays/{asked.id}/"
    newest, older = questions.differences(asked.id, by=cases.REVIEWER, limit=5)

    first = client.get(path).content.decode()
    second = client.get(f"{path}?after={newest.id}").content.decode()

    assert "下一页" in first
    assert newest.query_code in first
    assert older.query_code not in first
    assert older.query_code in second
    assert "下一页" not in second


def test_the_file_of_differences_holds_nothing_personal_and_stands_in_the_trail(replay):
    answer = signed_in("owner").get(f"{replay}export/")

    text = answer.content.decode().removeprefix("\ufeff")
    refused, handed = csv.DictReader(io.StringIO(text))
    assert (refused["分歧"], refused["决定"]) == ("规则准予，工作人员不予", "不予")
    assert refused["不予的依据"] == "《行政许可法》第三十八条第二款"
    assert (handed["决定"], handed["不予的依据"], handed["规则的行"]) == ("准予", "", "otherwise")
    assert "“不小于 65 年”，不符合" in handed["规则怎样判断"]
    for personal in PERSONAL:
        assert personal not in text
    (told,) = trail.trail(act="cases.export_replay")
    assert (told.actor, told.target) == ("user:owner", f"item:{automatic.SENIOR}")
    assert signed_in("owner-housing").get(f"{replay}export/").status_code == 404
    assert signed_in("reviewer").get(f"{replay}export/").status_code == 403


def test_a_replay_in_which_all_agree_says_so_and_offers_no_file(elder):
    hire_keepers()
    version = cases.publish(automatic.senior(auto_rules=automatic.without("pension")))
    _decided_by_people(elder, grant=True)
    asked = services.ask_replay(
        item_slug=version.slug,
        department="market",
        rules=version.auto_rules,
        by=SYSTEM,
        at=cases.FRIDAY,
        version=version.version,
    )
    path = f"/desk/automatic/replays/{asked.id}/"
    client = signed_in("owner")
    assert "到目前为止没有规则准予而工作人员不予的办件。" in words(client.get(path))

    services.run_replay(replay_id=asked.id, by=SYSTEM, at=cases.FRIDAY)

    page = words(client.get(path))
    assert "没有规则准予而工作人员不予的办件。" in page
    assert "没有工作人员准予而规则转人工的办件。" in page
    assert "导出" not in page
    assert "分歧的办件" not in page


def test_a_replay_from_before_grounds_were_kept_says_so(replay):
    Replay.objects.update(grounds=[])

    page = words(signed_in("owner").get(replay))

    assert "这次回放没有记录不予的依据，请重新回放。" in page
    assert "这次回放没有记录转人工的原因，请重新回放。" in page


@pytest.mark.parametrize("draft", ["9" * 19, "9" * 5000])
def test_a_draft_that_cannot_be_is_not_found(elder, draft: str):
    hire_keepers()
    assert signed_in("owner").get(f"/desk/automatic/replays/?draft={draft}").status_code == 404


def test_without_past_cases_a_replay_says_so(elder):
    hire_keepers()

    page = signed_in("owner").post("/desk/automatic/replays/", {"item": automatic.SENIOR})

    assert page.status_code == 422
    assert "敬老卡申领：本事项还没有由工作人员作出决定的办件，不能回放" in words(page)


def _decided_by_people(elder: PersonView, *, grant: bool, key: str = "people") -> str:
    """Have people decide a case of the item; return its query code."""
    case = submit(elder, at=cases.FRIDAY, by_person=True, key=f"{key}-{grant}")
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
        reason="王示范不符合户籍要求",
        article="《行政许可法》第38条第二款，王示范",
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
