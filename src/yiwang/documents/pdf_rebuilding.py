"""A PDF built anew from its pages: what acts, hides or carries other files does not survive."""

from __future__ import annotations

import base64
import zlib
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream

from yiwang.documents.pdf_limits import FILTERS_MAX, LZW_RATIO, UNPACKED_MAX_BYTES, may_expand
from yiwang.documents.policy.files import (
    PDF_MAX_EXPANDED_BYTES,
    PDF_MAX_PAGES,
    PICTURE_MAX_PIXELS,
)
from yiwang.documents.refusals import UploadRefusedError

PAGE_KEYS = ("/Contents", "/Resources", "/MediaBox", "/CropBox", "/Rotate", "/Group")
"""What is taken over of a page."""

ACTING = (
    "/AA",
    "/A",
    "/OpenAction",
    "/JS",
    "/JavaScript",
    "/Launch",
    "/EmbeddedFiles",
    "/EF",
    "/AF",
    "/XFA",
    "/RichMedia",
    "/RichMediaContent",
    "/Ref",
    "/OPI",
    "/PieceInfo",
    "/Metadata",
)
"""Keys removed wherever they stand in what is taken over."""

END_MARK_WITHIN = 2_048
"""How near to the end of the file `%%EOF` must stand, in bytes."""

OBJECTS_MAX = 200_000
DEPTH_MAX = 60
INTERMEDIATE_MAX_BYTES = 40_000_000
CHUNK_BYTES = 1_000_000
RUN_LENGTH_RATIO = 130
"""The most that one byte under this filter may become."""

DAMAGED = "PDF 不完整或已损坏，请重新导出或重新扫描后上传。"
LOCKED = "PDF 设有打开密码，工作人员无法查看，请去掉密码后再上传。"
EXPANDS = "PDF 展开后过大，请用“打印为 PDF”重新生成，或降低扫描分辨率后再上传。"
LOOSE_FORM = "PDF 表单里填写的内容没有固定在页面上，请用“打印为 PDF”重新生成后再上传。"
TOO_LONG = f"PDF 超过 {PDF_MAX_PAGES} 页，请分成几个文件后再上传。"


def rebuild(content: bytes) -> tuple[int, bytes]:
    """Return the number of pages and a PDF of the same pages without anything that acts.

    Filled-in form fields and stamps become part of the page. Signatures do not survive: the
    original is kept for checking them.

    Raises:
        UploadRefusedError: it is no PDF, locked, damaged, too long or unpacks to too much.
    """
    if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-END_MARK_WITHIN:]:
        raise UploadRefusedError(DAMAGED)
    if may_expand(content, limit=UNPACKED_MAX_BYTES):
        raise UploadRefusedError(EXPANDS)
    try:
        with pikepdf.open(BytesIO(content), suppress_warnings=True) as source:
            pages = len(source.pages)
            if not pages:
                raise UploadRefusedError(DAMAGED)
            if pages > PDF_MAX_PAGES:
                raise UploadRefusedError(TOO_LONG)
            _check_expansion(source)
            _check_form(source)
            source.flatten_annotations("screen")
            return pages, _copy(source)
    except pikepdf.PasswordError as error:
        raise UploadRefusedError(LOCKED) from error
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise UploadRefusedError(DAMAGED) from error


def _check_form(source: pikepdf.Pdf) -> None:
    """Refuse filled-in fields that only an editor draws: the copy would lose what they say."""
    for page in source.pages:
        for field in page.obj.get("/Annots", []):
            if (
                isinstance(field, Dictionary)
                and field.get("/Subtype") == Name.Widget
                and str(field.get("/V", ""))
                and "/AP" not in field
            ):
                raise UploadRefusedError(LOOSE_FORM)


def _copy(source: pikepdf.Pdf) -> bytes:
    with pikepdf.new() as made:
        for page in source.pages:
            kept = Dictionary(Type=Name.Page)
            for key in PAGE_KEYS:
                value = _inherited(page.obj, key)
                if isinstance(value, pikepdf.Object):
                    whole = value if value.is_indirect else source.make_indirect(value)
                    kept[key] = made.copy_foreign(whole)
                elif value is not None:
                    kept[key] = value
            made.pages.append(pikepdf.Page(made.make_indirect(kept)))
        for member in made.objects:
            _disarm(member, depth=0)
        file = BytesIO()
        made.save(
            file,
            deterministic_id=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            compress_streams=True,
        )
    return file.getvalue()


