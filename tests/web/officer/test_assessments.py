"""Pages of impact assessments: written by one, approved by another, read by auditors."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from tests.factories import automatic, cases
from tests.factories.assessments import POINTS
from tests.factories.desk import signed_in
from tests.web.officer.test_pages import words
from yiwang.cases.models.assessing import ImpactAssessment
from yiwang.cases.policy.assessing import POINTS as NAMES
from yiwang.rules.policy.sources import REGISTER_NAMES
from yiwang.web.officer.assessments import LABELS
from yiwang.web.officer.items.words import REGISTERED

pytestmark = pytest.mark.usefixtures("keepers")

LIST = "/desk/automatic/assessments/"
ITEM = f"{LIST}{automatic.SENIOR}/"
WRITE = f"{ITEM}write/"
SWITCH = f"/desk/automatic/items/{automatic.SENIOR}/"
TYPED = {name: getattr(POINTS, name) for name in NAMES} | {"conclusion": "fit"}


@pytest.fixture
def item() -> None:
    """The automatic item, of which the first assessment was archived: it reads on unassessed."""
    automatic.card_type()
    cases.publish(automatic.senior())
    ImpactAssessment.objects.update(state="archived", archived_on=cases.FRIDAY.date())


def picture() -> SimpleUploadedFile:
    held = io.BytesIO()
    Image.new("RGB", (40, 40), "white").save(held, "JPEG")
    return SimpleUploadedFile("评估报告.jpg", held.getvalue(), "image/jpeg")


def number_of(answer: object) -> int:
    return int(str(getattr(answer, "url", "")).rstrip("/").rpartition("/")[2])


@pytest.mark.req("AUTO-01")
def test_automatic_handling_goes_on_after_one_wrote_and_another_approved(item):
    owner, head, approver = signed_in("owner"), signed_in("head"), signed_in("approver")
    approver.post(SWITCH, {"act": "stop", "reason": "没有评估"})
    refused = approver.post(SWITCH, {"act": "ask", "reason": "请恢复"})
    assert refused.status_code == 422
    assert "还没有经批准的个人信息保护影响评估，请先编写评估" in words(refused)
    assert "没有评估" in words(approver.get(SWITCH))
    listed = words(owner.get(LIST))
    assert "没有评估" in listed
    assert "停止使用后至少保存 3 年" in listed

    form = words(owner.get(WRITE))
    assert "由规则自动带出，不用填写" in form
    assert "社会保险经办系统：正在领取养老金" in form
    short = owner.post(WRITE, TYPED | {"risks": " ", "submit": "1"})
    assert short.status_code == 422
    assert 'href="#id_risks">请填写“安全风险”。' in short.content.decode()
    undecided = owner.post(WRITE, TYPED | {"conclusion": "", "submit": "1"})
    assert "请选择评估的结论。" in words(undecided)
    assert POINTS.purpose in words(short)
    sent = owner.post(WRITE, TYPED | {"document": picture(), "submit": "1"})
    key = number_of(sent)
    one = f"/desk/automatic/assessment/{key}/"
    assert "须由另一名有权人员批准" in words(owner.get(one))
    assert owner.get(f"{one}approve/").status_code == 403

    first = head.post(f"{one}approve/", {"verdict": "approve", "reason": ""})
    assert "评估生效，读取同样数据的规则可以上线" in words(first)
    assert "确认批准" in words(first)
    head.post(f"{one}approve/", {"verdict": "approve", "reason": "", "confirmed": "1"})
    assert "可以。规则读取的数据都评估过，下次复评 2027-03-06。" in words(head.get(ITEM))
    approver.post(SWITCH, {"act": "ask", "reason": "评估好了"})
    head.post(SWITCH, {"act": "resume", "reason": "核对无误"})
    assert "运行中" in words(head.get(SWITCH))

    auditor = signed_in("auditor")
    read = words(auditor.get(one))
    assert "冯编写" in read
    assert "周负责" in read
    assert "第 1 版" in read
    document = auditor.get(f"{one}document/")
    assert document.status_code == 200
    assert document["Content-Type"] == "image/jpeg"
    assert "已归档" in words(auditor.get(ITEM))


def test_a_new_assessment_begins_with_what_was_approved_last(item):
    assert POINTS.purpose in words(signed_in("owner").get(WRITE))


def test_it_is_given_back_written_again_and_given_up(item):
    owner, head = signed_in("owner"), signed_in("head")
    key = number_of(owner.post(WRITE, TYPED | {"submit": "1"}))
    one = f"/desk/automatic/assessment/{key}/"

    silent = head.post(f"{one}approve/", {"verdict": "return", "reason": " ", "confirmed": "1"})
    assert silent.status_code == 422
    assert "请填写退回的理由" in words(silent)
    assert head.post(f"{one}approve/", {"reason": "x"}).status_code == 422
    returned = words(head.post(f"{one}approve/", {"verdict": "return", "reason": "写明保存多久"}))
    assert "确认退回修改" in returned
    assert "写明保存多久" in returned
    head.post(f"{one}approve/", {"verdict": "return", "reason": "写明保存多久", "confirmed": "1"})
    assert "写明保存多久" in words(owner.get(WRITE))

    owner.post(WRITE, TYPED | {"save": "1"})
    assert "这份评估不再编写，文字保留备查" in words(owner.post(f"{one}discard/"))
    owner.post(f"{one}discard/", {"confirmed": "1"})
    assert "已作废" in words(owner.get(ITEM))


def test_an_archived_one_is_kept_three_years(item):
    head = signed_in("head")
    (row,) = ImpactAssessment.objects.all()
    one = f"/desk/automatic/assessment/{row.pk}/"

    assert "2029-03-06" in words(head.get(one))
    assert "delete/" not in head.get(one).content.decode()
    for act in ("approve", "discard", "archive"):
        answer = head.get(f"{one}{act}/")
        assert answer.status_code == 422
        assert "评估的状态是“已归档”，不能" in words(answer)
    assert head.get(f"{one}delete/").status_code == 200
    untold = head.post(f"{one}delete/", {"reason": " "})
    assert untold.status_code == 422
    assert "请填写理由" in words(untold)
    early = head.post(f"{one}delete/", {"reason": "清理", "confirmed": "1"})
    assert early.status_code == 422
    assert "2029-03-06以后才能删除，请保留" in words(early)

    ImpactAssessment.objects.update(archived_on="2022-01-01")
    assert f"{one}delete/" in head.get(one).content.decode()
    head.post(f"{one}delete/", {"reason": "清理", "confirmed": "1"})
    assert head.get(one).status_code == 404


def test_an_assessment_that_nothing_rests_on_is_put_away(item):
    head = signed_in("head")
    key = number_of(signed_in("owner").post(WRITE, TYPED | {"submit": "1"}))
    one = f"/desk/automatic/assessment/{key}/"
    head.post(f"{one}approve/", {"verdict": "approve", "reason": "", "confirmed": "1"})

    used = head.post(f"{one}archive/", {"reason": "不用", "confirmed": "1"})
    assert used.status_code == 422
    assert "自动办理以这份评估为依据" in words(used)

    cases.publish(automatic.senior(auto_decide=False, auto_rules=None))
    asked = words(head.post(f"{one}archive/", {"reason": "不再自动办理"}))
    assert "至少保存 3 年" in asked
    head.post(f"{one}archive/", {"reason": "不再自动办理", "confirmed": "1"})
    assert "至少保存至" in words(head.get(one))
    assert "本事项现在没有自动办理规则" in words(head.get(ITEM))


@pytest.mark.parametrize("login", ["stranger", "owner-housing", "sysadmin"])
def test_others_see_nothing(item, login):
    client = signed_in(login)
    (row,) = ImpactAssessment.objects.all()

    assert client.get(ITEM).status_code in {403, 404}
    assert client.get(f"/desk/automatic/assessment/{row.pk}/").status_code in {403, 404}


@pytest.mark.parametrize("path", [f"{LIST}nothing/", f"{ITEM}?draft=999", f"{ITEM}?draft=x9"])
def test_what_does_not_exist_is_not_found(item, path):
    expected = 200 if path.endswith("x9") else 404

    assert signed_in("head").get(path).status_code == expected
    assert signed_in("head").get("/desk/automatic/assessment/999/document/").status_code == 404


def test_the_points_are_called_the_same_everywhere():
    assert {name: str(words) for name, words in LABELS.items()} == dict(NAMES)
    assert {name: str(words) for name, words in REGISTERED.items()} == dict(REGISTER_NAMES)


def test_bad_input_is_said_at_the_field(item):
    owner = signed_in("owner")

    long = owner.post(WRITE, TYPED | {"purpose": "长" * 2_001})
    other = owner.post(WRITE, TYPED | {"conclusion": "maybe"})
    program = SimpleUploadedFile("报告.exe", b"MZ" + b"0" * 200)
    wrong = owner.post(WRITE, TYPED | {"document": program})

    assert "最多 2000 个字，请删减。" in words(long)
    assert other.status_code == wrong.status_code == 422
    assert ImpactAssessment.objects.exclude(state="archived").count() == 0
