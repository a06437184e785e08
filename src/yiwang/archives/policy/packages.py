"""Layout of an archive package: files, manifest, signature (归档信息包).

A ZIP with `manifest.json` naming every other file with SHA-256 and SM3, and `signature.json` over
the bytes of the manifest. `scripts/check_archive.py` checks the same without this program.

Source:
    在线政务服务规定 第十二条 (electronic archives); 档案法实施条例 第三十九条 (source reliable,
    procedure standard, elements compliant); GB/T 32905-2016 (SM3).
"""

from __future__ import annotations

import base64
import io
import json
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from yiwang.kernel.hashing import canonical_json, sha256, sm3

FORMAT = "yiwang-archive/1"
MANIFEST, SIGNATURE = "manifest.json", "signature.json"
PLACE = timezone(timedelta(hours=8))
STORED = (".pdf", ".jpg", ".png", ".zip")
"""What is packed already is not packed again."""

NAME_LENGTH = 80
_ODD = re.compile(r"[^\w\-.()（）〔〕]+")


@dataclass(frozen=True, kw_only=True)
class Seal:
    """A signature over the manifest, with what is needed to check it."""

    algorithm: str
    signature: bytes
    certificate_der: bytes
    authority_der: bytes


def safe_name(text: str) -> str:
    """Return `text` as part of a file name that every system takes."""
    return _ODD.sub("_", text).strip("._")[:NAME_LENGTH] or "_"


def readable_json(value: Any) -> bytes:
    """Return `value` as JSON for people."""
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"


def manifest(files: Mapping[str, bytes], *, about: Mapping[str, Any]) -> bytes:
    """Return the manifest: what the package is about, every file with its hashes, and the whole.

    `whole` is over the canonical JSON of the list of files.
    """
    listed = [
        {"path": path, "size": len(data), "sha256": sha256(data), "sm3": sm3(data)}
        for path, data in sorted(files.items())
    ]
    whole = canonical_json(listed)
    return canonical_json(
        {
            "format": FORMAT,
            **about,
            "files": listed,
            "whole": {"sha256": sha256(whole), "sm3": sm3(whole)},
        }
    )


def signature(seal: Seal) -> bytes:
    """Return the file of the signature over the manifest."""
    return readable_json(
        {
            "signed": MANIFEST,
            "algorithm": seal.algorithm,
            "signature": base64.b64encode(seal.signature).decode(),
            "certificate": base64.b64encode(seal.certificate_der).decode(),
            "authority": base64.b64encode(seal.authority_der).decode(),
        }
    )


def pack(files: Mapping[str, bytes], *, at: datetime) -> bytes:
    """Return the ZIP; the same files at the same moment make the same bytes."""
    out = io.BytesIO()
    moment = at.astimezone(PLACE).timetuple()[:6]
    with zipfile.ZipFile(out, "w") as archive:
        for path, data in sorted(files.items()):
            entry = zipfile.ZipInfo(path, date_time=moment)
            entry.external_attr = 0o600 << 16
            stored = path.endswith(STORED)
            entry.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return out.getvalue()


def damages(data: bytes) -> list[str]:
    """Return what is wrong with a package, one Chinese sentence each; the seal is not looked at."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            files = {name: archive.read(name) for name in names}
        told = json.loads(files[MANIFEST])
        listed = {one["path"]: one for one in told["files"]}
    except (KeyError, TypeError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        return [f"归档包打不开或者没有清单（{type(error).__name__}）。"]
    found = []
    if len(names) != len(set(names)):
        found.append("归档包里有同名文件。")
    present = set(files) - {MANIFEST, SIGNATURE}
    found += [f"清单列出的 {path} 不在包里。" for path in sorted(set(listed) - present)]
    found += [f"包里的 {path} 不在清单上。" for path in sorted(present - set(listed))]
    found += [
        f"{path} 与清单的摘要不符。"
        for path in sorted(present & set(listed))
        if (sha256(files[path]), sm3(files[path]))
        != (listed[path].get("sha256"), listed[path].get("sm3"))
    ]
    whole = canonical_json(told["files"])
    if told.get("whole") != {"sha256": sha256(whole), "sm3": sm3(whole)}:
        found.append("清单的总摘要不符。")
    return found
