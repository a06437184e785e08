"""Everything that differs between machines: one table, read once, documented from here.

What differs between districts is a pack, never a setting.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
"""The checkout; only used to find what is built and what is kept beside the source."""


class Kind(StrEnum):
    """How the value of a setting is read."""

    TEXT = "text"
    FLAG = "flag"
    NUMBER = "number"
    PAIRS = "pairs"
    CHOICE = "choice"
    PACK = "pack"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One environment variable.

    Attributes:
        name: Name of the variable.
        default: Value used when it is not set; described in words when computed.
        meaning: What it does, with the unit; printed in docs/reference/settings.md.
        secret: Never printed, never logged.
        kind: How it is read; `check` reads it so before anything is done.
        choices: Of a `CHOICE`, all values there are.
    """

    name: str
    default: str
    meaning: str
    secret: bool = False
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()


SETTINGS: dict[str, Setting] = {
    setting.name: setting
    for setting in (
        Setting(
            name="YIWANG_HOME",
            default="",
            meaning="Folder for everything the machine keeps: database, files, keys, logs. "
            "Default: var/ in the checkout, or /var/lib/yiwang where the database user could "
            "not enter that.",
        ),
        Setting(
            name="DATABASE_URL",
            default="",
            meaning="postgresql://user:password@host:port/name of the serving role, any "
            "PostgreSQL >= 15. Default: the embedded server.",
            secret=True,
        ),
        Setting(
            name="DATABASE_OWNER_URL",
            default="",
            meaning="The same for the role that owns the tables and migrates. "
            "Default: DATABASE_URL.",
            secret=True,
        ),
        Setting(
            name="YIWANG_PG_BIN",
            default="",
            meaning="Folder with postgres, initdb and pg_ctl for the embedded server where the "
            "wheel does not fit. Default: the pinned wheel.",
        ),
        Setting(
            name="YIWANG_DISTRICT",
            default="jiading",
            meaning="The district pack that this installation serves.",
            kind=Kind.PACK,
        ),
        Setting(
            name="YIWANG_PACKS",
            default="",
            meaning="A folder with packs of the district's own, looked into before those of the "
            "program. Default: none.",
        ),
        Setting(
            name="YIWANG_HOST",
            default="127.0.0.1",
            meaning="Address on which the web process listens.",
        ),
        Setting(
            name="YIWANG_PORT", default="8000", meaning="Port of the web process.", kind=Kind.NUMBER
        ),
        Setting(
            name="YIWANG_ALLOWED_HOSTS",
            default="127.0.0.1,localhost,[::1]",
            meaning="Host names that requests may name, separated by commas.",
        ),
        Setting(
            name="YIWANG_BASE_URL",
            default="",
            meaning="Address of the portal as the public reaches it; printed in QR codes. "
            "Default: http://YIWANG_HOST:YIWANG_PORT.",
        ),
        Setting(
            name="YIWANG_HTTPS",
            default="0",
            meaning="1 behind a TLS proxy: secure cookies, HSTS, X-Forwarded-Proto is trusted.",
            kind=Kind.FLAG,
        ),
        Setting(
            name="YIWANG_DEMO",
            default="0",
            meaning="1: invented people and accounts may be created, pages say so, and the "
            "second sign-in step shows the code. Never for real data.",
            kind=Kind.FLAG,
        ),
        Setting(
            name="YIWANG_DEMO_CASES",
            default="1",
            meaning="0: a demonstration begins without the invented cases that fill the "
            "officers' pages.",
            kind=Kind.FLAG,
        ),
        Setting(
            name="YIWANG_WEB_WORKERS",
            default="2",
            meaning="Web processes on this machine.",
            kind=Kind.NUMBER,
        ),
        Setting(
            name="YIWANG_WEB_THREADS",
            default="4",
            meaning="Threads per web process. Workers x threads must stay below the server's "
            "max_connections.",
            kind=Kind.NUMBER,
        ),
        Setting(
            name="YIWANG_AMBER_DAYS",
            default="2",
            meaning="Days left, in the clock's own unit, from which a clock is amber (临期).",
            kind=Kind.NUMBER,
        ),
        Setting(
            name="YIWANG_OWN_TOKEN_DAYS",
            default="90",
            meaning="Longest life in days of a token that an applicant makes for a program.",
            kind=Kind.NUMBER,
        ),
        Setting(
            name="YIWANG_MAX_UPLOAD_MB",
            default="20",
            meaning="Largest file an applicant may hand in, in megabytes (1,000,000 bytes).",
            kind=Kind.NUMBER,
        ),
        Setting(
            name="YIWANG_SECRET_KEY",
            default="",
            meaning="Signs sessions and forms. Default: generated once into "
            "YIWANG_HOME/secrets (0600).",
            secret=True,
        ),
        Setting(
            name="YIWANG_FIELD_KEYS",
            default="",
            meaning="Keys that encrypt personal numbers, base64, newest first, separated by "
            "commas. Default: generated once into YIWANG_HOME/secrets (0600).",
            secret=True,
        ),
        Setting(
            name="YIWANG_INDEX_KEY",
            default="",
            meaning="Key of the blind index over personal numbers, base64. Default: generated "
            "once into YIWANG_HOME/secrets (0600).",
            secret=True,
        ),
        Setting(
            name="YIWANG_OIDC_URL",
            default="",
            meaning="Issuer address of an OpenID Connect provider for citizens (随申办 stands "
            "behind such an interface). Default: none.",
        ),
        Setting(
            name="YIWANG_OIDC_NAME",
            default="统一身份认证",
            meaning="Name of that provider as people know it.",
        ),
        Setting(
            name="YIWANG_OIDC_SCOPES",
            default="openid profile",
            meaning="Scopes asked of that provider, separated by spaces.",
        ),
        Setting(
            name="YIWANG_OIDC_NUMBER_CLAIM",
            default="id_number",
            meaning="Claim in which that provider gives the citizen number.",
        ),
        Setting(
            name="YIWANG_OIDC_VERIFIED_CLAIM",
            default="real_name_verified",
            meaning="Claim that must be true: that provider has checked name and number.",
        ),
        Setting(name="YIWANG_OIDC_ID", default="", meaning="Client id at that provider."),
        Setting(
            name="YIWANG_OIDC_SECRET",
            default="",
            meaning="Client secret at that provider.",
            secret=True,
        ),
        Setting(
            name="YIWANG_SMTP_HOST",
            default="",
            meaning="Mail server through which applicants are told. Default: none; a "
            "demonstration writes into YIWANG_HOME/outbox instead.",
        ),
        Setting(
            name="YIWANG_SMTP_PORT",
            default="25",
            meaning="Port of the mail server.",
            kind=Kind.NUMBER,
        ),
        Setting(
            name="YIWANG_SMTP_TLS",
            default="none",
            meaning="none, starttls, or tls from the first byte.",
            kind=Kind.CHOICE,
            choices=("none", "starttls", "tls"),
        ),
        Setting(name="YIWANG_SMTP_USER", default="", meaning="Account at the mail server."),
        Setting(
            name="YIWANG_SMTP_PASSWORD",
            default="",
            meaning="Password at the mail server.",
            secret=True,
        ),
        Setting(
            name="YIWANG_SMTP_FROM",
            default="noreply@localhost",
            meaning="Address that e-mails come from.",
        ),
        Setting(
            name="YIWANG_SMS_URL",
            default="",
            meaning="Address of the gateway for short messages, which gets signed JSON (see "
            "docs/how-to/tell-applicants.md). Default: none; a demonstration writes into "
            "YIWANG_HOME/outbox instead.",
        ),
        Setting(
            name="YIWANG_SMS_KEY",
            default="",
            meaning="Key that signs what is handed to that gateway.",
            secret=True,
        ),
        Setting(
            name="YIWANG_CHECK_URLS",
            default="",
            meaning="Addresses of other departments' systems that rules ask, as name=address, "
            "separated by commas, such as social_insurance=https://…. A system without an "
            "address is down: what needs it goes to a person.",
            kind=Kind.PAIRS,
        ),
        Setting(
            name="YIWANG_CHECK_SECONDS",
            default="2",
            meaning="Seconds such a system has for its whole answer.",
            kind=Kind.NUMBER,
        ),
        Setting(
            name="YIWANG_CHECK_TOKEN",
            default="",
            meaning="Bearer token sent to these systems. Default: none.",
            secret=True,
        ),
        Setting(
            name="YIWANG_LOG_FORMAT",
            default="json",
            meaning="json: one object per line; console: for people.",
            kind=Kind.CHOICE,
            choices=("json", "console"),
        ),
        Setting(
            name="YIWANG_EVENTS",
            default="outbox",
            meaning="outbox: events travel as jobs written in the act's transaction; inline: "
            "handled in the act's transaction (tests only).",
            kind=Kind.CHOICE,
            choices=("outbox", "inline"),
        ),
    )
}


