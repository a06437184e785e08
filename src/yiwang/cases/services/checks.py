"""Checks of registers: our own, and other departments' systems over HTTP (数据核验).

Every check answers with `CheckAnswer` or `CheckDown`; none of them raises on what a register
does. A system that failed several times in a row is not asked again for a while, so that
applicants do not wait for it one after the other.
"""

from __future__ import annotations

import http.client
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import orjson
import structlog
from django.conf import settings
from django.db.models import Q

from yiwang.cases.models import Case
from yiwang.cases.models.commitments import ApplicantRecord
from yiwang.cases.policy import checks as declared_checks
from yiwang.cases.policy.checks import (
    Asking,
    Check,
    CheckAnswer,
    CheckDown,
    Declared,
    Trouble,
    fault,
    read_plain,
    years_between,
)
from yiwang.cases.policy.states import OPEN
from yiwang.cases.policy.terms import Outcome
from yiwang.cases.services import kept
from yiwang.licences import queries as licences
from yiwang.registers import queries as registers
from yiwang.registers.policy.terms import EntityStatus, Gender

log = structlog.get_logger()

ANSWER_BYTES = 64_000
"""Largest answer read from another system."""

FAILURES_TO_OPEN = 3
OPEN_SECONDS = 60.0
"""After so many failures in a row a system is left alone for so long."""

CITY_DIGITS = 4
MUNICIPALITIES = frozenset({"11", "12", "31", "50"})
"""Provinces of GB/T 2260 that are one city."""


@dataclass(frozen=True, kw_only=True)
class Population:
    """What the population register holds about a person."""

    declared: Declared = declared_checks.POPULATION

    def ask(self, asking: Asking) -> CheckAnswer | CheckDown:
        """Ask for age, household registration, and whether the answers agree with it."""
        try:
            person = registers.person(asking.applicant_ref)
        except LookupError:
            return _unknown(self.declared, asking)
        return CheckAnswer(
            fields=population_fields(person, on=asking.on, name=asking.applicant_name),
            source=f"{self.declared.label}（{person.source}，{person.source_as_of}）",
            asked_at=asking.at,
        )


class KnownPerson(Protocol):
    """What of a person the population check looks at."""

    @property
    def name(self) -> str:
        """As registered."""

    @property
    def born_on(self) -> date:
        """As registered."""

    @property
    def gender(self) -> Gender:
        """As registered."""

    @property
    def hukou_division(self) -> str:
        """As registered."""


def population_fields(person: KnownPerson, *, on: date, name: str) -> dict[str, object]:
    """Return the fields of the population check about a person on a day."""
    district = kept.district_code()
    return {
        "age": years_between(person.born_on, on),
        "hukou_in_city": city_of(person.hukou_division) == city_of(district),
        "hukou_in_district": person.hukou_division == district,
        "gender": person.gender.value,
        "answers_agree": person.name == name,
    }


def city_of(division: str) -> str:
    """Return the part of a division that names its city; a municipality is one city."""
    return division[:2] if division[:2] in MUNICIPALITIES else division[:CITY_DIGITS]


@dataclass(frozen=True, kw_only=True)
class Entities:
    """What the register of legal entities holds."""

    declared: Declared = declared_checks.ENTITY

    def ask(self, asking: Asking) -> CheckAnswer | CheckDown:
        """Ask for state, age and seat of the entity."""
        try:
            entity = registers.entity(asking.applicant_ref)
        except LookupError:
            return _unknown(self.declared, asking)
        founded = entity.established_on
        return CheckAnswer(
            fields={
                "status": entity.status.value,
                "open": entity.status is EntityStatus.ACTIVE,
                "years": None if founded is None else years_between(founded, asking.on),
                "in_district": entity.town_code.startswith(kept.district_code()),
            },
            source=f"{self.declared.label}（{entity.source}，{entity.source_as_of}）",
            asked_at=asking.at,
        )


@dataclass(frozen=True, kw_only=True)
class EarlierCases:
    """What the applicant applied for here before: no double benefit."""

    declared: Declared = declared_checks.EARLIER_CASES

    def ask(self, asking: Asking) -> CheckAnswer:
        """Ask for other cases of the same applicant and item, as far as anybody wants to know."""
        rows = Case.objects.filter(
            applicant_ref=asking.applicant_ref, item_slug=asking.item_slug
        ).exclude(number=asking.case_number)
        granted = rows.filter(outcome=Outcome.GRANT.value)
        year_ago = asking.at - timedelta(days=365)
        open_states = [one.value for one in OPEN]
        known: Mapping[str, Callable[[], object]] = {
            "running_same_item": lambda: rows.filter(state__in=open_states).exists(),
            "granted_same_item": granted.exists,
            "granted_last_year": lambda: granted.filter(decided_at__gte=year_ago).count(),
        }
        return CheckAnswer(
            fields={
                name: ask()
                for name, ask in known.items()
                if not asking.wanted or name in asking.wanted
            },
            source=self.declared.label,
            asked_at=asking.at,
        )


