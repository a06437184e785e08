"""Licences: issued once, numbered without a clash, made, changed, shown and verified."""

from __future__ import annotations

import datetime as dt
import threading
from io import BytesIO

import pikepdf
import pypdfium2
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import F

from tests.factories.documents import pdf
from tests.factories.licences import (
    CITIZEN_NUMBER,
    IN_FIVE_YEARS,
    MARKET_USCC,
    TODAY,
    approver_of,
    issue,
    licence_type,
)
from tests.factories.organisations import ENTITY, NOON, PERSON, clerk_of
from tests.factories.organisations import department as unit
from yiwang.audit.models import AuditEvent
from yiwang.audit.queries import trail
from yiwang.documents.rendering import GlyphMissingError
from yiwang.documents.sealing import render_sealed, seal_pdf, verify_pdf
from yiwang.kernel import events
from yiwang.kernel.hashing import sm3
from yiwang.kernel.identifiers import food, licence_id
from yiwang.licences import queries, services
from yiwang.licences.models import Licence, LicenceCheck
from yiwang.licences.policy.states import (
    STEPS,
    LicenceState,
    LicenceStep,
    LicenceStepRefusedError,
    after,
    state_on,
)
from yiwang.licences.services import LicenceRefusedError
from yiwang.organisations.permissions import PermissionRefusedError
from yiwang.organisations.policy.departments import WrittenConcentration
from yiwang.organisations.services import save_concentration

pytestmark = pytest.mark.django_db

NEXT_WEEK = NOON + dt.timedelta(days=7)


def move(identifier: str, step: LicenceStep, **changes: object) -> queries.LicenceView:
    arguments = {
        "identifier": identifier,
        "step": step,
        "reason": "现场核查发现提供虚假材料",
        "by": approver_of("market"),
        "at": NEXT_WEEK,
    }
    return services.move_licence(**(arguments | changes))


def printed(content: bytes) -> str:
    with pypdfium2.PdfDocument(content) as document:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    return "".join("".join(pages).split())


def test_issue_gives_identifier_number_and_token():
    licence = issue()

    checked = licence_id.check(licence.identifier)
    assert checked.ok
    assert checked.parts["issuer"] == MARKET_USCC
    assert checked.parts["version"] == "001"
    assert food.check(licence.number).ok
    assert len(licence.token) == 26
    assert licence.state is LicenceState.VALID
    assert licence.last_valid_on == dt.date(2031, 3, 8)
    assert licence.fields == (("经营场所", "嘉定区新成路街道示例路1号"),)
    assert queries.licence(licence.identifier).number == licence.number
    assert queries.by_token(licence.token.lower()).identifier == licence.identifier
    assert queries.by_case("JD20260309-000001") is not None
    assert queries.by_case("") is None


def test_issue_is_written_to_the_trail_without_personal_numbers():
    licence = issue("senior_card")

    (row,) = trail(target=licence.ref, act="licences.issue")
    assert row.actor == "user:sp-chen"
    assert row.department == "civil"
    assert CITIZEN_NUMBER not in str(row)


def test_the_holders_number_is_encrypted_in_the_table():
    licence = issue("senior_card")

    stored = bytes(Licence.objects.get(identifier=licence.identifier).holder_number_sealed)
    assert CITIZEN_NUMBER.encode() not in stored
    assert licence.holder_number == CITIZEN_NUMBER
    assert licence.holder_number_masked == "310***********1037"


def test_the_file_is_made_sealed_and_hashed_after_the_act():
    licence = queries.licence(issue().identifier)

    content = queries.open_file(licence.identifier)

    check = verify_pdf(content)
    assert check.intact
    assert check.trusted
    assert check.signed_at == NOON
    assert licence.file_sm3 == sm3(content)
    text = printed(content)
    for words in (
        "食品经营许可证",
        licence.number,
        licence.identifier,
        "上海嘉禾餐饮管理有限公司",
        "2026年3月9日至2031年3月8日",
        licence.token,
    ):
        assert words in text