def text(name: str) -> str:
    """Return the value of the setting `name`, or its default.

    Raises:
        KeyError: `name` is not in the table.
    """
    setting = SETTINGS[name]
    return os.environ.get(name, "").strip() or setting.default


def flag(name: str) -> bool:
    """Return whether the setting `name` is 1.

    Raises:
        ValueError: the value is neither 0 nor 1.
    """
    value = text(name)
    if value not in {"0", "1"}:
        raise ValueError(f"{name} 应为 0 或 1，现为“{value}”。")
    return value == "1"


def number(name: str) -> int:
    """Return the setting `name` as a whole number above zero.

    Raises:
        ValueError: the value is not one.
    """
    value = text(name)
    if not value.isdecimal() or int(value) < 1:
        raise ValueError(f"{name} 应为大于 0 的整数，现为“{value}”。")
    return int(value)


def pairs(name: str) -> dict[str, str]:
    """Return the setting `name`, written as `key=address` and commas, as a dictionary.

    Raises:
        ValueError: a part is no pair, or its address is not http or https.
    """
    found = {}
    for part in filter(None, (one.strip() for one in text(name).split(","))):
        key, _equals, address = part.partition("=")
        if not key or not address.startswith(("http://", "https://")):
            raise ValueError(f"{name} 应为“名称=地址”，以逗号分隔，其中“{part}”不是。")
        found[key.strip()] = address.strip()
    return found


