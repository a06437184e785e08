"""Hearing, extension, dispatch, delivery and return of post, told by files."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import get_args

import pytest

from tests.exchange.folder import answer, put, reasons, scan
from tests.factories import cases, exchange
from tests.factories.exchange import LI, ZHAO, Side
from yiwang.cases import queries
from yiwang.config import gateway
from yiwang.exchange import services
from yiwang.exchange.models import RefusedCall, Returned
from yiwang.exchange.policy import messages
from yiwang.exchange.policy.signatures import FILE_AGE, Key
from yiwang.exchange.policy.terms import Begin, PartnerKind
from yiwang.exchange.services import folders, outbox_folder

SUN, QIAN, WANG = (
    {"id": "sun", "name": "孙窗口"},
    {"id": "qian", "name": "钱负责"},
    {"id": "wang", "name": "王主持"},
)
NOTIFIED = ("hearing_notify", {"person": LI, "reason": "经营场所与居民楼相邻"})
RESULT = (
    "result",
    {"reviewer": LI, "decider": ZHAO, "outcome": "grant", "opinion": "符合条件"},
)
SENT = ("dispatch", {"person": SUN, "carrier": "EMS", "tracking_number": "1234567"})
SPECIAL = {"person": LI, "procedure": "expert_review", "workdays": 5, "reason": "工艺需要评审"}
ON_FRIDAY = {"channel": "post", "delivered_on": "2026-03-06", "recipient": "陈小明"}

STORIES = {
    "hearing given up": (
        NOTIFIED,
        ("hearing_request", {"person": LI, "text": "邻居书面要求听证"}),
        ("hearing_end", {"person": LI, "end": "waived", "record": "邻居书面放弃"}),
    ),
    "extension": (
        ("extension_ask", {"person": LI, "workdays": 5, "reason": "须核对邻里意见"}),
        ("extension_decide", {"head": QIAN, "approve": False, "note": "时间足够"}),
    ),
    "special procedure": (
        ("acknowledge", {"their_number": "市场〔2026〕7号"}),
        ("special_start", SPECIAL),
        ("special_end", {"person": LI, "result": "专家同意"}),
        ("opinion", {"reviewer": LI, "outcome": "grant", "text": "符合条件"}),
    ),
    "post": (
        RESULT,
        SENT,
        ("delivery_return", {"person": SUN, "returned_on": "2026-03-06", "reason": "查无此人"}),
        SENT,
        ("delivery", {"person": SUN} | ON_FRIDAY),
    ),
}
"""What a department tells of one case on one day, in order."""

ENDS = {
    "hearing given up": "reviewing",
    "extension": "reviewing",
    "special procedure": "decision_pending",
    "post": "closed",
}

AT_THE_COUNTER = {
    "accept": ({"person": LI}, "accepted"),
    "correction": (
        {"person": LI, "lines": [{"what": "补充地址门牌", "why": "地址不完整"}]},
        "correction",
    ),
    "decline": (
        {"person": LI, "reason": "不属于本机关职权", "article": "《行政许可法》第三十二条第一款"},
        "not_accepted",
    ),
}
"""What a department tells of a case that was only received, and the state that comes of it."""

ON_ITS_OWN = {"review", "hearing_set", "site_check", "officers_sent"}
"""Kinds that a test below, of checks on the spot or of officers, tells by itself."""


def message(number: str, sequence: int, kind: str, told: dict, **changes: object) -> dict:
    """Return a message as it stands in its file."""
    given = {"id": f"message-{sequence}", "case": number, "sequence": sequence, "kind": kind}
    return given | told | changes


def tell(root: Path, side: Side, number: str, story: str, **changes: object) -> None:
    """Put every message of a story into the folder; the later ones are read first."""
    for sequence, (kind, told) in enumerate(STORIES[story], start=1):
        put(root, side, f"{9 - sequence}", message(number, sequence, kind, told), **changes)


def states() -> list[str]:
    return list(Returned.objects.order_by("sequence").values_list("state", flat=True))


@pytest.fixture
def number(files) -> str:
    case = cases.accepted()
    assert exchange.push_all(files.partner) == 1
    return case.number


def test_every_kind_that_the_interface_knows_is_told_by_files_here():
    told = {kind for story in STORIES.values() for kind, _told in story}
    known = {get_args(one.model_fields["kind"].annotation)[0] for one in get_args(messages.Return)}

    assert told | set(AT_THE_COUNTER) | ON_ITS_OWN == known


@pytest.mark.req("CASE-05")
@pytest.mark.parametrize("kind", AT_THE_COUNTER)
def test_what_was_received_is_accepted_corrected_or_declined_by_a_file(files, root, kind):
    services.switch_partner(
        code="market-files", on=False, reason="改为收件后推送", by=exchange.ADMIN, at=cases.FRIDAY
    )
    early = exchange.keys(
        exchange.register(code="market-early", kind=PartnerKind.FILES, begins=Begin.RECEIVED)
    )
    case = cases.receive()
    exchange.push_all(early.partner)
    told, state = AT_THE_COUNTER[kind]
    folder = outbox_folder.folder("market-early")

    put(folder, early, "1", message(case.number, 1, kind, told))
    scan(early)

    assert reasons(folder) == []
    assert queries.case(case.number, by=cases.HEAD).state.value == state


@pytest.mark.req("CASE-05")
@pytest.mark.parametrize("story", STORIES)
def test_in_any_order_and_again_each_is_done_once_and_answered(files, root, number, story):
    tell(root, files, number, story)
    assert scan(files) == len(STORIES[story])

    page = queries.case_page(number, by=cases.HEAD)
    assert page.case.state.value == ENDS[story]
    assert page.case.extended_on is None
    tell(root, files, number, story)
    scan(files)

    assert queries.case_page(number, by=cases.HEAD) == page
    assert states() == ["applied"] * len(STORIES[story])
    assert reasons(root) == []
    assert list((root / "incoming").iterdir()) == []
    for sequence in range(1, len(STORIES[story]) + 1):
        told = answer(root, f"message-{sequence}")
        assert (told["http_status"], told["state"]) == (200, "applied"), told


@pytest.mark.req("CASE-05")
def test_a_hearing_is_set_held_and_recorded_by_files_of_three_days(files, root, number):
    told = message(number, 1, *NOTIFIED, origin="own_motion")
    put(root, files, "1", told)
    scan(files)
    place = {"person": LI, "chair": WANG, "place": "局二楼会议室"}
    monday = cases.FRIDAY + dt.timedelta(days=3)
    held = dt.datetime(2026, 3, 26, 9, tzinfo=cases.ZONE)
    hearing = message(number, 2, "hearing_set", place, held_at=held.isoformat())
    put(root, files, "2", hearing, at=monday)
    scan(files, monday)
    record = {"person": LI, "end": "held", "record": "申请人提交测绘图。"}
    signed = message(number, 3, "hearing_end", record, signed_by=["王主持", "申请人代表"])

    put(root, files, "3", signed, at=held)
    scan(files, held)

    assert reasons(root) == []
    page = queries.case_page(number, by=cases.HEAD)
    assert page.case.state.value == "reviewing"
    letters = [one.kind.value for one in page.documents]
    assert letters[-3:] == ["hearing_announcement", "hearing_notice", "hearing_record"]


@pytest.mark.parametrize("story", STORIES)
def test_forged_late_or_of_another_department_nothing_is_done(files, root, number, story):
    before = queries.case_page(number, by=cases.HEAD)
    housing = exchange.keys(
        exchange.register(code="housing-files", department="housing", kind=PartnerKind.FILES)
    )
    forger = Key(key_id=files.key.key_id, algorithm=files.key.algorithm, secret="b3RoZXI=" * 4)
    late = cases.FRIDAY - FILE_AGE - dt.timedelta(seconds=1)

    for changes in ({"key": forger}, {"key": housing.key}, {"at": late}):
        tell(root, files, number, story, **changes)
        assert scan(files) == len(STORIES[story])

    said = reasons(root)
    assert len([one for one in said if "签名不正确" in one]) == 2 * len(STORIES[story])
    assert len([one for one in said if "签名时间" in one]) == len(STORIES[story])
    assert queries.case_page(number, by=cases.HEAD) == before
    assert not Returned.objects.exists()
    assert sum(RefusedCall.objects.values_list("count", flat=True)) == len(said)


def test_a_kind_that_nobody_knows_is_set_apart_and_its_place_stays_free(files, root, number):
    put(root, files, "1", message(number, 1, "hearing_cancel", {"person": LI}, id="unknown-1"))
    scan(files)
    assert ["不符合接口说明" in one for one in reasons(root)] == [True]

    put(root, files, "2", message(number, 1, *NOTIFIED))
    scan(files)

    assert states() == ["applied"]


def test_words_changed_after_signing_are_not_taken(files, root, number):
    kind, told = STORIES["extension"][0]
    put(root, files, "a", message(number, 1, kind, told))
    path = root / "incoming" / "a.json"
    path.write_bytes(path.read_bytes().replace(b'"workdays": 5', b'"workdays": 9'))

    scan(files)

    assert "Content-Digest不一致" in reasons(root)[0]
    assert not Returned.objects.exists()


def test_more_days_are_not_approved_by_a_file_and_the_sentence_says_who_does(files, root, number):
    put(root, files, "1", message(number, 1, *STORIES["extension"][0]))
    put(root, files, "2", message(number, 2, "extension_decide", {"head": QIAN}))
    scan(files)

    assert reasons(root) == [
        "延长期限只能由负责人在平台上批准，请本部门负责人（联合办理的为区领导）登录平台批准。"
    ]
    assert answer(root, "message-2")["http_status"] == 422
    assert queries.case(number, by=cases.HEAD).extended_on is None


def test_a_used_place_or_id_is_refused_and_the_first_answer_stays(files, root, number):
    kind, told = STORIES["extension"][0]
    put(root, files, "a", message(number, 1, kind, told))
    scan(files)
    put(root, files, "b", message(number, 1, kind, told, id="another-1"))
    put(root, files, "c", message(number, 1, kind, told | {"workdays": 9}))

    scan(files)

    assert sorted("".join(one.split("，")[:1]) for one in reasons(root)) == [
        "序号1已经用过",
        "报文编号已用于另一份内容",
    ]
    assert answer(root, "message-1")["state"] == "applied"
    assert answer(root, "another-1")["http_status"] == 409


def test_what_waited_and_cannot_be_done_any_more_is_answered_so(files, root, number):
    put(root, files, "a", message(number, 2, *STORIES["extension"][1]))
    put(root, files, "b", message(number, 3, "acknowledge", {}))
    scan(files)
    assert answer(root, "message-2")["state"] == "held"

    put(root, files, "c", message(number, 1, "review", {"person": LI}))
    scan(files)

    assert states() == ["applied", "dead", "held"]
    told = answer(root, "message-2")
    assert (told["state"], "没有待批准的延期" in told["detail"]) == ("dead", True)
    assert (answer(root, "message-3")["http_status"], reasons(root)) == (202, [])


@pytest.mark.parametrize("half", ["1.json", "1.manifest.json"])
def test_a_file_that_is_still_being_written_waits_a_minute(files, root, number, half):
    put(root, files, "1", message(number, 1, *NOTIFIED))
    path = root / "incoming" / half
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    touched = cases.FRIDAY.timestamp()
    os.utime(path, (touched, touched))

    assert scan(files, cases.FRIDAY + dt.timedelta(seconds=20)) == 0
    assert (reasons(root), RefusedCall.objects.count()) == ([], 0)
    path.write_bytes(whole)
    assert scan(files, cases.FRIDAY + dt.timedelta(seconds=40)) == 1
    assert states() == ["applied"]


def test_a_file_that_stays_half_is_set_apart_after_a_minute(files, root, number):
    put(root, files, "1", message(number, 1, *NOTIFIED))
    path = root / "incoming" / "1.manifest.json"
    path.write_bytes(path.read_bytes()[:99])
    touched = cases.FRIDAY.timestamp()
    os.utime(path, (touched, touched))

    assert scan(files, cases.FRIDAY + folders.FRESH) == 1

    assert reasons(root) == ["清单不是JSON，请按说明生成后重新放入。"]
    assert list((root / "incoming").iterdir()) == []


def test_a_scan_that_dies_between_two_files_of_a_message_does_not_call_it_forged(
    files, root, number, monkeypatch
):
    put(root, files, "1", message(number, 1, *NOTIFIED))
    move = Path.replace

    def dies(source: Path, target: Path) -> Path:
        if source.name == "1.json":
            raise OSError(5, "Input/output error")
        return move(source, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", dies)
        with pytest.raises(OSError, match="Input"):
            scan(files)
    assert states() == ["applied"]
    scan(files)

    assert (reasons(root), RefusedCall.objects.count()) == ([], 0)


def test_characters_that_cannot_be_kept_and_names_too_long_do_not_stop_the_folder(
    files, root, number
):
    record = {"person": LI, "end": "held", "record": "记录", "signed_by": ["王\0主持"]}
    put(root, files, "a", message(number, 1, "hearing_end", record))
    put(root, files, "b", message(number, 1, *NOTIFIED, id="lonely-1"), **{"signature": "\ud800"})
    (root / "incoming" / f"{'c' * 241}.manifest.json").write_text("{}")
    put(root, files, "d", message(number, 1, *NOTIFIED))

    assert scan(files) == 4

    assert states() == ["applied"]
    assert len(reasons(root)) == 3


def test_a_folder_that_cannot_be_read_stops_no_other(files, root, number, monkeypatch):
    exchange.register(code="a-broken", department="housing", kind=PartnerKind.FILES)
    put(root, files, "1", message(number, 1, *NOTIFIED))
    read = services.scan_folder

    def scan_folder(*, partner, **given):
        if partner.code == "a-broken":
            raise OSError(5, "Input/output error")
        return read(partner=partner, **given)

    monkeypatch.setattr(gateway.services, "scan_folder", scan_folder)
    monkeypatch.setattr("yiwang.config.gateway.timezone.now", lambda: cases.FRIDAY)
    monkeypatch.setattr("yiwang.config.gateway.content.workday_calendar", lambda: cases.CALENDAR)

    with pytest.raises(ExceptionGroup, match="could not be read"):
        gateway.scan(0)

    assert states() == ["applied"]