def test_ensure_file_twice_makes_one_file():
    licence = issue()
    before = queries.licence(licence.identifier).file_sha256

    again = services.ensure_file(licence.identifier, NEXT_WEEK)

    assert before is not None
    assert again.file_sha256 == before
    (sealed,) = AuditEvent.objects.filter(act="licences.seal_file", target=again.ref)
    assert sealed.detail == {"seal": "market", "sha256": before, "sm3": again.file_sm3}


def test_a_name_no_font_has_leaves_the_licence_standing_and_says_why():
    licence = queries.licence(issue(holder_name="上海𮝹餐饮有限公司").identifier)

    assert licence.state is LicenceState.VALID
    assert licence.file_sha256 is None
    assert "字库中没有“𮝹”" in licence.file_problem
    assert list(queries.without_file()) == [licence.identifier]
    with pytest.raises(queries.LicenceFileMissingError, match="字库中没有“𮝹”，无法印制；请系统"):
        queries.open_file(licence.identifier)


def test_a_file_not_made_yet_asks_for_a_minute(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(events, "publish", lambda _: None)
        identifier = issue().identifier

    with pytest.raises(queries.LicenceFileMissingError, match="正在制作，请过一分钟再打开"):
        queries.open_file(identifier)


def test_a_file_that_could_not_be_made_is_made_later(monkeypatch):
    def broken(*_: object, **__: object) -> bytes:
        raise GlyphMissingError("字库中没有“甲”")

    with monkeypatch.context() as patch:
        patch.setattr("yiwang.documents.sealing.render_sealed", broken)
        licence = issue()
    assert queries.licence(licence.identifier).file_problem

    made = services.ensure_file(licence.identifier, NEXT_WEEK)

    assert made.file_sha256 is not None
    assert made.file_problem == ""


def test_the_seal_is_that_of_the_body_the_power_was_moved_to():
    unit("centre", name="示例区行政审批局")
    save_concentration(
        WrittenConcentration(
            department="market",
            deciding="centre",
            basis="示例批复",
            valid_from=dt.date(2026, 1, 1),
            valid_until=None,
        ),
        by="system:test",
        at=NOON,
    )

    licence = issue()

    assert verify_pdf(queries.open_file(licence.identifier)).signer == "示例区行政审批局"
    assert licence.issuer_code == "market"
    assert (
        move(licence.identifier, LicenceStep.REVOKE, by=approver_of("centre")).state
        is LicenceState.REVOKED
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"holder_ref": PERSON}, "食品经营许可证只颁发给法人及其他组织，请核对申请人"),
        ({"holder_name": " "}, "名称或证件号码为空，请先补全"),
        ({"holder_number": ""}, "名称或证件号码为空"),
        ({"valid_until": TODAY}, "截止日期应晚于起始日期，请核对"),
        ({"fields": [(str(n), "x") for n in range(41)]}, "最多 40 项内容，请合并"),
        ({"fields": [("长", "x" * 801)]}, "内容不超过 800 字，请精简"),
        ({"fields": [("长" * 41, "x")]}, "名称不超过 40 字"),
        ({"fields": [(" ", "x")]}, "缺少名称"),
    ],
)
def test_issue_says_what_is_wrong(changes, words):
    with pytest.raises(LicenceRefusedError, match=words):
        issue(**changes)
    assert not Licence.objects.exists()


def test_issue_wants_the_fields_the_type_requires():
    found = licence_type()
    first = found.fields[0]
    services.save_type(
        type(found)(
            **{
                **{name: getattr(found, name) for name in found.__dataclass_fields__},
                "fields": (type(first)(label="经营场所", required=True),),
            }
        ),
        by="system:test",
        at=NOON,
    )

    with pytest.raises(LicenceRefusedError, match="食品经营许可证缺少“经营场所”，请补充"):
        services.issue_licence(
            type_code="food_business",
            holder_ref=ENTITY,
            holder_name="甲",
            holder_number="1",
            issuer="market",
            fields=[("经营场所", " ")],
            valid_from=TODAY,
            valid_until=None,
            case_number="",
            by=approver_of("market"),
            at=NOON,
        )


