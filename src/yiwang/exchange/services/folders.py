"""Reading what a department put into its folder: each file once, bad ones set apart with why."""

from __future__ import annotations

import json
import os
import re
import secrets
import stat
from datetime import datetime, timedelta
from pathlib import Path

from yiwang.cases.policy.deadlines import day_of
from yiwang.exchange import queries
from yiwang.exchange.policy import messages, signatures
from yiwang.exchange.policy.signatures import Key, Message
from yiwang.exchange.queries import PartnerView
from yiwang.exchange.services import outbox_folder
from yiwang.exchange.services.counting import turn_away
from yiwang.exchange.services.outbox_folder import DONE, INCOMING, MANIFEST, OUTGOING, REJECTED, put
from yiwang.exchange.services.receiving import Reply, receive, waited
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.workdays import WorkdayCalendar

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
MANIFEST_BYTES = 20_000
FILES_AT_ONCE = 200
FRESH = timedelta(minutes=1)
"""What is wrong with a file touched so recently may be that it is still being written."""


class FileRefusedError(RefusedError):
    """The file is not one that can be read."""

    code = "exchange.file_refused"


def scan_folder(*, partner: PartnerView, calendar: WorkdayCalendar, at: datetime) -> int:
    """Read every message whose manifest is there; return how many were read.

    Done or refused, its files leave the folder; a file that dies half way is read again and, being
    known by its id, changes nothing. The answer lies in the outgoing folder; what had to wait for
    this message is answered anew. A file that is not right yet but was touched just now waits.

    Args:
        partner: A system that exchanges files.
        calendar: For limits that start.
        at: Moment of the scan.
    """
    if not partner.live(day_of(at)):
        return 0
    root = outbox_folder.folder(partner.code)
    with os.scandir(root / INCOMING) as entries:
        names = sorted(one.name for one in entries if one.name.endswith(MANIFEST))
    return sum(
        _read_one(root, name, partner, calendar=calendar, at=at) for name in names[:FILES_AT_ONCE]
    )


def _read_one(
    root: Path, name: str, partner: PartnerView, *, calendar: WorkdayCalendar, at: datetime
) -> bool:
    """Read one message; False: it may still be being written.

    The manifest moves first: should this die in between, what is left has no manifest and waits.
    """
    stem = name.removesuffix(MANIFEST)
    files = [name, f"{stem}.json"]
    try:
        message_id, raw = _checked(root / INCOMING, stem, partner, at)
    except RefusedError as refusal:
        if any(_is_fresh(root / INCOMING / file, at) for file in files):
            return False
        turn_away(reason=refusal.code, partner_code=partner.code, at=at, ip="")
        _set_apart(root, stem, files, refusal.message, at)
        return True
    reply = receive(partner=partner, raw=raw, signed_id=message_id, calendar=calendar, at=at)
    _answer(root, message_id, reply)
    if reply.problem:
        _set_apart(root, stem, files, str(reply.body["detail"]), at)
        return True
    for waited_id, now in waited(partner=partner, message_id=message_id):
        _answer(root, waited_id, now)
    for file in files:
        (root / INCOMING / file).replace(root / DONE / file)
    return True


def _is_fresh(path: Path, at: datetime) -> bool:
    try:
        touched = path.lstat().st_mtime
    except FileNotFoundError:
        return False
    return abs(at.timestamp() - touched) < FRESH.total_seconds()


def _checked(folder: Path, stem: str, partner: PartnerView, at: datetime) -> tuple[str, bytes]:
    """Return id and bytes of a message whose name, manifest and signature are right."""
    if not NAME.fullmatch(stem) or ".." in stem:
        raise FileRefusedError("文件名只能由字母、数字、点、横线和下划线组成，请改名后重新放入。")
    try:
        manifest = json.loads(_bytes(folder / f"{stem}{MANIFEST}", MANIFEST_BYTES))
    except (ValueError, RecursionError):
        raise FileRefusedError("清单不是JSON，请按说明生成后重新放入。") from None
    names = ("content-digest", "idempotency-key", "file-name", "signature-input", "signature")
    if not isinstance(manifest, dict) or not all(
        isinstance(manifest.get(one), str) and manifest[one].isascii() for one in names
    ):
        raise FileRefusedError("清单缺少签名或者摘要，请按说明生成后重新放入。")
    if manifest["file-name"] != f"{stem}.json":
        raise FileRefusedError("清单写的文件名与文件不符，请按说明生成后重新放入。")
    raw = _bytes(folder / f"{stem}.json", messages.LARGEST_BYTES)

    def find(key_id: str) -> Key | None:
        known = queries.checking_key(key_id, at=at)
        return known[0] if known and known[1].id == partner.id else None

    signatures.verify(
        Message(headers={one: manifest[one] for one in names}),
        find,
        now=at,
        body=raw,
        components=signatures.FILE_COMPONENTS,
        age=signatures.FILE_AGE,
    )
    if messages.read(raw).id != manifest["idempotency-key"]:
        raise FileRefusedError("清单的报文编号与正文不符，请按说明生成后重新放入。")
    return manifest["idempotency-key"], raw


def _bytes(path: Path, most: int) -> bytes:
    """Return the bytes of an ordinary file, no link and not larger than allowed."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        raise FileRefusedError("正文或者清单不在文件夹里，或者不是普通文件，请重新放入。") from None
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise FileRefusedError("正文或者清单不是普通文件，请重新放入。")
        data = file.read(most + 1)
    if len(data) > most:
        raise FileRefusedError(f"文件超过{most:,}字节，请精简后重新放入。")
    return data


def _set_apart(root: Path, stem: str, files: list[str], why: str, at: datetime) -> None:
    """Move a bad message to the rejected folder, beside the sentence that says why."""
    mark = f"{at:%Y%m%d%H%M%S}-{secrets.token_hex(3)}"
    safe = stem if NAME.fullmatch(stem) else "unnamed"
    put(root / REJECTED / f"{mark}-{safe}.reason.txt", f"{why}\n".encode())
    for file in files:
        source = root / INCOMING / file
        if source.is_symlink():
            source.unlink()
        elif source.exists():
            source.replace(root / REJECTED / f"{mark}-{safe}{file.removeprefix(stem)}")


def _answer(root: Path, message_id: str, reply: Reply) -> None:
    """Write the answer; that an id was taken for something else leaves the answer it had."""
    path = root / OUTGOING / f"answer-{message_id}.json"
    if reply.problem and path.exists():
        return
    told = json.dumps({"http_status": reply.status} | reply.body, ensure_ascii=False)
    put(path, told.encode())
