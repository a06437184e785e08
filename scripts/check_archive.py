"""Check an archive package without the program that made it.

    python check_archive.py PACKAGE.zip [--authority ca.crt]

Needs Python alone for files and hashes; SM3 is written out below from GB/T 32905-2016. The seal is
checked where `cryptography` is installed, or else named as not checked. Exit status 0: nothing is
wrong. 1: something is. 2: the file is no package.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import struct
import sys
import zipfile
from pathlib import Path

MANIFEST, SIGNATURE = "manifest.json", "signature.json"
FORMAT = "yiwang-archive/1"
FILES_MAX, BYTES_MAX = 5_000, 2_000_000_000

IV = (
    0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600,
    0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E,
)  # fmt: skip
MASK = 0xFFFFFFFF


def _left(word: int, by: int) -> int:
    by %= 32
    return ((word << by) | (word >> (32 - by))) & MASK


def sm3_plain(data: bytes) -> str:
    """Return the SM3 hash of `data`, as the standard writes it."""
    length = len(data) * 8
    data += b"\x80" + b"\0" * ((56 - len(data) - 1) % 64) + struct.pack(">Q", length)
    state = list(IV)
    for begin in range(0, len(data), 64):
        words = list(struct.unpack(">16I", data[begin : begin + 64]))
        for j in range(16, 68):
            mixed = words[j - 16] ^ words[j - 9] ^ _left(words[j - 3], 15)
            mixed ^= _left(mixed, 15) ^ _left(mixed, 23)
            words.append(mixed ^ _left(words[j - 13], 7) ^ words[j - 6])
        a, b, c, d, e, f, g, h = state
        for j in range(64):
            constant = 0x79CC4519 if j < 16 else 0x7A879D8A
            first = _left((_left(a, 12) + e + _left(constant, j)) & MASK, 7)
            second = first ^ _left(a, 12)
            low = j < 16
            mix = a ^ b ^ c if low else (a & b) | (a & c) | (b & c)
            pick = e ^ f ^ g if low else (e & f) | (~e & MASK & g)
            one = (mix + d + second + (words[j] ^ words[j + 4])) & MASK
            two = (pick + h + first + words[j]) & MASK
            a, b, c, d = one, a, _left(b, 9), c
            e, f, g, h = two ^ _left(two, 9) ^ _left(two, 17), e, _left(f, 19), g
        state = [x ^ y for x, y in zip(state, (a, b, c, d, e, f, g, h), strict=True)]
    return "".join(f"{word:08x}" for word in state)


def sm3(data: bytes) -> str:
    """Return the SM3 hash of `data`; by the machine's library where it has it, which is quicker."""
    try:
        return hashlib.new("sm3", data).hexdigest()
    except ValueError:
        return sm3_plain(data)


def read(path: Path) -> dict[str, bytes]:
    """Return the files of a package.

    Raises:
        ValueError: no package, or one that names a file twice or outside itself.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            if len(names) != len(set(names)):
                raise ValueError("包内有同名文件")
            if len(entries) > FILES_MAX or sum(one.file_size for one in entries) > BYTES_MAX:
                raise ValueError("包内文件过多或者过大")
            for name in names:
                if name.startswith("/") or "\\" in name or ".." in name.split("/"):
                    raise ValueError(f"文件名越出包外：{name}")
            return {name: archive.read(name) for name in names}
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"打不开：{error}") from error


def canonical(listed: list[dict[str, object]]) -> bytes:
    """Return the list of files in the one spelling that `whole` is computed over (RFC 8785)."""
    text = json.dumps(listed, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def problems(files: dict[str, bytes]) -> list[str]:
    """Return what is wrong with files and hashes."""
    try:
        told = json.loads(files[MANIFEST])
        listed = {one["path"]: one for one in told["files"]}
    except (KeyError, TypeError, ValueError):
        return ["没有能读的 manifest.json"]
    found = [] if told.get("format") == FORMAT else [f"格式不是 {FORMAT}"]
    present = set(files) - {MANIFEST, SIGNATURE}
    found += [f"缺少文件 {name}" for name in sorted(set(listed) - present)]
    found += [f"多出文件 {name}" for name in sorted(present - set(listed))]
    for name in sorted(present & set(listed)):
        data, one = files[name], listed[name]
        if len(data) != one["size"]:
            found.append(f"{name} 大小不符")
        if hashlib.sha256(data).hexdigest() != one["sha256"]:
            found.append(f"{name} SHA-256 不符")
        if sm3(data) != one["sm3"]:
            found.append(f"{name} SM3 不符")
    whole = canonical(told["files"])
    if told.get("whole") != {"sha256": hashlib.sha256(whole).hexdigest(), "sm3": sm3(whole)}:
        found.append("总摘要不符")
    return found


def seal_problems(files: dict[str, bytes], authority: bytes | None) -> tuple[list[str], str]:
    """Return what is wrong with the seal, and whose it is."""
    try:
        from cryptography import x509
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        return [], "（没有安装 cryptography，签名未核验）"
    try:
        told = json.loads(files[SIGNATURE])
        certificate = x509.load_der_x509_certificate(base64.b64decode(told["certificate"]))
        value = base64.b64decode(told["signature"])
        key = certificate.public_key()
    except (KeyError, TypeError, ValueError):
        return ["没有能读的 signature.json"], ""
    name = certificate.subject.rfc4514_string()
    if told.get("algorithm") != "ES256" or not isinstance(key, ec.EllipticCurvePublicKey):
        return [f"不认识的签名算法 {told.get('algorithm')}"], name
    found = []
    try:
        key.verify(value, files[MANIFEST], ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, KeyError):
        found.append("签名与 manifest.json 不符")
    if authority is not None:
        try:
            root = x509.load_pem_x509_certificate(authority)
            certificate.verify_directly_issued_by(root)
        except (InvalidSignature, TypeError, ValueError):
            found.append("签名证书不是所给根证书签发的")
    return found, name


def main() -> int:
    """Check the package that the command line names."""
    parser = argparse.ArgumentParser(description="核验归档包")
    parser.add_argument("package", type=Path)
    parser.add_argument("--authority", type=Path, help="根证书（PEM）")
    wish = parser.parse_args()
    try:
        files = read(wish.package)
    except ValueError as error:
        print(f"不是归档包：{error}")
        return 2
    found = problems(files)
    wrong, signer = seal_problems(files, wish.authority.read_bytes() if wish.authority else None)
    for line in [*found, *wrong]:
        print(f"✗ {line}")
    if found or wrong:
        return 1
    told = json.loads(files[MANIFEST])
    print(f"✓ {told['query_code']} {told['item']['name']}：{len(told['files'])} 个文件与清单一致")
    print(f"✓ 签名 {signer}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