@pytest.mark.parametrize("changes", [{"type_code": "nothing"}, {"issuer": "nowhere"}])
def test_issue_needs_a_known_type_and_department(changes):
    with pytest.raises(LookupError):
        issue(**changes)


def test_stock_from_elsewhere_keeps_its_number_and_is_not_taken_in_twice():
    licence = issue("business_licence", number="91310114XXXX00019T", valid_until=None)

    assert licence.number == "91310114XXXX00019T"
    with pytest.raises(LicenceRefusedError, match="已有有效证照，请核对编号，或办理换发"):
        issue("business_licence", number="91310114XXXX00019T")


def test_numbers_count_up_without_a_gap_when_an_act_is_undone():
    first = issue()
    with transaction.atomic():
        issue()
        transaction.set_rollback(True)
    second = issue()

    assert [int(one.number[9:15]) for one in (first, second)] == [1, 2]


@pytest.mark.django_db(transaction=True)
def test_many_who_issue_at_once_get_numbers_that_differ(monkeypatch):
    monkeypatch.setattr(events, "publish", lambda _: None)  # files are another matter
    licence_type()
    made: list[str] = []
    problems: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(4):
                with transaction.atomic():
                    made.append(_issue_only().number)
        except BaseException as error:  # noqa: BLE001 - shown by the assertion
            problems.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert problems == []
    assert sorted(int(number[9:15]) for number in made) == list(range(1, 25))


def _issue_only() -> queries.LicenceView:
    return services.issue_licence(
        type_code="food_business",
        holder_ref=ENTITY,
        holder_name="甲",
        holder_number="1",
        issuer="market",
        fields=[],
        valid_from=TODAY,
        valid_until=None,
        case_number="",
        by=approver_of("market"),
        at=NOON,
    )


