"""The queue on the pages: display, kiosk, the window's desk, and the office of the hall."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from tests.factories import cases, halls
from tests.factories.desk import _hire as hire_people
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.audit.queries import reads_of
from yiwang.cases.models import CaseDocument
from yiwang.cases.policy.terms import INTERNAL_LETTERS
from yiwang.halls import queries, services
from yiwang.halls.models import Ticket
from yiwang.halls.policy.terms import Priority
from yiwang.organisations.permissions import Post
from yiwang.web.public.halls import kiosk_key
from yiwang.web.views import Page

pytestmark = pytest.mark.usefixtures("desk")

QUEUE = "/counter/queue/"
FORM = f"/counter/{cases.FIRM_REF}/{cases.RESTAURANT}/"
SENT = {
    "kind": "catering",
    "address": "嘉定区南翔镇示例路11号",
    "area_m2": "80",
    "phone": "13900001234",
    "key": "k1",
    "receive": "1",
    "declared": "1",
}


@pytest.fixture
def hall(monkeypatch):
    monkeypatch.setattr(Page, "at", halls.NOON)
    return halls.open_hall()


@pytest.fixture
def clerk(hall):
    client = signed_in("clerk")
    client.post(QUEUE, {"act": "sit", "hall": halls.HALL, "window": "a01"})
    return client


def kiosk(path: str = "", key: str | None = None) -> str:
    return f"/halls/{halls.HALL}/kiosk/{kiosk_key(halls.HALL) if key is None else key}/{path}"


def test_a_number_is_drawn_at_the_machine_large_and_nothing_is_kept(hall):
    machine = Client()

    first = machine.get(kiosk())
    drawn = machine.post(kiosk(), {"zone": "general", "priority": "elder"}, follow=True)

    assert first["Cache-Control"] == "no-store"
    assert 'data-size="lg"' in first.content.decode()
    assert 'data-reload="120"' in first.content.decode()
    assert "A001" in words(drawn)
    assert "前面还有 0 人" in words(drawn)
    assert Ticket.objects.get().priority == Priority.ELDER
    assert "sessionid" not in machine.cookies


@pytest.mark.parametrize("key", ["x", "", "é", "0" * 43])
def test_a_machine_without_the_key_of_the_hall_draws_nothing(hall, key):
    for path in (kiosk(key=key or "none"), kiosk("1:x:y/", key=key or "none")):
        assert Client().post(path, {"zone": "general"}).status_code in {404, 405}, path
        assert Client().get(path).status_code == 404

    assert not Ticket.objects.exists()


@pytest.mark.parametrize(
    ("sent", "status"),
    [({"zone": "nowhere"}, 404), ({}, 404), ({"code": "12ab"}, 422), ({"code": "1" * 500}, 422)],
)
def test_odd_things_sent_to_the_machine_draw_nothing(hall, sent, status):
    assert Client().post(kiosk(), sent).status_code == status
    assert not Ticket.objects.exists()


def test_the_address_of_a_number_is_not_guessed(hall):
    halls.take()

    assert Client().get(kiosk("1/")).status_code == 404


def test_whoever_forgot_to_sign_out_at_the_machine_is_signed_out(hall):
    from tests.factories.organisations import applicant
    from yiwang.organisations.backend import BACKEND

    machine = Client()
    machine.force_login(applicant(at=halls.NOON), backend=BACKEND)

    machine.get(kiosk())

    assert machine.get("/appointments/").headers["Location"].startswith("/accounts/login/")


@pytest.mark.req("HALL-04")
def test_a_terminal_offers_items_prints_letters_and_keeps_nobody(hall):
    case = cases.accepted()
    machine = Client()
    first = machine.get(kiosk())
    assert 'href="' + kiosk("items/") in first.content.decode()
    assert "没有可以自己办的事项" in words(machine.get(kiosk("items/")))
    english = {"name": "Senior card for elders", "summary": "For the old.", "texts": {}}
    cases.publish(cases.card(self_terminal=True, effective_on="2026-02-01", english=english))
    assert "自己办" not in words(machine.get(kiosk("items/")))
    listed = machine.get(kiosk("items/"))
    assert f'href="/items/{cases.CARD}/"' in listed.content.decode()
    assert f'href="/items/{cases.RESTAURANT}/"' not in listed.content.decode()
    machine.cookies["django_language"] = "en"
    assert "Senior card for elders" in words(machine.get(kiosk("items/")))
    assert "Older person" in words(machine.get(kiosk() + "?kept"))
    del machine.cookies["django_language"]
    guide = machine.get(f"/items/{cases.CARD}/").content.decode()
    assert 'data-reload="120"' in guide
    assert f'data-reload-to="{kiosk()}"' in guide
    assert "data-reload-to" not in Client().get(f"/items/{cases.CARD}/").content.decode()

    shown = machine.post(
        kiosk("letters/"), {"query_code": case.query_code, "phone": "1234"}, follow=True
    )
    assert "收件凭证" in words(shown)
    (receipt,) = [one for one in shown.context["letters"] if one.kind.value == "receipt"]
    printed = machine.get(f"?letter={receipt.id}", PATH_INFO=shown.wsgi_request.path)
    assert printed["Cache-Control"] == "no-store"
    assert case.number in words(printed)
    assert "data-print" in printed.content.decode()
    assert [row.purpose for row in reads_of(f"case:{case.number}", limit=9)][:1] == [
        "在自助终端打印文书"
    ]
    assert "sessionid" not in machine.cookies


def test_from_its_first_page_on_a_terminal_leads_back_and_offers_no_way_off(hall):
    machine = Client()

    first = machine.get(kiosk()).content.decode()

    assert 'href="/accounts/login/' not in first
    assert 'href="/opendata/"' not in first
    assert f'data-reload-to="{kiosk()}"' in machine.get("/help/").content.decode()


def test_a_clerk_who_looks_at_a_terminal_does_not_turn_their_browser_into_one(hall, clerk):
    clerk.get(kiosk("items/"))

    assert "data-reload-to" not in clerk.get("/help/").content.decode()


def test_the_language_chosen_at_a_terminal_stays_until_it_begins_again(hall):
    machine = Client()
    chosen = re.search(r'name="next" value="([^"]+)"', machine.get(kiosk()).content.decode())
    assert chosen is not None
    machine.post("/preferences/language/", {"language": "en", "next": chosen[1]}, follow=True)
    assert '<html lang="en">' in machine.get(kiosk("letters/")).content.decode()

    machine.get(kiosk())

    assert '<html lang="zh-CN">' in machine.get(kiosk("letters/")).content.decode()


def test_a_terminal_says_where_a_case_stands_and_what_is_to_do(hall):
    case = cases.accepted()

    shown = Client().post(
        kiosk("letters/"), {"query_code": case.query_code, "phone": "1234"}, follow=True
    )

    assert "您现在要做的 无需操作" in words(shown)
    assert "承诺办结" in words(shown)


def test_the_query_code_of_what_was_submitted_at_a_terminal_is_not_typed_again(hall):
    found = Client().get(kiosk("letters/?code=JD261126SZ33")).content.decode()

    assert 'value="JD261126SZ33"' in found


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"query_code": "", "phone": "1234"}, "请填写收件凭证上的查询码"),
        ({"query_code": "JD260306XXXX", "phone": ""}, "请填写手机号或后四位"),
        ({"query_code": "JD260306XXXX", "phone": "9999"}, "不符，请按收件凭证核对"),
    ],
)
def test_a_terminal_prints_nothing_for_whoever_does_not_know_the_case(hall, sent, sentence):
    answer = Client().post(kiosk("letters/"), sent)

    assert answer.status_code == 422
    assert sentence in words(answer)
    assert Client().get(kiosk("letters/x:y:z/")).status_code == 404


def test_a_terminal_prints_no_letter_that_is_for_the_file_only(hall):
    case = cases.decided()
    kept = CaseDocument.objects.filter(case__number=case.number)
    internal = {one.value for one in INTERNAL_LETTERS}
    assert kept.filter(kind__in=internal).exists()

    shown = Client().post(
        kiosk("letters/"), {"query_code": case.query_code, "phone": "1234"}, follow=True
    )

    assert {one.kind.value for one in shown.context["letters"]} & internal == set()
    secret = kept.filter(kind__in=internal)[0].pk
    path = shown.wsgi_request.path
    assert Client().get(f"{path}?letter={secret}").status_code == 404


def test_what_was_asked_without_an_account_is_gone_from_the_terminal_too(hall):
    case = cases.accepted()
    machine = Client()
    machine.post("/track/", {"query_code": case.query_code, "phone": "1234"})
    assert machine.get("/track/case/").status_code == 200

    machine.get(kiosk())

    assert machine.get("/track/case/").status_code == 302


def test_a_clerk_who_looks_at_the_machine_stays_signed_in(hall, clerk):
    clerk.get(kiosk())

    assert clerk.get(QUEUE).status_code == 200


def test_the_display_shows_numbers_and_windows_to_everybody(hall, clerk):
    halls.take(-10)
    clerk.post(QUEUE, {"act": "call"})

    shown = words(Client().get(f"/halls/{halls.HALL}/display/"))

    assert "A001" in shown
    assert "请到 A01 窗口" in shown
    assert Client().get("/halls/nowhere/display/").status_code == 404


@pytest.mark.req("HALL-02", "NFR-01")
def test_the_next_number_flows_into_the_intake_and_its_case_is_tied_to_it(hall, clerk):
    ticket = halls.take(-10)
    halls.take(-9)

    clerk.post(QUEUE, {"act": "call"})
    to_intake = clerk.post(QUEUE, {"act": "serve", "ticket": ticket.id})
    assert to_intake.headers["Location"] == "/counter/"
    assert "A001" in words(clerk.get(FORM))
    receipt = clerk.post(FORM, SENT, follow=True)
    assert "A001 办完，叫下一号（n）" in words(receipt)
    number = queries.ticket(ticket.id).case_number
    assert number in words(receipt)
    after = clerk.post(QUEUE, {"act": "next"}, follow=True)

    assert "A002" in words(after)
    assert [one.state.value for one in queries.tickets_of_case(number)] == ["done"]


def test_a_window_without_a_label_calls_nothing(hall):
    halls.take(-10)
    client = signed_in("clerk")

    assert "请先选择自己的窗口号" in words(client.post(QUEUE, {"act": "call"}))
    wrong = client.post(QUEUE, {"act": "sit", "hall": halls.HALL, "window": "Z99"})
    assert wrong.status_code == 422
    assert "例如A01" in words(wrong)


@pytest.mark.parametrize("act", ["serve", "recall", "miss", "finish", "transfer", "back"])
@pytest.mark.parametrize("ticket", ["", "x", "999999", "9" * 30])
def test_an_act_on_no_ticket_is_not_found_and_changes_nothing(clerk, act, ticket):
    assert clerk.post(QUEUE, {"act": act, "ticket": ticket}).status_code == 404


def test_two_clerks_on_one_ticket_read_a_clear_sentence(clerk):
    hire_people({"clerk2": ("林窗口", [("centre", Post.COUNTER_CLERK)])})
    ticket = halls.take(-10)
    clerk.post(QUEUE, {"act": "call"})

    other = signed_in("clerk2").post(QUEUE, {"act": "serve", "ticket": ticket.id})

    assert other.status_code == 422
    assert "A001号正由A01窗口办理，请叫下一号。" in words(other)


def test_every_button_of_the_window_does_what_it_says(clerk):
    ticket = halls.take(-10)
    clerk.post(QUEUE, {"act": "call"})
    clerk.post(QUEUE, {"act": "recall", "ticket": ticket.id})
    assert "已叫 2 次" in words(clerk.get(QUEUE))
    clerk.post(QUEUE, {"act": "miss", "ticket": ticket.id})
    assert "今天过号的" in words(clerk.get(QUEUE))
    clerk.post(QUEUE, {"act": "back", "ticket": ticket.id})
    clerk.post(QUEUE, {"act": "call"})
    clerk.post(QUEUE, {"act": "transfer", "ticket": ticket.id, "zone": "housing"})
    assert queries.ticket(ticket.id).zone_code == "housing"
    assert clerk.post(QUEUE, {"act": "take", "zone": "nowhere"}).status_code == 404
    clerk.post(QUEUE, {"act": "take", "zone": "general", "priority": "disabled"})
    assert "A002" in words(clerk.post(QUEUE, {"act": "call"}, follow=True))
    held = Ticket.objects.get(code="A002")
    clerk.post(QUEUE, {"act": "finish", "ticket": held.pk})
    assert "现在没有人等候" in words(clerk.post(QUEUE, {"act": "call"}, follow=True))


@pytest.fixture
def office(hall):
    hire_people({"hallhead": ("秦主任", [("centre", Post.DEPARTMENT_HEAD)])})
    return signed_in("hallhead")


def test_the_office_reads_waiting_times_and_what_windows_did(office):
    halls.take(-30)
    ticket = halls.call(-10)
    services.finish(ticket=ticket.id, by=cases.CLERK, at=halls.later(-5))

    shown = words(office.get("/desk/hall/?days=1"))

    assert "20.0 分钟" in shown
    assert "A01" in shown


@pytest.mark.req("HALL-06")
def test_a_certificate_is_written_down_and_its_end_is_shown(office):
    sent = {
        "login": "clerk",
        "kind": "certificate",
        "title": "综合窗口上岗证",
        "issued_by": "区行政服务中心",
        "issued_on": "2025-03-01",
        "valid_until": "2026-03-05",
    }
    office.post("/desk/hall/staff/", sent)
    office.post("/desk/hall/staff/", sent | {"title": "手语培训", "valid_until": "2026-03-20"})

    shown = words(office.get("/desk/hall/staff/"))

    assert "综合窗口上岗证" in shown
    assert "已过期" in shown
    assert "快到期" in shown
    assert "已过期" in words(signed_in("clerk").get("/desk/hall/staff/"))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"login": "reviewer"}, "reviewer"),
        ({"title": " "}, "请填写名称"),
        ({"issued_on": "2027-01-01"}, "日期不能晚于今天"),
        ({"valid_until": "2020-01-01"}, "有效期不能早于颁发日期"),
        ({"issued_on": "昨天"}, "请填写年月日"),
    ],
)
def test_a_wrong_record_is_refused_with_its_remedy(office, changes, sentence):
    sent = {
        "login": "clerk",
        "kind": "training",
        "title": "手语培训",
        "issued_by": "区残联",
        "issued_on": "2025-03-01",
    }

    answer = office.post("/desk/hall/staff/", sent | changes)

    assert answer.status_code == 422
    assert sentence in words(answer)


@pytest.mark.req("HALL-03")
def test_a_standard_is_checked_and_what_is_not_met_says_why(office):
    page = "/desk/hall/standards/"

    bare = office.post(page, {"standard": "low-desk", "result": "not_met"})
    assert bare.status_code == 422
    assert "请写明差在哪里" in words(bare)
    office.post(page, {"standard": "low-desk", "result": "not_met", "note": "柜台高，五月改"})
    office.post(page, {"standard": "display", "result": "met"})
    shown = words(office.get(page))

    assert "2 项中 1 项达标" in shown
    assert "柜台高，五月改" in shown
    assert office.post(page, {"standard": "nothing", "result": "met"}).status_code == 422


def test_a_clerk_reads_the_standards_and_checks_none(hall):
    page = "/desk/hall/standards/"

    answer = signed_in("clerk").post(page, {"standard": "display", "result": "met"})

    assert answer.status_code == 403


def test_everybody_reads_the_halls_with_their_sources(hall):
    shown = words(Client().get("/halls/"))

    assert "示例大厅" in shown
    assert "工作日 09:00–17:00" in shown
    assert "来源：虚构" in shown
