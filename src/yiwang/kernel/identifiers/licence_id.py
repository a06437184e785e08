"""E-licence identifier (电子证照标识), GB/T 36904-2018."""

from __future__ import annotations

from yiwang.kernel.identifiers.checked import DIGITS, LETTERS, Checked, only, refused
from yiwang.kernel.identifiers.checksums import mod_37_36

ROOT = "1.2.156.3005.2"
TYPE_LENGTH = 21
"""USCC of the body that defined the type, then a serial of three digits."""

ISSUER_LENGTHS = range(6, 19)
"""A USCC has 18; older identifiers carry a division code or an organisation code."""

SERIAL_LENGTHS = range(1, 33)
VERSION_LENGTH = 3
FIRST = "001"
"""The version with which a licence begins."""

_CHARACTERS = DIGITS | LETTERS


def check_character(*, type_code: str, issuer: str, serial: str, version: str) -> str:
    """Return the last segment: MOD 37,36 over the other four, without dots and root."""
    return mod_37_36(type_code + issuer + serial + version)


def generate(*, type_code: str, issuer: str, serial: str, version: str = FIRST) -> str:
    """Build an identifier.

    Args:
        type_code: USCC of the defining body and three digits.
        issuer: USCC of the issuing body.
        serial: Digits and capital letters.
        version: Three digits, `001` first.

    Raises:
        ValueError: a segment has the wrong form.
    """
    problem = _problem(type_code, issuer, serial, version)
    if problem is not None:
        raise ValueError(problem[1])
    check = check_character(type_code=type_code, issuer=issuer, serial=serial, version=version)
    return f"{ROOT}.{type_code}.{issuer}.{serial}.{version}.{check}"


def check(value: str) -> Checked:
    """Check an e-licence identifier.

    Reasons, in order: `root`, `segments`, `type_code`, `issuer`, `serial`, `version`,
    `check_character`.
    """
    if not value.startswith(f"{ROOT}."):
        return refused(value, "root", f"电子证照标识应以“{ROOT}.”开头，请完整输入或扫描二维码。")
    segments = value[len(ROOT) + 1 :].split(".")
    if len(segments) != 5:
        return refused(
            value,
            "segments",
            "电子证照标识在根代码之后应有5段（类型、颁发机构、流水号、版本号、校验位），请完整输入。",
        )
    type_code, issuer, serial, version, last = segments
    problem = _problem(type_code, issuer, serial, version)
    if problem is not None:
        return refused(value, *problem)
    parts = {
        "type_code": type_code,
        "issuer": issuer,
        "serial": serial,
        "version": version,
        "check": last,
    }
    right = check_character(type_code=type_code, issuer=issuer, serial=serial, version=version)
    if last != right:
        return refused(
            value,
            "check_character",
            "电子证照标识的校验位不符，请对照证照逐位核对或改为扫描二维码。",
            parts=parts,
        )
    return Checked(value=value, ok=True, parts=parts)


def _problem(type_code: str, issuer: str, serial: str, version: str) -> tuple[str, str] | None:
    if (
        len(type_code) != TYPE_LENGTH
        or not only(type_code, _CHARACTERS)
        or not only(type_code[-3:], DIGITS)
    ):
        return "type_code", "电子证照标识的类型代码应为18位机构代码加3位数字，请核对。"
    if len(issuer) not in ISSUER_LENGTHS or not only(issuer, _CHARACTERS):
        return "issuer", "电子证照标识的颁发机构代码应为6至18位数字或大写字母，请核对。"
    if len(serial) not in SERIAL_LENGTHS or not only(serial, _CHARACTERS):
        return "serial", "电子证照标识的流水号应为1至32位数字或大写字母，请核对。"
    if len(version) != VERSION_LENGTH or not only(version, DIGITS):
        return "version", "电子证照标识的版本号应为3位数字，请核对。"
    return None
