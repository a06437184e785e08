"""The register of normative documents: public pages, the desk of a legal officer, reminders."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client

from tests.factories import cases
from tests.factories.desk import signed_in
from tests.web.officer.keeping import words
from yiwang.audit.models import AuditEvent
from yiwang.catalogue.models import Norm, NormChange
from yiwang.catalogue.policy.norms import NormEntry, NormReview
from yiwang.catalogue.services import enter_norm
from yiwang.organisations.permissions import Actor, Post

pytestmark = pytest.mark.usefixtures("keepers")

TODAY = cases.FRIDAY.date()
LEGAL = Actor(ref="user:legal", name="卫法制", posts={"market": frozenset({Post.LEGAL_OFFICER})})
FIELDS = {
    "number": "示例府规 [2025] 9号",
    "title": "示例区餐饮许可管理办法",
    "issuer": "示例区人民政府",
    "department": "market",
    "issued_on": "2025-03-01",
    "valid_from": "2025-04-01",
    "valid_until": "2030-03-31",
    "legality": "passed",
    "fair_competition": "exempt",
    "replaces": "示例府规〔2020〕1号",
    "source": "示例区政府公报",
    "note": "",
}
NEW = "/desk/norms/new/"


def entry(**changes: Any) -> NormEntry:
    given: dict[str, Any] = {
        "number": "示例府规〔2020〕1号",
        "title": "示例区餐饮许可暂行办法",
        "issuer": "示例区人民政府",
        "issued_on": dt.date(2020, 1, 2),
        "valid_from": dt.date(2020, 2, 1),
        "valid_until": None,
        "department": "market",
        "legality": NormReview.PASSED,
        "fair_competition": NormReview.NOT_NEEDED,
        "source": "虚构",
    }
    return NormEntry(**given | changes)


def entered(**changes: Any) -> int:
    return enter_norm(entry=entry(**changes), by=LEGAL, at=cases.FRIDAY)


def table(query: str = "") -> list[dict[str, str]]:
    answer = Client().get(f"/norms/norms.csv{query}")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.req("REG-04")
def test_a_document_entered_on_the_desk_is_public_and_ends_what_it_replaces():
    old = entered()

    answer = signed_in("legal").post(NEW, FIELDS)

    assert answer.status_code == 302, words(answer)
    new = Norm.objects.get(number="示例府规〔2025〕9号")
    page = words(Client().get(f"/norms/{new.pk}/"))
    for said in (
        "示例区餐饮许可管理办法",
        "示例区人民政府",
        "2025-04-01",
        "2030-03-31",
        "现行有效",
        "审查通过",
        "适用例外规定",
        "示例府规〔2020〕1号",
    ):
        assert said in page
    ended = words(Client().get(f"/norms/{old}/"))
    assert "已废止" in ended
    assert "自 2025-04-01 起" in ended
    assert "示例府规〔2025〕9号" in ended
    in_force, over = words(Client().get("/norms/")), words(Client().get("/norms/?state=ended"))
    assert "示例区餐饮许可管理办法" in in_force
    assert "示例区餐饮许可暂行办法" not in in_force
    assert "示例区餐饮许可暂行办法" in over
    assert [row["文号"] for row in table("?state=ended")] == ["示例府规〔2020〕1号"]
    assert table("?state=all&q=管理办法")[0]["公平竞争审查"] == "适用例外规定"
    history = words(signed_in("legal").get(f"/desk/norms/{new.pk}/"))
    assert "卫法制" in history
    acts = AuditEvent.objects.filter(act="catalogue.norm_enter", actor="user:legal")
    assert acts.filter(target="norm:示例府规〔2025〕9号").count() == 1


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"number": "9号"}, "文号为“9号”，不是完整的文号。请写全"),
        ({"number": ""}, "请填写文号。"),
        ({"issued_on": "去年"}, "日期应为年-月-日"),
        ({"issued_on": "2026-12-01", "valid_from": "2026-12-01"}, "印发日期在今天以后"),
        ({"valid_from": "2025-02-01"}, "施行日期早于印发日期。"),
        ({"valid_until": "2025-03-02"}, "有效期至早于施行日期。"),
        ({"legality": ""}, "请选择合法性审查的结果。"),
        ({"legality": "exempt"}, "选择一个有效的选项"),
        ({"department": "housing"}, "选择一个有效的选项"),
        ({"replaces": "旧办法"}, "取代的文件中的“旧办法”不是完整的文号。"),
        ({"replaces": "示例府规〔2025〕9号"}, "取代的文件写了它自己的文号。"),
        ({"source": ""}, "请填写来源。"),
    ],
)
def test_bad_input_is_told_and_nothing_typed_is_lost(changes, told):
    answer = signed_in("legal").post(NEW, FIELDS | changes)

    assert answer.status_code == 422
    assert told in words(answer)
    assert "示例区餐饮许可管理办法" in answer.content.decode()
    assert not Norm.objects.exists()


def test_a_number_is_entered_once():
    entered(number="示例府规〔2025〕9号")

    answer = signed_in("legal").post(NEW, FIELDS)

    assert answer.status_code == 422
    assert "文号 示例府规〔2025〕9号 已经登记为《示例区餐饮许可暂行办法》" in words(answer)
    assert Norm.objects.count() == 1


@pytest.mark.req("REG-04")
def test_what_runs_out_and_what_ran_out_is_brought_to_mind_and_can_be_extended_in_time():
    client = signed_in("legal")
    assert "规范性文件快到期" not in words(client.get("/desk/"))
    soon = entered(valid_until=TODAY + dt.timedelta(days=30))
    entered(number="示例府规〔2020〕2号", title="旧办法", valid_until=TODAY - dt.timedelta(days=5))
    entered(number="示例府规〔2020〕3号", title="远办法", valid_until=dt.date(2035, 1, 1))

    assert "有 2 件规范性文件快到期、已到期" in words(client.get("/desk/"))
    page = words(client.get("/desk/norms/"))
    assert "90 天内到期" in page
    assert "剩 30 天" in page
    assert "最近 90 天到期失效" in page

    sent = {
        "document": "示例府办〔2026〕8号",
        "decided_on": "2026-03-02",
        "valid_until": "2031-01-31",
    }
    path = f"/desk/norms/{soon}/extend/"
    late = client.post(path, sent | {"decided_on": "2027-01-01", "confirmed": "1"})
    back = client.post(path, sent | {"valid_until": "2021-01-01", "confirmed": "1"})
    asked = client.post(path, sent)
    assert "决定日期在今天以后" in words(late)
    assert "新的有效期应晚于原来的" in words(back)
    assert "示例府办〔2026〕8号" in back.content.decode()
    assert "有效期延长到 2031-01-31" in words(asked)
    assert client.post(path, sent | {"confirmed": "1"}).status_code == 302

    assert "有 1 件规范性文件" in words(client.get("/desk/"))
    assert "2031-01-31" in words(Client().get(f"/norms/{soon}/"))
    assert "示例府办〔2026〕8号" in words(client.get(f"/desk/norms/{soon}/"))
    over = Norm.objects.get(number="示例府规〔2020〕2号").pk
    too_late = {"decided_on": TODAY.isoformat(), "valid_until": "2031-01-31", "confirmed": "1"}
    refused = client.post(f"/desk/norms/{over}/extend/", sent | too_late)
    assert "到期以后的决定不能延长它" in words(refused)


@pytest.mark.req("REG-04")
def test_a_repealed_document_that_items_cite_is_linked_from_them_and_brought_to_mind():
    key = entered(source="公报 [from memory]")
    assert "公报（待核对）" in words(Client().get(f"/norms/{key}/"))
    cases.publish(
        cases.restaurant(
            slug="stall",
            name="摊位许可",
            basis=[{"law": "示例区餐饮许可暂行办法", "article": "", "note": "示例府规〔2020〕1号"}],
        )
    )
    client = signed_in("legal")
    path = f"/desk/norms/{key}/repeal/"
    sent = {"document": "示例府规〔2026〕4号", "repealed_on": TODAY.isoformat()}

    assert f'href="/norms/{key}/"' in Client().get("/items/stall/").content.decode()
    assert "摊位许可" in words(Client().get(f"/norms/{key}/"))
    early = client.post(path, sent | {"repealed_on": "2019-01-01", "confirmed": "1"})
    assert "废止日期早于施行日期 2020-02-01" in words(early)
    assert "请填写依据的文号。" in words(client.post(path, sent | {"document": ""}))
    assert "有 1 个在用事项引用它" in words(client.post(path, sent))
    assert client.post(path, sent | {"confirmed": "1"}).status_code == 302

    assert "已废止" in words(Client().get("/items/stall/"))
    page = words(client.get("/desk/norms/"))
    assert "已经失效，在用事项还在引用" in page
    assert "摊位许可" in page
    again = client.post(path, sent | {"confirmed": "1"})
    assert "已由 示例府规〔2026〕4号 自" in words(again)


def as_typed(key: int, **changes: str) -> dict[str, str]:
    """Return what the form of a correction sends: the entry as it stands, but for `changes`."""
    row = Norm.objects.get(pk=key)
    given = {name: getattr(row, name) for name in FIELDS}
    sent = {name: "" if value is None else str(value) for name, value in given.items()}
    return sent | {"replaces": "\n".join(row.replaces), "reason": "已与区政府公报核对"} | changes


@pytest.mark.req("REG-04")
def test_a_mistyped_entry_is_put_right_with_its_reason_and_what_it_ended_by_mistake_stands_again():
    wrongly, rightly = entered(), entered(number="示例府规〔2020〕11号", title="摊位暂行办法")
    client = signed_in("legal")
    client.post(NEW, FIELDS)
    key = Norm.objects.get(number="示例府规〔2025〕9号").pk
    path = f"/desk/norms/{key}/correct/"
    assert "已废止" in words(Client().get(f"/norms/{wrongly}/"))
    shown = client.get(path).content.decode()
    assert 'value="示例区餐饮许可管理办法"' in shown
    assert path in client.get(f"/desk/norms/{key}/").content.decode()

    done = client.post(
        path,
        as_typed(
            key,
            number="示例府规〔2025〕8号",
            title="示例区摊位许可管理办法",
            valid_from="2025-05-01",
            replaces="示例府规〔2020〕11号",
        ),
    )

    assert done.status_code == 302, words(done)
    assert "现行有效" in words(Client().get(f"/norms/{wrongly}/"))
    ended = words(Client().get(f"/norms/{rightly}/"))
    assert "自 2025-05-01 起" in ended
    assert "示例府规〔2025〕8号" in ended
    assert "示例区摊位许可管理办法" in words(Client().get(f"/norms/{key}/"))
    history = words(client.get(f"/desk/norms/{key}/"))
    for said in (
        "更正登记",
        "已与区政府公报核对",
        "文号：示例府规〔2025〕9号 → 示例府规〔2025〕8号",
        "施行日期：2025-04-01 → 2025-05-01",
        "卫法制",
    ):
        assert said in history
    assert "因更正恢复" in words(client.get(f"/desk/norms/{wrongly}/"))
    (act,) = AuditEvent.objects.filter(act="catalogue.norm_correct", actor="user:legal")
    assert act.target == "norm:示例府规〔2025〕8号"


def test_a_number_put_right_is_found_by_what_replaced_it_already():
    mistyped = entered(number="示例府规〔2020〕7号")
    signed_in("legal").post(NEW, FIELDS)

    done = signed_in("legal").post(
        f"/desk/norms/{mistyped}/correct/", as_typed(mistyped, number="示例府规〔2020〕1号")
    )

    assert done.status_code == 302, words(done)
    page = words(Client().get(f"/norms/{mistyped}/"))
    assert "已废止" in page
    assert "示例府规〔2025〕9号" in page


def test_what_was_never_replaced_stands_again_when_its_number_is_put_right():
    mistyped = entered()
    signed_in("legal").post(NEW, FIELDS)
    assert "已废止" in words(Client().get(f"/norms/{mistyped}/"))

    path = f"/desk/norms/{mistyped}/correct/"
    signed_in("legal").post(path, as_typed(mistyped, note="核对无误"))
    assert "已废止" in words(Client().get(f"/norms/{mistyped}/"))
    signed_in("legal").post(path, as_typed(mistyped, number="示例府规〔2020〕7号"))

    assert "现行有效" in words(Client().get(f"/norms/{mistyped}/"))
    assert "因更正恢复" in words(signed_in("legal").get(f"/desk/norms/{mistyped}/"))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"reason": "", "title": "改"}, "请填写更正的原因，写明与哪份文本核对。"),
        ({"reason": "因" * 201, "title": "改"}, "最多 200 个字"),
        ({}, "更正后的内容与登记的相同，没有要更正的"),
        ({"number": "示例府规〔2021〕2号"}, "已经登记为《另一办法》"),
        ({"number": "2号"}, "不是完整的文号"),
        ({"issued_on": "2026-12-01", "valid_from": "2026-12-02"}, "印发日期在今天以后"),
        ({"valid_from": "2019-01-01"}, "施行日期早于印发日期。"),
        ({"valid_from": "2027-01-01"}, "施行日期不能晚于这一天"),
        ({"replaces": "示例府规〔2021〕2号"}, "才施行，晚于本文件"),
        ({"legality": "exempt"}, "选择一个有效的选项"),
        ({"department": "housing"}, "选择一个有效的选项"),
    ],
)
def test_a_correction_that_cannot_be_is_refused_whole(changes, told):
    key = entered()
    entered(number="示例府规〔2021〕2号", title="另一办法", valid_from=dt.date(2024, 1, 1))
    Norm.objects.filter(pk=key).update(
        repealed_on=dt.date(2026, 1, 1), repealed_by="示例府办〔2025〕1号"
    )
    before = list(Norm.objects.order_by("pk").values())

    answer = signed_in("legal").post(f"/desk/norms/{key}/correct/", as_typed(key, **changes))

    assert answer.status_code == 422
    assert told in words(answer)
    assert list(Norm.objects.order_by("pk").values()) == before
    assert not NormChange.objects.filter(act="correct").exists()


def test_nobody_else_puts_an_entry_right():
    key = entered()
    path = f"/desk/norms/{key}/correct/"

    assert signed_in("owner").post(path, as_typed(key, title="改")).status_code == 403
    Norm.objects.filter(pk=key).update(department="housing")
    assert signed_in("legal").get(path).status_code == 404
    assert signed_in("legal").post(path, as_typed(key, title="改")).status_code == 404


def test_only_a_legal_officer_of_the_department_keeps_it():
    key = entered()

    assert signed_in("owner").get("/desk/norms/").status_code == 403
    assert signed_in("owner").post(NEW, FIELDS).status_code == 403
    Norm.objects.filter(pk=key).update(department="housing")
    assert signed_in("legal").get(f"/desk/norms/{key}/").status_code == 404
    assert signed_in("legal").post(f"/desk/norms/{key}/repeal/", {}).status_code == 404
    replacing = signed_in("legal").post(NEW, FIELDS)
    assert replacing.status_code == 403
    assert Norm.objects.count() == 1


def test_the_list_is_searched_and_paged_by_key():
    for serial in range(1, 53):
        entered(number=f"示例府规〔2020〕{serial}号", title=f"办法{serial}甲")

    first = Client().get("/norms/")
    following = re.search(r'rel="next" href="([^"]+)"', first.content.decode())
    assert following
    second = words(Client().get(f"/norms/{following[1].replace('&amp;', '&')}"))
    assert "共 52 件" in words(first)
    assert "办法52甲" in words(first)
    assert "办法1甲" not in words(first)
    assert "办法1甲" in second
    assert "办法17甲" in words(Client().get("/norms/?q=办法17甲"))
    assert "没有找到相符的文件" in words(Client().get("/norms/?q=没有这样的"))
    assert Client().get("/norms/?state=weird").status_code == 200
    for odd in ("x", "9" * 30, "999999"):
        assert "请从列表第一页重新打开" in words(Client().get(f"/norms/?after={odd}"))
    assert Client().get("/norms/999999/").status_code == 404


def test_the_database_holds_what_the_register_promises():
    row = Norm.objects.get(pk=entered())
    for changes in (
        {"valid_until": dt.date(2019, 1, 1)},
        {"repealed_on": dt.date(2026, 1, 1)},
        {"repealed_on": dt.date(2019, 1, 1), "repealed_by": "9号"},
        {"legality": "exempt"},
        {"title": ""},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Norm.objects.filter(pk=row.pk).update(**changes)
    for broken in (
        lambda: Norm.objects.filter(pk=row.pk).update(number="2号"),
        lambda: Norm.objects.filter(pk=row.pk).update(valid_from=dt.date(2020, 3, 1)),
        lambda: NormChange.objects.update(by="user:x"),
        lambda: NormChange.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            broken()


def test_nobody_ends_the_document_of_another_department_before_it_is_entered():
    """Who says beforehand that theirs replaces it keeps the documents of their own alone."""
    number = "示例府规〔2020〕1号"
    other = Actor(ref="user:x", posts={"housing": frozenset({Post.LEGAL_OFFICER})})
    later = {"issued_on": dt.date(2021, 1, 2), "valid_from": dt.date(2021, 2, 1)}
    foreign = entry(number="示例建规〔2021〕2号", department="housing", replaces=(number,), **later)
    enter_norm(entry=foreign, by=other, at=cases.FRIDAY)

    enter_norm(entry=entry(number=number), by=LEGAL, at=cases.FRIDAY)

    row = Norm.objects.get(number=number)
    assert (row.repealed_on, row.repealed_by) == (None, "")


def test_a_document_entered_late_is_ended_by_a_later_one_of_its_own_department():
    number = "示例府规〔2020〕1号"
    later = entry(number="示例府规〔2021〕2号", valid_from=dt.date(2021, 2, 1), replaces=(number,))
    enter_norm(entry=later, by=LEGAL, at=cases.FRIDAY)

    enter_norm(entry=entry(number=number), by=LEGAL, at=cases.FRIDAY)

    assert Norm.objects.get(number=number).repealed_on == dt.date(2021, 2, 1)