def _inherited(page: Any, key: str) -> Any:
    """Return the value of `key` at a page or at the nearest node above that has it."""
    for _ in range(DEPTH_MAX):
        if key in page:
            return page[key]
        page = page.get("/Parent")
        if page is None or key in {"/Contents", "/Group"}:
            return None
    return None


def _disarm(member: Any, *, depth: int) -> None:
    if depth > DEPTH_MAX:
        raise ValueError("nested too deep")
    if isinstance(member, Dictionary | Stream):
        for key in list(member.keys()):
            if key in ACTING and not _is_name(member, key):
                del member[key]
            else:
                _descend(member[key], depth=depth)
    elif isinstance(member, Array):
        for one in member:
            _descend(one, depth=depth)


def _is_name(member: Any, key: str) -> bool:
    """Tell whether `key` is a name somebody chose: of a glyph, a font or a picture."""
    return key == "/A" and not (isinstance(member[key], Dictionary) and "/S" in member[key])


def _descend(value: Any, *, depth: int) -> None:
    if isinstance(value, pikepdf.Object) and not value.is_indirect:
        _disarm(value, depth=depth + 1)


def _check_expansion(source: pikepdf.Pdf) -> None:
    """Refuse what unpacks to far more than an honest file, before anything unpacks it."""
    left = PDF_MAX_EXPANDED_BYTES
    if len(source.objects) > OBJECTS_MAX:
        raise UploadRefusedError(EXPANDS)
    for member in source.objects:
        if not isinstance(member, Stream):
            continue
        width, height = member.get("/Width", 0), member.get("/Height", 0)
        sized = isinstance(width, int) and isinstance(height, int)
        if sized and width * height > PICTURE_MAX_PIXELS * 2:
            raise UploadRefusedError(EXPANDS)
        left -= _expanded(member, left)
        if left < 0:
            raise UploadRefusedError(EXPANDS)


def _expanded(member: Any, limit: int) -> int:
    """Return about how many bytes a stream unpacks to; more than `limit` is not counted on."""
    filters = member.get("/Filter", [])
    names = [str(one) for one in (filters if isinstance(filters, Array) else [filters])]
    if len(names) > FILTERS_MAX:
        raise UploadRefusedError(EXPANDS)
    data = bytes(member.read_raw_bytes())
    size = len(data)
    for place, name in enumerate(names):
        last = place == len(names) - 1
        if name in {"/FlateDecode", "/Fl"}:
            size, data = _inflated(data, limit if last else INTERMEDIATE_MAX_BYTES, keep=not last)
        elif name in {"/LZWDecode", "/LZW"}:
            return size * LZW_RATIO
        elif name in {"/RunLengthDecode", "/RL"}:
            return size * RUN_LENGTH_RATIO
        elif name in {"/ASCIIHexDecode", "/AHx", "/ASCII85Decode", "/A85"} and not last:
            data = _plain(member, place)
            size = len(data)
        if size > limit:
            return size
    return size


def _plain(member: Any, place: int) -> bytes:
    """Return what stands behind the text encodings at the front of a chain of filters."""
    raw = bytes(member.read_raw_bytes())
    if place:
        raise UploadRefusedError(EXPANDS)  # text encodings stand first in honest files
    name = str(member["/Filter"][0])
    text = b"".join(raw.split())
    if name in {"/ASCIIHexDecode", "/AHx"}:
        return bytes.fromhex(text.rstrip(b">").decode("ascii", "replace"))
    return base64.a85decode(text.removeprefix(b"<~").removesuffix(b"~>"))


def _inflated(data: bytes, limit: int, *, keep: bool) -> tuple[int, bytes]:
    """Return how many bytes `data` inflates to, at most a little over `limit`, and these bytes."""
    engine = zlib.decompressobj()
    kept = bytearray()
    size = 0
    rest = data
    try:
        while rest and size <= limit and not engine.eof:
            part = engine.decompress(rest, CHUNK_BYTES)
            rest = engine.unconsumed_tail
            size += len(part)
            if keep:
                kept += part
            if not part and not rest:
                break
    except zlib.error:
        return size, bytes(kept)
    if keep and size > limit:
        raise UploadRefusedError(EXPANDS)
    return size, bytes(kept)
