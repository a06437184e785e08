"""The figures on the desk: who opens them, what they say, and the file of them."""

from __future__ import annotations

import csv
import io

import pytest

from tests.cases.test_figures import on, world
from tests.factories import cases
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.audit import queries as trail
from yiwang.cases import services

pytestmark = pytest.mark.usefixtures("desk")
PAGE = "/desk/figures/"


@pytest.fixture
def made():
    """One finished case of each kind, counted."""
    found = world()
    services.measure_finished(calendar=cases.CALENDAR, at=on(3, 6, 12))
    return found


@pytest.mark.req("CASE-10")
def test_a_head_reads_each_figure_with_its_count_and_how_it_is_counted(made):
    shown = words(signed_in("head").get(PAGE))

    assert "2026-01-01 至 2026-03-06 办结的办件" in shown
    assert "33.3% 2 / 6" in shown
    assert "申请人一次也没有到窗口的 ÷ 期间办结、作出过决定的办件" in shown
    assert "现场核查、网上和邮寄不算" in shown
    assert "3.7 / 2.5" in shown
    assert "5.0 / 20.0" in shown
    assert "在办超期 1 1 查看办件：在办超期 今天仍在办" in shown


@pytest.mark.req("CASE-10")
def test_a_figure_leads_to_its_cases_and_they_to_their_files(made):
    head = signed_in("head")
    assert "/desk/figures/cases/zero_visits/" in head.get(PAGE).content.decode()

    listed = head.get("/desk/figures/cases/zero_visits/?first=2026-01-01&last=2026-03-06")

    assert made["portal"] in words(listed)
    assert made["late"] in words(listed)
    assert made["twice"] not in words(listed)
    assert f"/desk/cases/{made['portal']}/" in listed.content.decode()
    assert "没有这样的办件" in words(head.get("/desk/figures/cases/tolerance/"))
    assert "在办超期" in words(head.get("/desk/figures/cases/overdue/"))
    assert head.get("/desk/figures/cases/no-such/").status_code == 404


@pytest.mark.parametrize("login", ["leader", "auditor", "supervisor"])
def test_who_reads_no_cases_reads_figures_without_links(made, login):
    client = signed_in(login)
    answer = client.get(PAGE)

    assert "33.3% 2 / 6" in words(answer)
    assert "/desk/figures/cases/" not in answer.content.decode()
    assert client.get("/desk/figures/cases/deemed/").status_code == 403


@pytest.mark.parametrize("login", ["clerk", "reviewer", "sysadmin", "secadmin"])
def test_others_do_not_open_them(login):
    assert signed_in(login).get(PAGE).status_code == 403
    assert signed_in(login).get(f"{PAGE}export/").status_code == 403


def test_another_department_sees_its_own_nothing(made):
    shown = words(signed_in("stranger").get(PAGE))

    assert "这段时间没有办结的办件，请放宽期间。" in shown
    answer = signed_in("stranger").get(f"{PAGE}?department=market")
    assert answer.status_code == 422
    assert "您只能查看本部门的指标" in words(answer)


def test_an_item_narrows_and_leads_back(made):
    answer = signed_in("leader").get(
        f"{PAGE}?first=2026-03-05&last=2026-03-06&department=market&item={cases.RESTAURANT}"
    )

    assert "只看事项：餐饮服务许可（新办）" in words(answer)
    assert "看全部事项" in words(answer)


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("first=x&last=2026-03-01", "起始日期应为年-月-日，例如 2026-01-01。"),
        ("first=2026-03-02&last=2026-13-01", "截止日期应为年-月-日，例如 2026-03-31。"),
        ("first=2026-03-02&last=2026-03-01", "截止日期早于起始日期，请更正。"),
        ("department=nowhere", "请选择列出的部门，您只能查看本部门的指标。"),
    ],
)
@pytest.mark.parametrize("page", [PAGE, f"{PAGE}export/", f"{PAGE}cases/deemed/"])
def test_a_wrong_filter_is_told_and_kept(page, query, sentence):
    answer = signed_in("head").get(f"{page}?{query}")

    assert answer.status_code == 422
    assert sentence in words(answer)


def test_one_day_is_enough(made):
    head = signed_in("head")
    assert "2026-03-05 至 2026-03-06" in words(head.get(f"{PAGE}?first=2026-03-05"))
    assert "2026-01-01 至 2026-03-05" in words(head.get(f"{PAGE}?last=2026-03-05"))
    assert "2027-01-01 至 2027-01-01" in words(head.get(f"{PAGE}?first=2027-01-01"))
    assert made["portal"] in words(head.get(f"{PAGE}cases/zero_visits/?after=9999-12-31_1"))
    assert made["portal"] not in words(head.get(f"{PAGE}cases/zero_visits/?after=2000-01-01_1"))


@pytest.mark.req("CASE-10")
def test_the_file_holds_the_sum_and_each_item_and_stands_in_the_trail(made):
    answer = signed_in("leader").get(f"{PAGE}export/?first=2026-01-01&last=2026-03-06")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    head, total, row = csv.reader(io.StringIO(text))

    assert total[:4] == ["全部", "全部", "7", "6"]
    assert row[:4] == ["市场监管局", "餐饮服务许可（新办）", "7", "6"]
    for line in (total, row):
        values = dict(zip(head, line, strict=True))
        assert (values["平均用时"], values["用时中位数"]) == ("3.7", "2.5")
        assert (values["一次也不用跑"], values["一次也不用跑（共）"]) == ("2", "6")
    assert dict(zip(head, total, strict=True))["在办超期"] == "1"
    (told,) = trail.trail(act="cases.export_figures")
    assert told.actor == "user:leader"
    assert told.detail["first"] == "2026-01-01"


def test_the_page_asks_the_database_as_often_for_many_items_as_for_one(
    made, django_assert_max_num_queries
):
    head = signed_in("head")
    head.get(PAGE)

    with django_assert_max_num_queries(21):
        head.get(PAGE)
