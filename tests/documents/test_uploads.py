"""What an applicant may hand in, what is refused and with which words."""

from __future__ import annotations

import base64
import datetime as dt
import zipfile
import zlib
from io import BytesIO

import pikepdf
import pypdfium2
import pytest
import pyvips
from django.db import IntegrityError, transaction

from tests.documents.test_rendering import LICENCE
from tests.factories.documents import (
    NOON,
    accept,
    hostile_pdf,
    jpeg,
    pdf,
    png,
    png_that_says,
)
from yiwang.documents import queries, services, store
from yiwang.documents.models import StoredFile, Upload
from yiwang.documents.policy.files import MediaType, ScanState, UploadState, clean_name
from yiwang.documents.rendering import render
from yiwang.documents.services import UploadRefusedError

pytestmark = [pytest.mark.django_db, pytest.mark.thorough]


def test_a_pdf_is_taken_in_whole_and_shown_as_a_copy():
    content = pdf(pages=2)

    view = accept(content, "营业执照.PDF")

    assert view.media_type is MediaType.PDF
    assert view.pages == 2
    assert view.size == len(content)
    assert view.state is UploadState.UNUSED
    assert view.scan is ScanState.NOT_SCANNED
    assert queries.open_original(view.ref) == content
    assert queries.open_derivative(view.ref) != content
    assert queries.upload(view.ref) == view
    preview = queries.open_preview(view.ref)
    assert preview is not None
    assert preview.startswith(b"\x89PNG")


@pytest.mark.parametrize(("content", "name"), [(jpeg(), "照片.jpeg"), (png(), "截图.png")])
def test_a_picture_is_taken_in_and_encoded_anew(content, name):
    view = accept(content, name)

    assert view.pages == 1
    assert not view.has_preview
    shown = pyvips.Image.new_from_buffer(queries.open_derivative(view.ref), "")
    assert (shown.width, shown.height) == (60, 40)


def test_a_picture_loses_what_is_not_a_pixel():
    picture = pyvips.Image.black(64, 32, bands=3).cast("uchar").copy()
    picture.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Copyright", "SECRET-PLACE")
    picture.set_type(pyvips.GValue.gint_type, "orientation", 6)
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        zipped.writestr("EVIL.html", "<script>")
    content = bytes(picture.jpegsave_buffer()) + archive.getvalue()
    assert b"EVIL" in content
    assert b"SECRET-PLACE" in content

    shown = queries.open_derivative(accept(content, "a.jpg").ref)

    assert b"EVIL" not in shown
    assert b"SECRET-PLACE" not in shown
    turned = pyvips.Image.new_from_buffer(shown, "")
    assert (turned.width, turned.height) == (32, 64)


def test_a_large_picture_is_shown_smaller():
    shown = queries.open_derivative(accept(jpeg(6_000, 1_000), "a.jpg").ref)

    assert pyvips.Image.new_from_buffer(shown, "").width == 3_000


def test_what_acts_in_a_pdf_does_not_survive():
    content = hostile_pdf()
    for planted in (b"EVIL-SCRIPT", b"EVIL-PROGRAM", b"EVIL-XFA", b"EVIL-METADATA", b"EVIL-PIECE"):
        assert planted in content

    shown = queries.open_derivative(accept(content).ref)

    with pikepdf.open(BytesIO(shown)) as copy:
        assert set(copy.Root.keys()) == {"/Type", "/Pages"}
        assert not copy.attachments
        flat = BytesIO()
        copy.save(
            flat,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.all,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
        )
    assert b"EVIL" not in flat.getvalue()
    assert b"re f" in flat.getvalue()


def test_the_copy_of_a_pdf_looks_like_the_original():
    """A printed licence has embedded fonts, drawings and a code: all must be seen alike."""
    original = render("licence", LICENCE, at=NOON)

    shown = queries.open_derivative(accept(original).ref)

    pictures = []
    for content in (original, shown):
        with pypdfium2.PdfDocument(content) as document:
            pictures.append(document[0].render(scale=1).to_pil().tobytes())
    assert pictures[0] == pictures[1]


