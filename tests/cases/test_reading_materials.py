"""Scans read by the worker after they were handed in: advice that arrives later, read once."""

from __future__ import annotations

import dataclasses
import json
from io import BytesIO

import pytest
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from tests.factories import cases, papers
from yiwang.audit.queries import trail
from yiwang.cases import services, tasks
from yiwang.cases.models import CaseMaterial
from yiwang.cases.models.prechecks import UploadCheck
from yiwang.cases.policy import material_kinds
from yiwang.cases.policy.prechecks import Finding, Grade, PreCheck
from yiwang.cases.queries.prechecks import findings_of
from yiwang.cases.services.prechecks import READ_TASK
from yiwang.catalogue.policy.items import Material, MaterialSource, PaperHolder
from yiwang.content.policy.texts import Text
from yiwang.content.services import save_text
from yiwang.documents import queries as documents
from yiwang.documents import recognising, store
from yiwang.documents import services as files
from yiwang.documents.models import FileReading, StoredFile
from yiwang.documents.policy.files import UNUSED_UPLOAD_DAYS
from yiwang.documents.policy.readings import ReadingState

pytestmark = pytest.mark.usefixtures("easy_district")

AT = cases.FRIDAY
LICENCE = Material(
    id="licence",
    name="营业执照",
    source=MaterialSource.GOVERNMENT,
    accept_standard="在有效期内，加盖公章",
)


@pytest.fixture(autouse=True)
def _keys(settings, tmp_path):
    settings.KEYS_DIR = tmp_path / "keys"


def photo(**changes: str) -> bytes:
    """Return a picture of an invented licence, small enough to be read fast."""
    return papers.jpeg(papers.picture(papers.licence(**changes).pdf(), side=1400))


def hand_in(content: bytes, name: str = "照片.jpg", material: Material = LICENCE) -> str:
    """Hand a file in as a material of the firm and return its ref."""
    taken = files.accept_upload(
        file=BytesIO(content), name=name, size=len(content), by=cases.CLERK.ref, at=AT
    )
    services.precheck_upload(
        upload_ref=taken.ref,
        material=material,
        applicant_ref=cases.FIRM_REF,
        by=cases.CLERK,
        at=AT,
    )
    return taken.ref


def work() -> int:
    """Do what waits for the worker; return how many readings there were."""
    waiting = list(ProcrastinateJob.objects.filter(task_name=READ_TASK))
    for job in waiting:
        tasks.read_material(**job.args)
    count = len(waiting)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name = %s", [READ_TASK])
    return count


def of(ref: str, check: PreCheck) -> Finding:
    """Return what is said about a file."""
    return next(one for one in findings_of([ref])[ref, LICENCE.id] if one.check is check)


@pytest.mark.req("CASE-09")
def test_a_photo_waits_for_the_worker_and_is_then_judged_by_its_words():
    ref = hand_in(photo(名称=cases.FIRM.name))

    assert {of(ref, one).grade for one in (PreCheck.KIND, PreCheck.NUMBER, PreCheck.DATES)} == {
        Grade.WAITING
    }
    assert of(ref, PreCheck.READABLE).grade is Grade.FINE
    assert work() == 1

    assert of(ref, PreCheck.KIND).message == "文件中有“营业执照”字样。"
    assert of(ref, PreCheck.NUMBER).message == "找到号码“913***********XC69”，校验位正确。"
    assert of(ref, PreCheck.DATES).message == "有效期到2036年2月28日。"
    assert of(ref, PreCheck.SEAL).message.startswith(f"找到印章，印文为“{papers.ISSUER}”")
    assert of(ref, PreCheck.PERSON).message == "材料上有申请人的名称。"
    assert "识别可能有误，以原件为准" in of(ref, PreCheck.TEXT).message
    assert [row.actor for row in trail(act="cases.precheck")][:1] == ["job:read-materials"]


@pytest.mark.req("CASE-09")
def test_the_licence_of_another_firm_that_ran_out_is_told_with_both():
    ref = hand_in(photo(有效期限="2016年03月01日至2026年03月01日"))
    work()

    assert of(ref, PreCheck.DATES).message == "有效期到2026年3月1日，已经过期，请换交有效的材料。"
    person = of(ref, PreCheck.PERSON)
    assert person.grade is Grade.DOUBT
    assert "材料上的号码是“913***********XC69”，申请人的是“" in person.message


def test_a_scanned_pdf_is_read_as_a_photo_is():
    import pikepdf

    picture = papers.picture(papers.licence().pdf(), side=1400)
    made = pikepdf.new()
    page = made.add_blank_page(page_size=(595, 842))
    image = pikepdf.Stream(made, papers.jpeg(picture))
    image.stream_dict = pikepdf.Dictionary(
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Image,
        Width=picture.width,
        Height=picture.height,
        ColorSpace=pikepdf.Name.DeviceRGB,
        BitsPerComponent=8,
        Filter=pikepdf.Name.DCTDecode,
    )
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=image))
    page.Contents = pikepdf.Stream(made, b"595 0 0 842 0 0 cm /P Do")
    file = BytesIO()
    made.save(file)

    ref = hand_in(file.getvalue(), "扫描件.pdf")
    assert of(ref, PreCheck.KIND).grade is Grade.WAITING
    work()

    assert of(ref, PreCheck.KIND).grade is Grade.FINE
    assert of(ref, PreCheck.NUMBER).grade is Grade.FINE


def test_a_pdf_with_words_does_not_wait():
    ref = hand_in(papers.licence().pdf(), "执照.pdf")

    assert work() == 0
    assert of(ref, PreCheck.KIND).grade is Grade.FINE