@dataclass(frozen=True, kw_only=True)
class TrustRecords:
    """Whether something keeps the applicant from being trusted now (no running ban)."""

    declared: Declared = declared_checks.TRUST_RECORD

    def ask(self, asking: Asking) -> CheckAnswer:
        """Ask for records that run on the day."""
        running = ApplicantRecord.objects.filter(
            Q(until_on=None) | Q(until_on__gte=asking.on),
            applicant_ref=asking.applicant_ref,
            from_on__lte=asking.on,
            repaired_on=None,
        )
        return CheckAnswer(
            fields={"clear": not running.exists()},
            source=self.declared.label,
            asked_at=asking.at,
        )


@dataclass(frozen=True, kw_only=True)
class LicencesHeld:
    """Whether valid licences of the types asked for are held."""

    wanted: frozenset[str]

    @property
    def declared(self) -> Declared:
        """A field for each type."""
        return declared_checks.licences_declared(self.wanted, {})

    def ask(self, asking: Asking) -> CheckAnswer:
        """Ask for each type."""
        return CheckAnswer(
            fields={
                slug: licences.has_valid(asking.applicant_ref, slug, on=asking.on)
                for slug in self.wanted
            },
            source=self.declared.label,
            asked_at=asking.at,
        )


@dataclass(kw_only=True)
class Circuit:
    """Whether a system is asked at all: open after several failures in a row."""

    failures: int = 0
    open_until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def closed(self, now: float) -> bool:
        """Tell whether the system may be asked."""
        return now >= self.open_until

    def note(self, *, failed: bool, now: float) -> None:
        """Count a failure, or forget those before."""
        with self.lock:
            self.failures = self.failures + 1 if failed else 0
            if self.failures >= FAILURES_TO_OPEN:
                self.open_until = now + OPEN_SECONDS


_circuits: dict[str, Circuit] = {}


def circuit_of(name: str) -> Circuit:
    """Return the circuit of a system, one per process."""
    return _circuits.setdefault(name, Circuit())


@dataclass(frozen=True, kw_only=True)
class OutsideCheck:
    """A check of another department's system: one POST with a deadline, no redirects.

    Sent: `check, version, request, name, number, on, answers`. Expected back: the same `check`,
    `version`, `request` and `number`, and `fields`, `source`. An answer that does not repeat the
    number asked about is about somebody else and is not believed.
    """

    declared: Declared
    url: str
    seconds: float
    token: str = ""
    now: Callable[[], float] = time.monotonic

    def ask(self, asking: Asking) -> CheckAnswer | CheckDown:
        """Ask within the deadline."""
        circuit = circuit_of(self.declared.name)
        began = self.now()
        if not self.url:
            return self._down(asking, Trouble.DOWN, "还没有接通。")
        if not circuit.closed(began):
            return self._down(asking, Trouble.DOWN, "连续未答，暂停询问一分钟。")
        try:
            answer = self._read(asking)
        except TimeoutError:
            circuit.note(failed=True, now=self.now())
            return self._down(asking, Trouble.SLOW, f"{self.seconds:g}秒内没有答复。")
        except (OSError, http.client.HTTPException) as error:
            circuit.note(failed=True, now=self.now())
            return self._down(asking, Trouble.DOWN, f"无法连接（{type(error).__name__}）。")
        except _WrongAnswerError as wrong:
            circuit.note(failed=False, now=self.now())
            return self._down(asking, Trouble.WRONG, wrong.sentence)
        circuit.note(failed=False, now=self.now())
        return answer

    def _read(self, asking: Asking) -> CheckAnswer | CheckDown:
        request = secrets.token_hex(16)
        raw = self._exchange(
            orjson.dumps(
                {
                    "check": self.declared.name,
                    "version": self.declared.version,
                    "request": request,
                    "name": asking.applicant_name,
                    "number": asking.number,
                    "on": asking.on,
                    "fields": sorted(asking.wanted or self.declared.fields),
                    "answers": dict(asking.answers),
                },
                default=str,
            )
        )
        try:
            told = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise _WrongAnswerError("答复不是约定的格式。") from error
        if not isinstance(told, dict) or not isinstance(told.get("fields"), dict):
            raise _WrongAnswerError("答复不是约定的格式。")
        if (told.get("check"), told.get("version")) != (self.declared.name, self.declared.version):
            raise _WrongAnswerError("答复的不是所问的核验。")
        if told.get("request") != request:
            raise _WrongAnswerError("答复的不是这一次询问。")
        if told.get("number") != asking.number:
            raise _WrongAnswerError("答复说的是另一个人。")
        fields = read_plain(self.declared, told["fields"])
        if sentence := fault(self.declared, fields):
            raise _WrongAnswerError(sentence)
        source = str(told.get("source") or self.declared.label)[:100]
        return CheckAnswer(fields=fields, source=source, asked_at=asking.at)

    def _exchange(self, body: bytes) -> bytes:
        """Send and read, within the deadline however slowly the bytes drip."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        deadline = self.now() + self.seconds
        connection = (
            http.client.HTTPSConnection(
                host, parts.port, timeout=self.seconds, context=ssl.create_default_context()
            )
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, parts.port, timeout=self.seconds)
        )
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.request("POST", path, body=body, headers=headers)
            self._left(connection, deadline)
            response = connection.getresponse()
            if response.status in SERVER_TROUBLE:
                raise ConnectionError(str(response.status))
            if response.status != http.client.OK:
                raise _WrongAnswerError(f"答复为 HTTP {response.status}。")
            chunks: list[bytes] = []
            size = 0
            while True:
                self._left(connection, deadline)
                chunk = response.read1(8192)
                if not chunk:
                    return b"".join(chunks)
                size += len(chunk)
                if size > ANSWER_BYTES:
                    raise _WrongAnswerError("答复过大。")
                chunks.append(chunk)
        finally:
            connection.close()

    def _left(self, connection: http.client.HTTPConnection, deadline: float) -> None:
        left = deadline - self.now()
        if left <= 0:
            raise TimeoutError
        if connection.sock is not None:
            connection.sock.settimeout(left)

    def _down(self, asking: Asking, trouble: Trouble, message: str) -> CheckDown:
        return CheckDown(
            trouble=trouble,
            message=f"{self.declared.label}：{message}",
            source=self.declared.label,
            asked_at=asking.at,
        )


SERVER_TROUBLE = frozenset({429, 500, 502, 503, 504})
"""Answers that mean: come back later."""


class _WrongAnswerError(Exception):
    """What came back is not to be believed."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def _unknown(declared: Declared, asking: Asking) -> CheckDown:
    return CheckDown(
        trouble=Trouble.UNKNOWN,
        message=f"{declared.label}：没有申请人的记录。",
        source=declared.label,
        asked_at=asking.at,
    )


