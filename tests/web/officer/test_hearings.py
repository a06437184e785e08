"""Hearings as anybody reads of them: coming, moved, dropped, held, and those kept closed."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from tests.cases.test_procedure import end_hearing, on, set_hearing
from tests.factories import cases
from tests.factories.desk import signed_in
from yiwang.cases import services
from yiwang.cases.models import Case, CaseDocument, Hearing
from yiwang.cases.policy.procedure import ClosedGround, HearingEnd
from yiwang.cases.queries import PAGE_LIMIT
from yiwang.cases.queries.hearings import Standing, announced_hearings
from yiwang.cases.services import ProcedureRefusedError
from yiwang.web.views import Page

pytestmark = pytest.mark.usefixtures("desk")

CLOSED = {
    "public": False,
    "closed_ground": ClosedGround.BUSINESS_SECRET,
    "closed_because": "材料含配方工艺",
    "place": "保密会议室",
}


def asked(**changes) -> str:
    number = cases.hearing(**changes).number
    services.request_hearing(
        number=number,
        text="邻居王某说油烟扰民",
        calendar=cases.CALENDAR,
        by=cases.FIRM,
        at=on("2026-03-09"),
    )
    return number


def told(**changes) -> str:
    number = asked()
    set_hearing(number, **({"chair": "user:head"} | changes))
    return number


def text(client: Client, url: str, *, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status, answer.content.decode()
    return answer.content.decode()


def key(number: str) -> int:
    return Hearing.objects.get(case__number=number).pk


@pytest.fixture
def clock(desk, monkeypatch):
    """Show pages as on a moment."""

    def at(day: str, hour: int = 9):
        monkeypatch.setattr("django.utils.timezone.now", lambda: on(day, hour))
        monkeypatch.setattr(Page, "at", on(day, hour))

    at("2026-03-17")
    return at


def test_a_hearing_that_was_set_is_announced_with_what_the_law_wants(client: Client, clock):
    assert "目前没有即将举行的听证" in text(client, "/hearings/")
    number = told()

    shown = text(client, "/hearings/")
    page = text(client, f"/hearings/{key(number)}/")

    for words in (
        "餐饮服务许可（新办）",
        "上海示例餐饮管理有限公司",
        "行政服务中心三楼",
        "2026-03-26",
    ):
        assert words in shown
        assert words in page
    assert "即将举行" in shown
    assert "怎样参加" in page
    assert "可以旁听" in page
    for secret in (number, "邻居王某", cases.page(number).case.query_code):
        assert secret not in shown
        assert secret not in page


def test_a_hearing_that_was_asked_for_and_not_set_is_not_announced(client: Client, clock):
    number = asked()

    assert text(client, "/hearings/").count("/hearings/1") == 0
    text(client, f"/hearings/{key(number)}/", status=404)


def test_of_a_person_only_the_family_name_is_published(client: Client, clock):
    number = told()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cases_case DISABLE TRIGGER USER")
        Case.objects.filter(number=number).update(applicant_kind="person", applicant_name="钱示例")
        cursor.execute("ALTER TABLE cases_case ENABLE TRIGGER USER")

    for url in ("/hearings/", f"/hearings/{key(number)}/", "/api/v1/hearings"):
        page = text(client, url)
        assert "钱示例" not in page
        assert "钱*" in page


@pytest.mark.usefixtures("clock")
def test_a_moved_hearing_says_so_on_the_page_and_in_a_new_letter(client: Client):
    number = told()
    with pytest.raises(ProcedureRefusedError, match="确需更改的，请写明更改的理由"):
        set_hearing(number, chair="user:head", held_at=on("2026-03-27", 14))

    set_hearing(
        number,
        chair="user:head",
        held_at=on("2026-03-27", 14),
        place="二楼",
        moved_because="主持人王某住院",
    )

    page = text(client, f"/hearings/{key(number)}/")
    assert "有更改：原定2026-03-26 09:00举行" in page
    assert "2026-03-27 14:00" in page
    assert "二楼" in page
    assert "王某住院" not in page
    assert "有更改" in text(client, "/hearings/")
    letters = list(
        CaseDocument.objects.filter(case__number=number, kind="hearing_notice").order_by("id")
    )
    assert len(letters) == 2
    assert "理由：主持人王某住院" in letters[1].body["paragraphs"][0]
    assert "主持人王某住院" in signed_in("reviewer").get(f"/desk/cases/{number}/").content.decode()


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"moved_because": "有变"}, "还没有通知过"),
        ({"public": False}, "请选择涉及国家秘密、商业秘密或者个人隐私，并写明理由"),
        (CLOSED | {"closed_because": " "}, "并写明理由"),
        (CLOSED | {"closed_ground": None}, "请选择涉及国家秘密"),
        ({"closed_because": "有秘密"}, "公开举行的听证不填"),
    ],
)
def test_what_the_law_does_not_know_is_refused_and_nothing_is_set(changes, words):
    number = asked()

    with pytest.raises(ProcedureRefusedError, match=words):
        set_hearing(number, chair="user:head", **changes)

    assert Hearing.objects.get().set_on is None


def test_a_closed_hearing_is_on_no_public_page_and_its_reason_on_the_desk(client: Client, clock):
    number = told(**CLOSED)

    assert "保密会议室" not in text(client, "/hearings/")
    text(client, f"/hearings/{key(number)}/", status=404)
    api = client.get("/api/v1/hearings").json()
    assert api["coming"] == []
    desk = signed_in("reviewer").get(f"/desk/cases/{number}/").content.decode()
    assert "涉及商业秘密" in desk
    assert "材料含配方工艺" in desk


@pytest.mark.usefixtures("clock")
def test_the_page_of_the_reviewer_asks_why_a_hearing_is_closed_or_moved(client: Client):
    number = asked()
    url = f"/desk/cases/{number}/hearing/notice/"
    reviewer = signed_in("reviewer")
    assert "更改的理由" not in reviewer.get(url).content.decode()

    def sent(**changes):
        good = {"on": "2026-03-30", "time": "09:30", "place": "三楼", "chair": "user:head"}
        good["closed"] = "public"
        version = cases.page(number).case.version
        return reviewer.post(url, {"version": version, **good, **changes})

    answer = sent(closed="privacy", confirmed="1")
    assert answer.status_code == 422
    assert "请填写不公开的理由" in answer.content.decode()
    answer = sent(closed_because="有病历")
    assert "公开举行的不填不公开的理由" in answer.content.decode()
    assert "有病历" in answer.content.decode()
    assert "请选择是否公开举行" in sent(closed="x").content.decode()
    shown = sent().content.decode()
    assert "个人只写姓氏" in shown
    assert sent(confirmed="1").status_code == 302

    page = reviewer.get(url).content.decode()
    assert "更改听证的时间、地点" in page
    assert "更改听证的时间、地点" in reviewer.get(f"/desk/cases/{number}/").content.decode()
    answer = sent(on="2026-03-31", confirmed="1")
    assert answer.status_code == 422
    assert "请填写更改的理由" in answer.content.decode()
    assert sent(on="2026-03-31", moved_because="会场停电", confirmed="1").status_code == 302
    assert "有更改：原定2026-03-30 09:30" in text(client, f"/hearings/{key(number)}/")
    stranger = signed_in("clerk").post(url, {"version": 1})
    assert stranger.status_code in {403, 404}


def test_one_moved_behind_closed_doors_leaves_the_public_page(client: Client, clock):
    number = told()
    set_hearing(number, chair="user:head", moved_because="查明涉密", **CLOSED)

    text(client, f"/hearings/{key(number)}/", status=404)


def test_dropped_and_held_hearings_come_after_those_that_are_coming(client: Client, clock):
    dropped, held, coming = told(), told(), told(held_at=on("2026-04-02"))
    end_hearing(dropped, end=HearingEnd.WAIVED, record="书面放弃", at=on("2026-03-18"))
    end_hearing(held)
    clock("2026-03-27")

    page = announced_hearings(at=on("2026-03-27"))

    assert [(one.id, one.standing) for one in (*page.coming, *page.past)] == [
        (key(coming), Standing.COMING),
        (key(held), Standing.HELD),
        (key(dropped), Standing.DROPPED),
    ]
    assert "本次听证取消举行，请不要前往" in text(client, f"/hearings/{key(dropped)}/")
    assert "本次听证已经举行" in text(client, f"/hearings/{key(held)}/")
    begun = announced_hearings(at=on("2026-04-03"))
    assert (begun.coming, begun.past[0].standing) == ((), Standing.BEGUN)
    first = announced_hearings(at=on("2026-03-27"), limit=1)
    assert first.after is not None
    more = announced_hearings(at=on("2026-03-27"), after=first.after, limit=PAGE_LIMIT)
    assert (more.coming, [one.id for one in more.past], more.after) == ((), [key(dropped)], None)


def test_hearings_on_unpublished_items_are_not_announced(client: Client, clock, monkeypatch):
    number = told()
    monkeypatch.setattr(
        "yiwang.catalogue.queries.unpublished_slugs",
        lambda: frozenset({cases.page(number).case.item_slug}),
    )

    text(client, f"/hearings/{key(number)}/", status=404)


def test_programs_read_the_list_and_are_told_when_it_is_unchanged(client: Client, clock):
    number = told()

    answer = client.get("/api/v1/hearings")

    (row,) = answer.json()["coming"]
    assert (row["id"], row["standing"], row["place"]) == (
        key(number),
        "coming",
        "行政服务中心三楼",
    )
    again = client.get("/api/v1/hearings", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again["Cache-Control"]) == (304, "no-cache")


@pytest.mark.parametrize("after", ["x", "2026-03-26_1", "2026-03-26T09:00:00+08:00_x", "%00"])
def test_a_key_that_no_page_gave_is_refused_in_words(client: Client, after: str):
    assert "请从列表第一页重新打开" in text(client, f"/hearings/?after={after}", status=422)
    assert client.get("/api/v1/hearings", {"after": after}).status_code in {403, 422}


def test_a_number_of_any_length_is_a_page_that_is_not_there(client: Client):
    for one in ("0", "1" * 18, "9" * 30):
        text(client, f"/hearings/{one}/", status=404)


def test_footer_site_map_and_open_data_lead_there(client: Client):
    for url in ("/help/", "/sitemap/"):
        assert 'href="/hearings/"' in text(client, url)
    assert 'href="/api/v1/hearings"' in text(client, "/opendata/")


def test_the_database_keeps_no_closed_hearing_without_and_no_change_without_a_reason(clock):
    told()
    for name, wrong in (
        ("cases_hearing_is_public_or_says_why_not", {"public": False}),
        ("cases_hearing_moved_from_a_time_with_a_reason", {"moved_on": on("2026-03-20").date()}),
    ):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Hearing.objects.update(**wrong)