def test_a_form_that_only_an_editor_draws_is_refused():
    with pikepdf.new() as made:
        page = made.add_blank_page()
        field = pikepdf.Dictionary(
            Type=pikepdf.Name.Annot,
            Subtype=pikepdf.Name.Widget,
            FT=pikepdf.Name.Tx,
            V=pikepdf.String("填写的内容"),
            Rect=pikepdf.Array([10, 10, 60, 60]),
        )
        widget = made.make_indirect(field)
        page.obj.Annots = pikepdf.Array([widget])
        made.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([widget]))
        file = BytesIO()
        made.save(file)

    with pytest.raises(UploadRefusedError, match="没有固定在页面上，请用“打印为 PDF”重新生成"):
        accept(file.getvalue())


def test_a_filled_form_field_becomes_part_of_the_page():
    with pikepdf.new() as made:
        page = made.add_blank_page(page_size=(200, 200))
        look = pikepdf.Stream(made, b"0 g 0 0 50 50 re f % FILLED")
        look.stream_dict = pikepdf.Dictionary(
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Form,
            BBox=pikepdf.Array([0, 0, 50, 50]),
        )
        field = made.make_indirect(
            pikepdf.Dictionary(
                Type=pikepdf.Name.Annot,
                Subtype=pikepdf.Name.Widget,
                FT=pikepdf.Name.Tx,
                T=pikepdf.String("name"),
                V=pikepdf.String("王"),
                F=4,
                Rect=pikepdf.Array([10, 10, 60, 60]),
                AP=pikepdf.Dictionary(N=look),
            )
        )
        page.obj.Annots = pikepdf.Array([field])
        made.Root.AcroForm = pikepdf.Dictionary(Fields=pikepdf.Array([field]))
        file = BytesIO()
        made.save(file)

    shown = queries.open_derivative(accept(file.getvalue()).ref)

    with pikepdf.open(BytesIO(shown)) as copy:
        (form,) = copy.pages[0].obj.Resources.XObject.values()
        assert b"FILLED" in form.read_bytes()


def flate_bomb(*, layers: int = 1) -> bytes:
    """Return a small PDF whose page unpacks to a gigabyte."""
    content = b"\0" * 1_000_000
    engine = zlib.compressobj(9)
    packed = b"".join(engine.compress(content) for _ in range(1_000)) + engine.flush()
    for _ in range(layers - 1):
        packed = zlib.compress(packed, 9)
    with pikepdf.new() as made:
        page = made.add_blank_page()
        stream = pikepdf.Stream(made, b"")
        stream.write(packed, filter=pikepdf.Array([pikepdf.Name.FlateDecode] * layers))
        page.Contents = stream
        file = BytesIO()
        made.save(file, compress_streams=False)
    return file.getvalue()


def picture_bomb() -> bytes:
    with pikepdf.new() as made:
        page = made.add_blank_page()
        picture = pikepdf.Stream(made, b"")
        picture.stream_dict = pikepdf.Dictionary(
            Type=pikepdf.Name.XObject,
            Subtype=pikepdf.Name.Image,
            Width=60_000,
            Height=60_000,
            BitsPerComponent=1,
            ColorSpace=pikepdf.Name.DeviceGray,
        )
        page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(P=picture))
        file = BytesIO()
        made.save(file)
    return file.getvalue()


def text_encoded_pdf() -> bytes:
    with pikepdf.new() as made:
        page = made.add_blank_page()
        stream = pikepdf.Stream(made, b"")
        stream.write(
            base64.a85encode(zlib.compress(b"0.5 g 0 0 9 9 re f")) + b"~>",
            filter=pikepdf.Array([pikepdf.Name.ASCII85Decode, pikepdf.Name.FlateDecode]),
        )
        page.Contents = stream
        file = BytesIO()
        made.save(file, compress_streams=False)
    return file.getvalue()


def test_an_old_pdf_with_text_encodings_is_taken_in():
    assert accept(text_encoded_pdf()).pages == 1