@pytest.mark.django_db(transaction=True)
def test_two_workers_make_one_file(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(events, "publish", lambda _: None)
        identifier = issue().identifier
    sealed: list[int] = []

    def counted(*args: object, **kwargs: object) -> bytes:
        sealed.append(1)
        return render_sealed(*args, **kwargs)

    monkeypatch.setattr("yiwang.documents.sealing.render_sealed", counted)

    def work() -> None:
        try:
            services.ensure_file(identifier, NOON)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sealed == [1]
    assert queries.licence(identifier).file_sha256 is not None


def test_the_wallet_holds_what_is_current_newest_first(django_assert_num_queries):
    food_licence = issue()
    hygiene = issue("public_place_hygiene", at=NEXT_WEEK)
    renewed = replace(food_licence.identifier)

    with django_assert_num_queries(1):
        found = queries.wallet(ENTITY)

    assert [one.identifier for one in found] == [renewed.identifier, hygiene.identifier]
    assert queries.wallet(PERSON) == []


def test_has_valid_answers_for_the_day_asked():
    licence = issue()

    assert queries.has_valid(ENTITY, "food_business", on=TODAY)
    assert queries.has_valid(ENTITY, licence.type_code, on=IN_FIVE_YEARS - dt.timedelta(days=1))
    assert not queries.has_valid(ENTITY, "food_business", on=IN_FIVE_YEARS)
    assert not queries.has_valid(ENTITY, "food_business", on=TODAY - dt.timedelta(days=1))
    assert not queries.has_valid(ENTITY, "drug_retail", on=TODAY)
    assert not queries.has_valid(PERSON, "food_business", on=TODAY)
    move(licence.identifier, LicenceStep.SUSPEND)
    assert not queries.has_valid(ENTITY, "food_business", on=TODAY)


def replace(identifier: str, **changes: object) -> queries.LicenceView:
    arguments = {
        "identifier": identifier,
        "fields": [("经营场所", "嘉定区马陆镇示例路2号")],
        "valid_from": TODAY,
        "valid_until": IN_FIVE_YEARS,
        "reason": "经营场所变更",
        "case_number": "JD20260316-000002",
        "by": approver_of("market"),
        "at": NEXT_WEEK,
    }
    return services.replace_licence(**(arguments | changes))


def test_replace_keeps_the_number_and_points_back():
    before = issue()

    renewed = replace(before.identifier, holder_name="上海嘉禾餐饮有限公司")

    assert renewed.number == before.number
    assert renewed.version == 2
    assert licence_id.check(renewed.identifier).parts["version"] == "002"
    assert renewed.previous_identifier == before.identifier
    assert renewed.holder_name == "上海嘉禾餐饮有限公司"
    assert renewed.holder_number == before.holder_number
    assert renewed.token != before.token
    assert queries.licence(before.identifier).state is LicenceState.REPLACED
    with pytest.raises(LicenceStepRefusedError, match="已被新版本替代，不能换发"):
        replace(before.identifier)


def test_revoke_tells_the_reason_and_who_did_it():
    licence = issue()

    revoked = services.revoke_licence(
        identifier=licence.identifier, reason=" 虚假材料 ", by=approver_of("market"), at=NEXT_WEEK
    )

    assert revoked.state is LicenceState.REVOKED
    assert revoked.state_reason == "虚假材料"
    (row,) = trail(target=licence.ref, act="licences.revoke")
    assert row.actor == "user:sp-chen"


def test_a_suspended_licence_can_be_resumed_and_a_revoked_one_cannot():
    licence = issue()

    suspended = services.suspend_licence(
        identifier=licence.identifier, reason="整改", by=approver_of("market"), at=NEXT_WEEK
    )
    assert suspended.state is LicenceState.SUSPENDED
    assert move(licence.identifier, LicenceStep.RESUME).state is LicenceState.VALID
    move(licence.identifier, LicenceStep.REVOKE)
    with pytest.raises(LicenceStepRefusedError, match="该证照已撤销，不能恢复；只有状态为“暂扣”"):
        move(licence.identifier, LicenceStep.RESUME)


@pytest.mark.parametrize("by", [clerk_of("market"), approver_of("housing")])
def test_only_an_approver_of_the_issuer_changes_a_licence(by):
    licence = issue()

    with pytest.raises(PermissionRefusedError):
        move(licence.identifier, LicenceStep.REVOKE, by=by)
    with pytest.raises(PermissionRefusedError):
        replace(licence.identifier, by=by)
    assert queries.licence(licence.identifier).state is LicenceState.VALID


@pytest.mark.parametrize("reason", ["", "  ", "长" * 301])
def test_a_change_needs_a_reason(reason):
    licence = issue()

    with pytest.raises(LicenceRefusedError, match="请填写理由，不超过 300 字"):
        move(licence.identifier, LicenceStep.REVOKE, reason=reason)


def test_a_licence_that_does_not_exist_cannot_be_changed():
    with pytest.raises(LookupError):
        move("1.2.156.3005.2.x", LicenceStep.REVOKE)
    with pytest.raises(ValueError, match="use replace_licence"):
        move("1.2.156.3005.2.x", LicenceStep.REPLACE)


def test_every_step_leads_somewhere_known():
    for step, (starts, end) in STEPS.items():
        for state in LicenceState:
            if state in starts:
                assert after(step, state) is end
            else:
                with pytest.raises(LicenceStepRefusedError, match=f"不能{step.label}"):
                    after(step, state)


def test_a_licence_expires_by_itself():
    asked = {"valid_until": IN_FIVE_YEARS, "day": IN_FIVE_YEARS}

    assert state_on(LicenceState.VALID, **asked) is LicenceState.EXPIRED
    assert state_on(LicenceState.REVOKED, **asked) is LicenceState.REVOKED
    assert state_on(LicenceState.VALID, valid_until=None, day=TODAY) is LicenceState.VALID


def test_a_stranger_with_the_code_learns_that_the_licence_is_valid():
    licence = issue()

    answer = services.verify_token(licence.token.lower() + " ", at=NOON, ip="10.0.0.9")

    assert answer.found
    assert answer.valid
    assert answer.message.startswith("该食品经营许可证真实有效，由")
    assert answer.holder_name == "上海嘉禾餐饮管理有限公司"
    assert answer.number == licence.number
    assert answer.fields == licence.fields
    (check,) = queries.checks(licence.identifier)
    assert (check.means, check.answer) == ("token", "valid")


def test_a_stranger_learns_little_of_a_person():
    licence = issue("senior_card", fields=[("住址", "示例路1号")], valid_until=None)

    answer = services.verify_token(licence.token, at=NOON)

    said = str(answer)
    assert answer.valid
    assert answer.holder_name == "王**"
    assert answer.fields == ()
    for secret in (CITIZEN_NUMBER, "小明", "示例路", licence.number):
        assert secret not in said


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (LicenceStep.SUSPEND, "该食品经营许可证暂扣，现在不得使用"),
        (LicenceStep.CANCEL, "该食品经营许可证已注销，现在不得使用"),
        (LicenceStep.REVOKE, "该食品经营许可证已撤销，现在不得使用"),
        (LicenceStep.WITHDRAW, "已撤回"),
        (LicenceStep.FORFEIT, "已吊销"),
    ],
)
def test_a_stranger_learns_that_a_licence_has_ended(step, words):
    licence = issue()
    content = queries.open_file(licence.identifier)
    move(licence.identifier, step)

    by_code = services.verify_token(licence.token, at=NEXT_WEEK)
    by_file = services.verify_file(content, at=NEXT_WEEK)

    for answer in (by_code, by_file):
        assert answer.found
        assert not answer.valid
        assert words in answer.message
    assert by_file.intact
    assert by_file.same_file


