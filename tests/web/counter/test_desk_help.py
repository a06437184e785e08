"""What helps a clerk at the desk: a licence scanned, one key per act, advice about papers."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.cases.policy.test_prechecks import letter, photo
from tests.factories import cases, licences
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.audit.queries import trail
from yiwang.cases.models import Case
from yiwang.cases.policy.prechecks import Grade, PreCheck
from yiwang.cases.queries.prechecks import findings_of
from yiwang.licences import queries as licence_queries

pytestmark = pytest.mark.usefixtures("desk")

PAPERS = f"/counter/{cases.FIRM_REF}/with-papers/"
ANSWERS = {
    "kind": "catering",
    "address": "嘉定区南翔镇示例路11号",
    "area_m2": "80",
    "phone": "13900001234",
}


@pytest.fixture
def papers():
    definition = cases.restaurant(slug="with-papers")
    definition["handling_code"] = "11310114XXXX01011H431013100100003"
    cases.publish(definition)


def licence(**changes):
    known = {
        "holder_ref": cases.FIRM_REF,
        "valid_from": dt.date(2026, 3, 1),
        "at": cases.FRIDAY - dt.timedelta(days=5),
    }
    return licences.issue(**(known | changes))


def find(words_):
    return signed_in("clerk").post("/counter/", {"words": words_, "window": "A03"})


@pytest.mark.parametrize("spell", [str, str.lower])
def test_a_licence_scanned_off_the_wallet_finds_its_holder_who_sees_the_look(spell):
    one = licence()

    answer = find(spell(one.url))

    assert answer.headers["Location"] == f"/counter/{cases.FIRM_REF}/"
    assert len(licence_queries.checks(one.identifier)) == 1


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("HTTP://X.EXAMPLE/V/ABCDEFGHJKMNPQRS", "没有查到这个核验码对应的证照"),
        ("/v/" + "A" * 60, "没有查到这个核验码对应的证照"),
        ("https://x.example/V/短", "没有找到"),
    ],
)
def test_a_code_that_is_no_licence_says_what_to_do(code, sentence):
    answer = find(code)

    assert answer.status_code == 422
    assert sentence in words(answer)


def test_an_expired_licence_identifies_nobody():
    one = licence(valid_until=dt.date(2026, 3, 6))

    answer = find(one.url)

    assert answer.status_code == 422


def test_every_page_of_the_desk_lists_its_keys_and_numbers_what_can_be_chosen():
    clerk = signed_in("clerk")
    items = clerk.get(f"/counter/{cases.FIRM_REF}/").content.decode()
    form = clerk.get(f"/counter/{cases.FIRM_REF}/{cases.RESTAURANT}/").content.decode()

    for page in (clerk.get("/counter/").content.decode(), items, form):
        assert 'data-key="?"' in page
        assert "快捷键（?）" in page
    assert 'data-key="1"' in items
    assert "data-send" in form
    assert 'data-speak="guiding"' in form


def hand_in(content: bytes, name: str):
    return signed_in("clerk").post(
        PAPERS,
        ANSWERS | {"key": "k1", "refresh": "1", "file_layout": SimpleUploadedFile(name, content)},
    )


@pytest.mark.req("CASE-09")
def test_a_blurred_scan_is_taken_in_with_advice_that_clerk_and_reviewer_read(papers):
    shown = hand_in(photo(letter(), blur=6), "模糊.jpg")
    (scan,) = [one.sheet.files[0] for one in shown.context["papers"] if one.id == "layout"]

    assert "图片模糊，请拿稳对焦后重拍" in words(shown)
    signed_in("clerk").post(
        PAPERS,
        ANSWERS | {"key": "k1", "receive": "1", "declared": "1", "ref_layout": scan.ref},
    )
    number = Case.objects.get().number
    for page in (f"/desk/cases/{number}/", f"/desk/cases/{number}/accept/"):
        assert "图片模糊，请拿稳对焦后重拍" in words(signed_in("reviewer").get(page))


@pytest.mark.req("CASE-09")
def test_the_paper_of_another_firm_is_noticed_at_the_window(papers):
    other = letter("单位名称：上海别家餐饮有限公司", title="布局图")

    shown = hand_in(other, "布局图.pdf")

    assert "材料上写的是“上海别家餐饮有限公司”，申请人是“上海示例餐饮" in words(shown)


def test_what_was_noticed_is_kept_and_the_look_leaves_a_trace(papers):
    shown = hand_in(photo(letter(), blur=6), "模糊.jpg")
    (scan,) = [one.sheet.files[0] for one in shown.context["papers"] if one.id == "layout"]

    found = findings_of([scan.ref])[scan.ref, "layout"]
    assert {one.check for one in found} == set(PreCheck)
    assert any(one.grade is Grade.UNKNOWN for one in found)
    (row,) = trail(act="cases.precheck")
    assert row.detail["doubts"] == "readable"


def test_a_second_application_for_the_same_is_pointed_out():
    form = f"/counter/{cases.FIRM_REF}/{cases.RESTAURANT}/"
    signed_in("clerk").post(form, ANSWERS | {"key": "k1", "receive": "1", "declared": "1"})

    shown = words(signed_in("clerk").get(form))

    assert "这位申请人的同一事项已于3月6日 09:00收件，由陈窗口经办" in shown