def choice(name: str) -> str:
    """Return the setting `name`, one of its choices.

    Raises:
        ValueError: the value is none of them.
    """
    value, choices = text(name), SETTINGS[name].choices
    if value not in choices:
        raise ValueError(f"{name} 应为 {_listed(choices)}，现为“{value}”。")
    return value


_DISTRICTS = "*/district.yaml"


def pack(name: str) -> str:
    """Return the setting `name`, a pack in `YIWANG_PACKS` or in the program's own folder.

    Raises:
        ValueError: no pack is called so, or it holds no district.
    """
    value = text(name)
    own = text("YIWANG_PACKS")
    folders = [Path(own)] if own else []
    districts = sorted(
        {file.parent.name for one in (*folders, ROOT / "packs") for file in one.glob(_DISTRICTS)}
    )
    if value not in districts:
        raise ValueError(f"{name} 应为 {_listed(districts)}，现为“{value}”。")
    return value


def _listed(values: Sequence[str]) -> str:
    return f"{'、'.join(values[:-1])} 或 {values[-1]}" if len(values) > 1 else "".join(values)


_READERS: Mapping[Kind, Callable[[str], object]] = {
    Kind.TEXT: text,
    Kind.FLAG: flag,
    Kind.NUMBER: number,
    Kind.PAIRS: pairs,
    Kind.CHOICE: choice,
    Kind.PACK: pack,
}


def check() -> None:
    """Read every setting, so that a wrong value is told of before anything is done.

    Raises:
        ValueError: a value is wrong; one sentence that names the setting and what it should be.
    """
    for setting in SETTINGS.values():
        _READERS[setting.kind](setting.name)


def home() -> Path:
    """Return the folder for everything the machine keeps, without making it."""
    named = text("YIWANG_HOME")
    if named:
        return Path(named).resolve()
    beside = ROOT / "var"
    if os.geteuid() == 0 and not all(p.stat().st_mode & 0o001 for p in beside.parents):
        return Path("/var/lib/yiwang")
    return beside


def secret(name: str) -> str:
    """Return a secret from the environment, else from its file; made on first use, 0600.

    The file is `YIWANG_HOME/secrets/<name in lower case>`.
    """
    given = os.environ.get(name, "").strip()
    if given:
        return given
    folder = home() / "secrets"
    path = folder / name.lower()
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = folder / f".{name.lower()}.{secrets.token_hex(4)}"
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32))
        try:
            os.link(fresh, path)  # the first of several processes wins
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return path.read_text().strip()


def markdown() -> str:
    """Return the table of settings as a page of the documents."""
    rows = [
        f"| `{setting.name}` | {f'`{setting.default}`' if setting.default else '–'} "
        f"| {setting.meaning}{' Secret.' if setting.secret else ''} |"
        for setting in SETTINGS.values()
    ]
    return "\n".join(
        [
            "# Settings",
            "",
            "Environment variables, read once at start-up. This page is printed by "
            "`yiwang settings --markdown`; a test holds it.",
            "",
            "| Variable | Default | Meaning |",
            "| --- | --- | --- |",
            *rows,
            "",
        ]
    )