def test_a_stranger_learns_that_a_licence_is_over_or_not_yet_begun_or_replaced():
    licence = issue()
    later = dt.datetime(2031, 3, 9, 4, 0, tzinfo=dt.UTC)
    begins = issue(valid_from=TODAY + dt.timedelta(days=30))

    over = services.verify_token(licence.token, at=later)
    early = services.verify_token(begins.token, at=NOON)
    replace(licence.identifier)
    replaced = services.verify_token(licence.token, at=NEXT_WEEK)

    assert over.message == "该食品经营许可证已于2031年3月8日到期，不再有效。"
    assert "自2026年4月8日起生效，现在尚未生效" in early.message
    assert "已换发新版本，本版本不再有效，请要求出示新版本" in replaced.message
    assert not any(answer.valid for answer in (over, early, replaced))


@pytest.mark.parametrize(
    "token", ["", "A", "A" * 26, "' OR 1=1 --", "一" * 26, "A" * 10_000, "\0" * 26]
)
def test_a_guessed_code_finds_nothing(token):
    answer = services.verify_token(token, at=NOON)

    assert not answer.found
    assert not answer.valid
    assert "没有查到这个核验码对应的证照，请重新扫码" in answer.message
    assert not LicenceCheck.objects.exists()


def test_the_file_itself_proves_the_licence():
    licence = issue()

    answer = services.verify_file(queries.open_file(licence.identifier), at=NOON)

    assert answer.valid
    assert answer.intact
    assert answer.trusted
    assert answer.same_file
    assert answer.identifier == licence.identifier
    assert answer.signed_at == NOON
    (check,) = queries.checks(licence.identifier)
    assert (check.means, check.answer) == ("file", "valid")