_replaced: dict[str, Check] = {}


def put_in_place(check: Check) -> Callable[[], None]:
    """Have `check` asked instead of the one of its name; returns how to undo it.

    For districts that connect a register in their own way, and for rehearsals.
    """
    name = check.declared.name
    before = _replaced.get(name)
    _replaced[name] = check

    def undo() -> None:
        if before is None:
            _replaced.pop(name, None)
        else:
            _replaced[name] = before

    return undo


def check_named(name: str, *, wanted: frozenset[str] = frozenset()) -> Check:
    """Return the check `name`.

    Raises:
        LookupError: there is none.
    """
    if name in _replaced:
        return _replaced[name]
    if name == declared_checks.LICENCES:
        return LicencesHeld(wanted=wanted)
    own: Mapping[str, Check] = {
        declared_checks.POPULATION.name: Population(),
        declared_checks.ENTITY.name: Entities(),
        declared_checks.EARLIER_CASES.name: EarlierCases(),
        declared_checks.TRUST_RECORD.name: TrustRecords(),
    }
    if name in own:
        return own[name]
    if name in declared_checks.OUTSIDE:
        return OutsideCheck(
            declared=declared_checks.OUTSIDE[name],
            url=settings.CHECK_URLS.get(name, ""),
            seconds=settings.CHECK_SECONDS,
            token=settings.CHECK_TOKEN,
        )
    raise LookupError(f"no check {name}")


def ask(name: str, asking: Asking) -> tuple[str, CheckAnswer | CheckDown]:
    """Ask one check; return its version and what came of it, whatever the register does."""
    try:
        check = check_named(name, wanted=asking.wanted)
    except LookupError:
        return "", CheckDown(
            trouble=Trouble.DOWN,
            message=f"没有名为“{name[:40]}”的数据核验。",
            source=name[:40],
            asked_at=asking.at,
        )
    try:
        answer = check.ask(asking)
    except Exception:  # a district's own check; one that breaks is one that is down
        log.exception("cases.check_failed", check=name, number=asking.case_number)
        answer = CheckDown(
            trouble=Trouble.DOWN,
            message=f"{check.declared.label}：询问时出错。",
            source=check.declared.label,
            asked_at=asking.at,
        )
    if isinstance(answer, CheckAnswer) and (sentence := fault(check.declared, answer.fields)):
        answer = CheckDown(
            trouble=Trouble.WRONG,
            message=f"{check.declared.label}：{sentence}",
            source=answer.source,
            asked_at=asking.at,
        )
    return check.declared.version, answer