SCRIPT = b"#!/bin/sh\nrm -rf /\n"
PROGRAM = b"MZ\x90\x00\x03\x00\x00\x00\x04\x00\x00\x00\xff\xff" + b"\0" * 200
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
PAGE = b"<!DOCTYPE html><html><script>alert(1)</script></html>"


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        pytest.param(b"", "a.pdf", "文件是空的，请重新选择", id="empty"),
        pytest.param(
            PROGRAM, "a.pdf", "内容却不是PDF 文件；请打开原文件，另存为", id="renamed exe"
        ),
        pytest.param(SCRIPT, "a.pdf", "不要只改文件名", id="renamed script"),
        pytest.param(PROGRAM, "a.exe", "只接受 PDF、JPG、PNG 文件", id="exe"),
        pytest.param(PROGRAM, "a.pdf.exe", "只接受 PDF、JPG、PNG", id="two extensions"),
        pytest.param(pdf(), "a.jpg", "内容却不是JPG 图片", id="pdf called jpg"),
        pytest.param(pdf(), "a", "只接受 PDF、JPG、PNG 文件", id="no extension"),
        pytest.param(SVG, "a.svg", "请把图片另存为 PNG 或 JPG", id="svg"),
        pytest.param(SVG, "a.png", "内容却不是PNG 图片", id="svg called png"),
        pytest.param(PAGE, "a.html", "请把网页打印为 PDF", id="html"),
        pytest.param(PAGE, "a.pdf", "内容却不是PDF", id="html called pdf"),
        pytest.param(b"PK\x03\x04", "a.docx", "请把文档另存为 PDF", id="docx"),
        pytest.param(b"PK\x03\x04", "a.zip", "请解压后逐个上传", id="zip"),
        pytest.param(b"....ftypheic", "a.HEIC", "HEIC 照片不能受理，请在“设置", id="heic"),
        pytest.param(pdf(password="1234"), "a.pdf", "请去掉密码", id="locked pdf"),
        pytest.param(pdf()[:300], "a.pdf", "PDF 不完整或已损坏，请重新导出", id="cut pdf"),
        pytest.param(b"%PDF-1.7\n%%EOF", "a.pdf", "PDF 不完整或已损坏", id="hollow pdf"),
        pytest.param(PAGE + pdf(), "a.pdf", "不是PDF", id="html before pdf"),
        pytest.param(pdf(pages=301), "a.pdf", "PDF 超过 300 页，请分成几个", id="long pdf"),
        pytest.param(flate_bomb(), "a.pdf", "PDF 展开后过大，请用", id="pdf bomb"),
        pytest.param(flate_bomb(layers=2), "a.pdf", "PDF 展开后过大", id="nested pdf bomb"),
        pytest.param(picture_bomb(), "a.pdf", "PDF 展开后过大", id="picture bomb in pdf"),
        pytest.param(png_that_says(30_000, 30_000), "a.png", "30000×30000 像素", id="png bomb"),
        pytest.param(png_that_says(0, 10), "a.png", "图片不完整或已损坏", id="png without width"),
        pytest.param(png_that_says(900, 900), "a.png", "图片不完整或已损坏", id="lying png"),
        pytest.param(jpeg(900, 900)[:900], "a.jpg", "图片不完整或已损坏，请重新拍照", id="cut jpg"),
        pytest.param(b"\xff\xd8\xff\xe0" + b"\0" * 50, "a.jpg", "图片不完整", id="hollow jpg"),
    ],
)
def test_what_is_refused_is_refused_with_a_remedy(content, name, words):
    with pytest.raises(UploadRefusedError, match=words):
        accept(content, name)
    assert not Upload.objects.exists()
    assert not StoredFile.objects.exists()


class Endless:
    """A sender that never stops."""

    def __init__(self) -> None:
        self.sent = 0

    def read(self, size: int) -> bytes:
        assert 0 < size <= services.CHUNK_BYTES
        self.sent += size
        return b"\0" * size


def test_two_gigabytes_are_cut_off_early(settings):
    settings.MAX_UPLOAD_BYTES = 5_000_000
    sender = Endless()

    with pytest.raises(UploadRefusedError, match="文件超过 5 MB，请压缩或分成几个文件"):
        accept(b"", file=sender, size=1)

    assert sender.sent <= 5_000_000 + services.CHUNK_BYTES