def test_a_tampered_file_is_caught_and_tells_nothing_of_the_licence():
    licence = issue()
    content = bytearray(queries.open_file(licence.identifier))
    content[len(content) // 2] ^= 1

    answer = services.verify_file(bytes(content), at=NOON)

    assert not answer.valid
    assert answer.intact is False
    assert answer.same_file is False
    assert answer.message.startswith("文件在加盖电子印章之后被改动过，请勿采信")
    assert answer.number == ""
    assert answer.holder_name == ""


def test_a_forged_file_that_names_a_licence_learns_nothing_of_it():
    licence = issue()
    with pikepdf.open(BytesIO(pdf())) as document:
        document.docinfo["/Keywords"] = licence.identifier
        file = BytesIO()
        document.save(file)

    answer = services.verify_file(file.getvalue(), at=NOON)

    assert answer.found
    assert not answer.valid
    assert "没有电子印章" in answer.message
    assert answer.holder_name == answer.number == ""
    (check,) = queries.checks(licence.identifier)
    assert check.answer == "differs"


def test_another_sealed_paper_of_ours_is_no_licence():
    content = seal_pdf(pdf(), seal="market", owner="示例区market局", reason="通知", at=NOON)

    answer = services.verify_file(content, at=NOON)

    assert not answer.found
    assert not answer.valid
    assert "但它不是电子证照，请上传证照原文件" in answer.message


def test_a_second_print_of_a_licence_is_not_the_one_we_keep():
    licence = issue()
    row = Licence.objects.select_related("type").get(identifier=licence.identifier)
    words = services.printed_words(row)
    content = render_sealed(
        "licence", words, seal="market", owner=row.seal_name, reason="重印", at=NOON
    )

    answer = services.verify_file(content, at=NOON)

    assert not answer.valid
    assert "与登记的证照文件不一致，请扫描文件上的二维码" in answer.message


@pytest.mark.parametrize("content", [b"", b"garbage", b"%PDF-1.7\n%%EOF", b"\xff" * 100_000, pdf()])
def test_verify_file_never_fails_on_garbage(content):
    answer = services.verify_file(content, at=NOON)

    assert not answer.valid
    assert not answer.found
    assert answer.message.endswith("。")


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("licences_licence_state_known", {"state": "lost", "state_reason": "x"}),
        ("licences_licence_later_version_points_back", {"version": 2}),
        ("licences_licence_ends_after_it_begins", {"valid_until": F("valid_from")}),
        ("licences_licence_change_of_state_has_reason", {"state": "revoked"}),
        ("licences_licence_file_known_whole_or_not_at_all", {"file_sm3": None}),
        ("licences_licence_token_is_128_bit", {"token": "short"}),
    ],
)
def test_the_database_refuses_what_cannot_be(constraint, changes):
    issue()

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Licence.objects.update(**changes)


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        (
            "licences_licence_one_live_version_per_number",
            {"version": 2, "previous": "first", "state": "valid", "state_reason": ""},
        ),
        (
            "licences_licence_versions_of_a_number_differ",
            {"version": 1, "previous": None, "state": "cancelled", "state_reason": "x"},
        ),
    ],
)
def test_the_database_keeps_numbers_apart(constraint, changes):
    first = Licence.objects.get(identifier=issue().identifier)
    second = Licence.objects.get(identifier=issue(case_number="").identifier)
    if changes["previous"] == "first":
        changes = changes | {"previous": first}

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Licence.objects.filter(pk=second.pk).update(number=first.number, **changes)


def test_the_database_gives_a_version_one_successor():
    first = Licence.objects.get(identifier=issue().identifier)
    others = [Licence.objects.get(identifier=issue(case_number="").identifier) for _ in range(2)]
    Licence.objects.filter(pk=others[0].pk).update(version=2, previous=first)

    with (
        pytest.raises(IntegrityError, match="licences_licence_one_successor"),
        transaction.atomic(),
    ):
        Licence.objects.filter(pk=others[1].pk).update(version=2, previous=first)


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("licences_licencetype_code_is_uscc_and_serial", {"code": "short"}),
        ("licences_licencetype_holder_kind_known", {"holder_kind": "animal"}),
    ],
)
def test_the_database_refuses_types_that_cannot_be(constraint, changes):
    licence_type()
    row = Licence._meta.get_field("type").related_model.objects

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        row.update(**changes)


def test_the_record_of_checks_cannot_be_changed():
    licence = issue()
    services.verify_token(licence.token, at=NOON)

    for change in (
        lambda: LicenceCheck.objects.update(answer="revoked"),
        lambda: LicenceCheck.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
