"""Switches, bans and missed clocks at the terminal, in the name of a person."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from click.testing import Result

from tests.cli.conftest import Operate
from tests.factories import automatic, cases, desk
from tests.factories.assessments import assess
from yiwang.audit.queries import trail
from yiwang.cases import services
from yiwang.cases.models.assessing import ImpactAssessment
from yiwang.cases.policy.bans import BanKind
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.queries import CaseNotFoundError, QueueRefusedError
from yiwang.cases.queries.bans import ban_of
from yiwang.cases.queries.figures import PeriodRefusedError
from yiwang.cases.services import BanRefusedError, SwitchRefusedError
from yiwang.catalogue import queries as catalogue
from yiwang.organisations.permissions import Actor, PermissionRefusedError, Post

WHY = ("--reason", "规则有误")
DECIDER = Actor(ref="user:second", name="钱审批", posts={"market": frozenset({Post.APPROVER})})


@pytest.fixture(autouse=True)
def _on_friday(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("yiwang.cli.output.timezone.now", lambda: cases.FRIDAY)


@pytest.fixture
def _automatic(whole_district: None) -> None:
    desk.hire("head", "approver", "reviewer", "stranger", "sysadmin")
    automatic.card_type()
    cases.publish(automatic.senior())


@pytest.fixture
def banned(db: None) -> str:
    """Return the number of a case of which a ban came."""
    cases.district(items=False)
    desk.hire("head", "approver", "reviewer", "stranger", "sysadmin")
    cases.publish(cases.without_materials(direct_safety="直接关系人身健康。"))
    number = cases.decided(Outcome.REFUSE).number
    services.impose_ban(
        number=number,
        kind=BanKind.FALSE_MATERIAL,
        facts="健康证明系伪造。",
        by=DECIDER,
        at=cases.FRIDAY,
    )
    return number


def refused(result: Result, error: type[Exception], words: str) -> None:
    assert isinstance(result.exception, error), result.output
    assert words in str(result.exception)


@pytest.mark.usefixtures("_automatic")
def test_one_person_stops_an_item_and_asks_that_it_goes_on(operate: Operate) -> None:
    item = automatic.SENIOR
    assert operate("automatic", "switches", "--as", "head").exit_code == 0

    stopped = operate("automatic", "stop", item, "--as", "head", *WHY)
    assert "已停用  周负责：规则有误" in stopped.output
    assert operate("automatic", "switches", "--as", "head").exit_code == 1
    again = operate("automatic", "stop", item, "--as", "head", *WHY)
    refused(again, SwitchRefusedError, "已经停用")
    assert operate("automatic", "ask-resume", item, "--as", "head", *WHY).exit_code == 0
    listed = operate("automatic", "switches", "--as", "approver", "--json").output
    assert json.loads(listed.splitlines()[0])["on"] is False
    acts = trail(target=f"item:{item}")
    assert {(one.actor, one.ip) for one in acts if one.act.startswith("cases.automatic_")} == {
        ("user:head", "terminal"),
    }


@pytest.mark.usefixtures("_automatic")
def test_assessments_that_are_missing_or_due_are_listed(operate: Operate) -> None:
    sound = operate("automatic", "assessments", "--as", "head")
    assert (sound.exit_code, sound.output) == (0, "")
    every = operate("automatic", "assessments", "--as", "head", "--all").output
    assert "敬老卡申领（market）  有效  下次复评 2027-01-01" in every

    ImpactAssessment.objects.update(state="archived", archived_on=cases.FRIDAY.date())
    (line,) = operate("automatic", "assessments", "--as", "head", "--json").output.splitlines()
    assert json.loads(line)["readiness"] == "missing"
    assess(catalogue.item(automatic.SENIOR, on=cases.FRIDAY.date()), sources=["answer:kind"])
    unsound = operate("automatic", "assessments", "--as", "head")
    assert unsound.exit_code == 1
    assert "新读取的数据没有评估：登记库：出生日期、" in unsound.output

    refused(
        operate("automatic", "assessments", "--as", "sysadmin"),
        PermissionRefusedError,
        "“sysadmin”没有“查看个人信息保护影响评估”的权限",
    )


@pytest.mark.usefixtures("_automatic")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing", "--as", "head", *WHY), "没有自动办理的事项“nothing”"),
        ((automatic.SENIOR, "--as", "nobody", *WHY), "没有登录名为“nobody”的在用账号"),
        ((automatic.SENIOR, "--as", "head"), "--reason"),
        ((automatic.SENIOR, *WHY), "--as"),
    ],
)
@pytest.mark.parametrize("act", ["stop", "ask-resume"])
def test_a_switch_says_what_is_missing(
    operate: Operate, act: str, words: tuple[str, ...], said: str
) -> None:
    result = operate("automatic", act, *words)

    assert (result.exit_code, said in result.output) == (2, True), result.output
    assert not [one for one in trail() if one.act.startswith("cases.automatic_")]


@pytest.mark.usefixtures("_automatic")
def test_a_switch_is_for_who_may_and_wants_a_reason(operate: Operate) -> None:
    for login in ("reviewer", "stranger", "sysadmin"):
        result = operate("automatic", "stop", automatic.SENIOR, "--as", login, *WHY)
        refused(result, PermissionRefusedError, "停用和恢复自动办理")
    blank = operate("automatic", "stop", automatic.SENIOR, "--as", "head", "--reason", "  ")
    refused(blank, services.TextRefusedError, "停用的理由")
    listed = operate("automatic", "switches", "--as", "sysadmin")
    refused(listed, PermissionRefusedError, "“sysadmin”没有")

    assert operate("automatic", "switches", "--as", "stranger").output == ""
    assert operate("automatic", "switches", "--as", "head").exit_code == 0


def test_a_ban_is_listed_with_the_name_masked_and_lifted_once(
    operate: Operate, banned: str
) -> None:
    listed = operate("bans", "list", "--as", "head").output
    name = json.loads(operate("bans", "list", "--as", "head", "--json").output)["applicant_name"]
    assert banned in listed
    assert set(name[1:]) == {"*"}
    assert operate("bans", "list", "--as", "stranger").output == ""

    lifted = operate("bans", "lift", banned, "--as", "approver", "--reason", "复核属实")
    assert lifted.output == f"已解除办件 {banned} 的限制。\n"

    assert operate("bans", "list", "--as", "head").output == ""
    assert "已解除：复核属实" in operate("bans", "list", "--all", "--as", "head").output
    again = operate("bans", "lift", banned, "--as", "approver", *WHY)
    refused(again, BanRefusedError, "解除")
    (act,) = trail(act="cases.lift_ban")
    assert (act.actor, act.ip) == ("user:approver", "terminal")


def test_a_ban_is_not_lifted_without_reason_permission_or_ban(
    operate: Operate, banned: str
) -> None:
    lift = ("bans", "lift")
    refused(operate(*lift, "310", "--as", "approver", *WHY), CaseNotFoundError, "没有找到")
    refused(operate(*lift, banned, "--as", "stranger", *WHY), CaseNotFoundError, "没有找到")
    refused(operate(*lift, banned, "--as", "reviewer", *WHY), PermissionRefusedError, "撤销")
    blank = operate(*lift, banned, "--as", "approver", "--reason", " ")
    refused(blank, services.TextRefusedError, "解除的理由")
    refused(operate("bans", "list", "--as", "sysadmin"), PermissionRefusedError, "没有")
    for words, said in (
        ((banned, "--as", "approver"), "--reason"),
        ((banned, "--as", "nobody", *WHY), "没有登录名为“nobody”"),
    ):
        result = operate(*lift, *words)
        assert (result.exit_code, said in result.output) == (2, True), result.output

    found = ban_of(banned, by=cases.HEAD)
    assert found is not None
    assert found.lifted_on is None


def test_missed_clocks_are_listed_for_who_gives_work_out(
    operate: Operate, banned: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert operate("cases", "missed", "--as", "head").exit_code == 0
    late = cases.FRIDAY + dt.timedelta(days=60)
    monkeypatch.setattr("yiwang.cli.output.timezone.now", lambda: late)
    operate("cases", "report-missed")

    result = operate("cases", "missed", "--as", "head")

    assert (result.exit_code, banned in result.output) == (1, True), result.output
    line = operate("cases", "missed", "--all", "--json", "--as", "head").output.splitlines()[0]
    assert json.loads(line)["department"] == "market"
    assert operate("cases", "missed", "--as", "stranger").output == ""
    refused(operate("cases", "missed", "--as", "reviewer"), QueueRefusedError, "分派办件")
    unknown = operate("cases", "missed", "--as", "nobody")
    assert (unknown.exit_code, "没有登录名为“nobody”" in unknown.output) == (2, True)


def test_who_has_left_acts_no_more(operate: Operate, banned: str) -> None:
    assert operate("users", "close", "approver", "--reason", "离职").exit_code == 0

    result = operate("bans", "lift", banned, "--as", "approver", *WHY)

    assert (result.exit_code, "没有登录名为“approver”的在用账号" in result.output) == (2, True)


@pytest.mark.usefixtures("easy_district")
def test_figures_are_counted_and_shown(operate: Operate, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("yiwang.content.queries.workday_calendar", lambda: cases.CALENDAR)
    desk.hire("head", "sysadmin")
    cases.closed()

    shown = operate("cases", "figures", "--as", "head", "--count").output

    assert "2026-01-01 至 2026-03-06：办结 1 件，作出决定 1 件。" in shown
    assert "只跑一次  1 / 1  100.0%" in shown
    told = json.loads(operate("cases", "figures", "--as", "head", "--json").output)
    assert told["total"]["shares"]["one_visit"]["part"] == 1
    wrong = operate(
        "cases", "figures", "--as", "head", "--last", "2026-01-01", "--first", "2026-02-01"
    )
    refused(wrong, PeriodRefusedError, "截止日期早于起始日期")
    refused(operate("cases", "figures", "--as", "sysadmin"), PermissionRefusedError, "查看办件指标")