def test_a_file_that_says_it_is_too_large_is_not_read_at_all(settings):
    sender = Endless()

    with pytest.raises(UploadRefusedError, match="请压缩"):
        accept(b"", file=sender, size=2_000_000_000)

    assert sender.sent == 0


def test_a_file_of_exactly_the_limit_is_read(settings):
    content = pdf()
    settings.MAX_UPLOAD_BYTES = len(content)

    assert accept(content).size == len(content)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("C:\\我的文件\\营业执照.pdf", "营业执照.pdf"),
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("执照\u202efdp.exe", "执照fdp.exe"),
        ("a\x00b\n.pdf", "ab.pdf"),
        ("<b>.pdf", "b .pdf"),
        (".pdf", "pdf"),
        ("", "未命名"),
        ("长" * 300 + ".pdf", "长" * 116 + ".pdf"),
    ],
)
def test_a_name_is_cleaned_before_it_is_shown(given, kept):
    assert clean_name(given) == kept


def test_mark_used_ties_an_upload_to_one_record_for_good():
    view = accept(pdf())

    used = services.mark_used(ref=view.ref, used_by="case:1")

    assert used.state is UploadState.USED
    assert services.mark_used(ref=view.ref, used_by="case:1") == used
    with pytest.raises(UploadRefusedError, match="已用于另一办件，请重新上传"):
        services.mark_used(ref=view.ref, used_by="case:2")
    assert StoredFile.objects.filter(kept=False).count() == 0


def test_record_scan_says_what_the_scanner_found():
    view = accept(pdf())

    assert services.record_scan(ref=view.ref, passed=False).scan is ScanState.BLOCKED
    assert services.record_scan(ref=view.ref, passed=True).scan is ScanState.PASSED


def test_purge_deletes_what_nobody_used_for_thirty_days():
    forgotten = accept(pdf())
    fresh = accept(pdf(pages=2), at=NOON + dt.timedelta(days=1))
    used = accept(pdf(pages=3))
    services.mark_used(ref=used.ref, used_by="case:1")

    purged = services.purge_unused_uploads(at=NOON + dt.timedelta(days=30))

    assert purged == 1
    with pytest.raises(LookupError):
        queries.upload(forgotten.ref)
    with pytest.raises(LookupError):
        store.open(forgotten.sha256)
    assert queries.open_original(fresh.ref)
    assert queries.open_original(used.ref)


def test_purge_keeps_a_file_that_another_upload_uses():
    accept(pdf())
    later = accept(pdf(), at=NOON + dt.timedelta(days=9))

    assert services.purge_unused_uploads(at=NOON + dt.timedelta(days=30)) == 1
    assert queries.open_original(later.ref) == pdf()


@pytest.mark.parametrize(
    "ref", ["", "upload:", "upload:" + "0" * 32, "case:1", "upload:" + "g" * 32]
)
def test_a_guessed_ref_finds_nothing(ref):
    for question in (queries.upload, queries.open_derivative, queries.open_original):
        with pytest.raises(LookupError):
            question(ref)
    with pytest.raises(LookupError):
        services.mark_used(ref=ref, used_by="case:1")


def test_uploads_asks_the_database_once(django_assert_num_queries):
    refs = [accept(pdf(pages=n)).ref for n in (1, 2)]

    with django_assert_num_queries(1):
        found = queries.uploads([*refs, "upload:nothing"])

    assert set(found) == set(refs)


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("documents_upload_state_known", {"state": "lost", "used_by": "x"}),
        ("documents_upload_scan_known", {"scan": "maybe"}),
        ("documents_upload_media_type_accepted", {"media_type": "text/html"}),
        ("documents_upload_used_exactly_when_it_belongs_somewhere", {"state": "used"}),
        ("documents_upload_used_exactly_when_it_belongs_somewhere", {"used_by": "case:1"}),
        ("documents_upload_has_a_page", {"pages": 0}),
    ],
)
def test_the_database_refuses_what_cannot_be(constraint, changes):
    accept(pdf())

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Upload.objects.update(**changes)