def test_nothing_is_read_twice(monkeypatch):
    content = photo()
    first = hand_in(content)
    work()
    monkeypatch.setattr(recognising, "read", lambda *_: pytest.fail("read again"))

    second = hand_in(content)

    assert work() == 0
    assert findings_of([second])[second, "licence"] == findings_of([first])[first, "licence"]


def test_a_reader_of_another_version_reads_again(monkeypatch):
    ref = hand_in(photo())
    work()
    monkeypatch.setattr(recognising, "ENGINE", "another/1")

    assert documents.reading(ref).state is ReadingState.WAITING
    files.read_upload(ref=ref, at=AT)

    assert FileReading.objects.get().engine == "another/1"
    assert StoredFile.objects.filter(media_type="application/json").count() == 1


def test_no_word_of_the_paper_stands_in_the_database():
    ref = hand_in(photo())
    kept = json.dumps(list(ProcrastinateJob.objects.values_list("args", flat=True)))
    work()

    said = json.dumps(
        [row.findings for row in UploadCheck.objects.all()]
        + [row.detail for row in trail(act="cases.precheck")],
        ensure_ascii=False,
    )
    for secret in (papers.USCC, papers.PERSON, "示例路11号"):
        assert secret not in kept
        assert secret not in said
    assert papers.USCC in documents.reading(ref).text


def test_what_was_read_goes_with_the_file():
    import datetime as dt

    hand_in(photo())
    work()
    kept = FileReading.objects.get()
    words = kept.text_id

    files.purge_unused_uploads(at=AT + dt.timedelta(days=UNUSED_UPLOAD_DAYS + 1))

    assert not FileReading.objects.exists()
    assert not StoredFile.objects.filter(sha256=words).exists()
    with pytest.raises(LookupError):
        store.open(words)


def test_a_file_that_was_taken_away_meanwhile_is_not_read(monkeypatch):
    ref = hand_in(photo())
    monkeypatch.setattr(recognising, "read", lambda *_: pytest.fail("read"))
    from yiwang.documents.models import Upload

    Upload.objects.all().delete()

    assert work() == 1
    assert of(ref, PreCheck.KIND).grade is Grade.WAITING


def test_without_a_reader_nothing_waits_and_the_finding_says_why(monkeypatch):
    monkeypatch.setattr(recognising, "available", lambda: False)

    ref = hand_in(photo())

    assert work() == 0
    assert of(ref, PreCheck.KIND).grade is Grade.UNKNOWN
    assert "没有安装文字识别程序" in of(ref, PreCheck.KIND).message


def test_a_reading_that_failed_is_a_finding_and_is_not_tried_again(monkeypatch):
    monkeypatch.setattr(recognising, "WALL_SECONDS", 0.01)
    ref = hand_in(photo())
    work()

    assert "程序没能识别图片里的文字" in of(ref, PreCheck.KIND).message
    assert documents.reading(ref).state is ReadingState.FAILED


def test_what_a_kind_must_bear_stands_in_a_pack_and_can_be_changed(settings):
    save_text(
        Text(
            pack=settings.DISTRICT,
            key="material_kinds.business_licence",
            text="营业执照：本地执照；应有：身份证号",
            source="测试",
            effective_on=AT.date(),
        )
    )
    ref = hand_in(photo())
    work()

    assert of(ref, PreCheck.KIND).message.startswith("文件中没有找到“本地执照”字样")
    assert of(ref, PreCheck.NUMBER).message.startswith("没有找到身份证号，请核对是否拍全")


@pytest.mark.parametrize(
    "text", ["营业执照", "营业执照：", "营业执照：营业执照；应有：金章", "甲：乙；应有：印章；丙"]
)
def test_a_line_about_a_kind_that_cannot_be_read_is_refused(text):
    (problem,) = material_kinds.problems("material_kinds.x", text)

    assert "请写成“营业执照：" in problem


def test_a_paper_that_may_be_anothers_is_named_and_not_doubted():
    """The same licence of another firm is doubted where it should be the applicant's."""
    of_other = dataclasses.replace(LICENCE, holder=PaperHolder.OTHER)
    ref = hand_in(photo(), material=of_other)
    work()

    person = of(ref, PreCheck.PERSON)
    assert person.grade is Grade.UNKNOWN
    assert person.message.startswith("这份材料可以是别人的，写的是“")
    assert "913***********XC69" in person.message


def test_the_applicants_own_paper_is_fine_where_it_may_be_anothers_too():
    of_other = dataclasses.replace(LICENCE, holder=PaperHolder.OTHER)
    ref = hand_in(photo(名称=cases.FIRM.name), material=of_other)
    work()

    assert of(ref, PreCheck.PERSON).grade is Grade.FINE


def test_files_of_a_case_are_looked_at_once_and_only_by_who_handed_them_in():
    mine, theirs = cases.upload("user:clerk"), cases.upload("user:other")
    cases.publish(cases.restaurant(slug="with-plan"))
    number = cases.receive(item_slug="with-plan", uploads={"layout": [mine]}).number
    CaseMaterial.objects.filter(case__number=number, material_id="layout").update(
        upload_refs=[mine, theirs]
    )
    for _again in range(2):
        services.precheck_case(number=number, by=cases.CLERK, at=AT)
    services.precheck_case(number="none", by=cases.CLERK, at=AT)

    assert set(findings_of([mine, theirs])) == {(mine, "layout")}
    assert len(trail(act="cases.precheck")) == 1
