"""Questions about licences."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db.models import Q

from yiwang.documents import store
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.identifiers import licence_id
from yiwang.kernel.masking import STAR, mask_name, mask_number, mask_words
from yiwang.licences.models import Licence, LicenceCheck, LicenceQuerySet, LicenceType
from yiwang.licences.policy.states import HolderKind, LicenceState, state_on
from yiwang.licences.policy.types import TypeDefinition, from_plain
from yiwang.registers.policy import field_crypto

ONE_DAY = timedelta(days=1)
MAKING = "证照文件正在制作，请过一分钟再打开。"
PAGE = 100
"""Most rows of one page."""


class LicenceFileMissingError(RefusedError):
    """The file of the licence is not made yet; the message says what to do."""

    code = "licences.file_missing"


@dataclass(frozen=True, kw_only=True)
class LicenceView:
    """One version of one e-licence.

    Attributes:
        identifier: By GB/T 36904.
        number: As printed.
        state: As stored; ask `state_on` for a day, since a licence expires by itself.
        holder_number: Whole; show `holder_number_masked`.
        fields: What is printed, in order.
        valid_until: First day on which it is no longer valid; None: without end.
        last_valid_on: Last day on which it is valid, as printed; None: without end.
        token: 26 characters of the QR code.
        url: Address in the QR code; answers whether the licence is valid.
        file_sha256: None until the file is made.
        file_problem: Why it could not be made; empty otherwise.
    """

    identifier: str
    type_code: str
    type_slug: str
    type_name: str
    number: str
    version: int
    previous_identifier: str
    state: LicenceState
    state_reason: str
    issuer_code: str
    issuer_name: str
    holder_ref: str
    holder_name: str
    holder_number: str
    fields: tuple[tuple[str, str], ...]
    issued_at: datetime
    valid_from: date
    valid_until: date | None
    last_valid_on: date | None
    case_number: str
    token: str
    url: str
    file_sha256: str | None
    file_sm3: str | None
    file_problem: str

    @property
    def ref(self) -> str:
        """Return `licence:<identifier>`."""
        return f"licence:{self.identifier}"

    @property
    def holder_number_masked(self) -> str:
        """Return the holder's number as staff and the holder see it."""
        if self.holder_ref.startswith("person:"):
            return mask_number(self.holder_number)
        return self.holder_number

    @property
    def holder_name_masked(self) -> str:
        """Return the holder's name as the public sees it: persons hidden, entities whole."""
        if self.holder_ref.startswith("person:"):
            return mask_name(self.holder_name)
        return self.holder_name

    def state_on(self, day: date) -> LicenceState:
        """Return the state on `day`."""
        return state_on(self.state, valid_until=self.valid_until, day=day)


@dataclass(frozen=True, kw_only=True)
class Holding:
    """When somebody held a licence of a type; for looking back."""

    issued_at: datetime
    valid_from: date
    valid_until: date | None
    state: LicenceState
    state_changed_at: datetime

    def held_at(self, moment: datetime, *, on: date) -> bool:
        """Tell whether it was valid just before a moment, which falls on the day `on`."""
        if self.issued_at >= moment or on < self.valid_from:
            return False
        if self.valid_until is not None and on >= self.valid_until:
            return False
        return self.state is LicenceState.VALID or self.state_changed_at >= moment


@dataclass(frozen=True, kw_only=True)
class LicenceTypeView:
    """One type of licence."""

    code: str
    slug: str
    name: str
    holder: HolderKind
    department: str
    definition: TypeDefinition


@dataclass(frozen=True, kw_only=True)
class CheckRow:
    """One look at a licence by somebody who verified it."""

    at: datetime
    means: str
    answer: str


def licence(identifier: str) -> LicenceView:
    """Return the licence `identifier`.

    Raises:
        LookupError: there is none.
    """
    return _one(Q(identifier=identifier))


def by_token(token: str) -> LicenceView:
    """Return the licence whose QR code holds `token`, in either case of letters.

    Raises:
        LookupError: there is none.
    """
    return _one(Q(token=token.upper()[:60]))


def by_case(case_number: str) -> LicenceView | None:
    """Return the licence that the case `case_number` led to, or None."""
    row = _rows().filter(case_number=case_number).order_by("-pk").first() if case_number else None
    return view(row) if row else None


def printed_numbers(identifiers: Iterable[str]) -> dict[str, str]:
    """Return the printed number of each licence named by its identifier; one query."""
    return dict(
        Licence.objects.filter(identifier__in=set(identifiers)).values_list("identifier", "number")
    )


def identifiers_of(number: str) -> list[str]:
    """List the identifiers of the versions that carry the printed `number`; one query."""
    return list(
        Licence.objects.filter(number=number)
        .order_by("pk")
        .values_list("identifier", flat=True)[:PAGE]
    )


def case_numbers_of(number: str) -> list[str]:
    """Return the cases that a printed number or an identifier of a licence came from; one query."""
    rows = Licence.objects.filter(Q(number=number) | Q(identifier=number)).exclude(case_number="")
    return list(rows.order_by("-pk").values_list("case_number", flat=True)[:PAGE])


def wallet(holder_ref: str, *, limit: int = PAGE) -> list[LicenceView]:
    """List the licences of a holder, newest first, replaced versions left out; one query."""
    rows = (
        _rows()
        .held_by(holder_ref)
        .exclude(state=LicenceState.REPLACED.value)
        .order_by("-issued_at", "-pk")[: min(limit, PAGE)]
    )
    return [view(row) for row in rows]


def valid_licence(holder_ref: str, type_code: str, *, on: date) -> LicenceView | None:
    """Return the holder's licence of a type that is valid on `on`, or None.

    Args:
        holder_ref: Whose.
        type_code: Code or short name of the type.
        on: Day asked about.
    """
    row = _valid(holder_ref, type_code, on=on).order_by("-issued_at", "-pk").first()
    return view(row) if row else None


def _valid(holder_ref: str, type_code: str, *, on: date) -> LicenceQuerySet:
    return (
        _rows()
        .held_by(holder_ref)
        .valid_on(on)
        .filter(Q(type__code=type_code) | Q(type__slug=type_code))
    )


def valid_licences(holder_ref: str, type_code: str, *, on: date) -> list[LicenceView]:
    """Return the holder's licences of a type that are valid on `on`, oldest first."""
    rows = _valid(holder_ref, type_code, on=on).order_by("pk")
    return [view(row) for row in rows[:PAGE]]


def ending(first: date, last: date, *, limit: int = 10_000) -> list[LicenceView]:
    """List the valid licences whose last day lies between two days, ends included; one query."""
    rows = _rows().filter(
        state=LicenceState.VALID.value, valid_until__gt=first, valid_until__lte=last + ONE_DAY
    )
    return [view(row) for row in rows.order_by("valid_until", "pk")[:limit]]


def holdings(
    holder_refs: Iterable[str], type_slugs: Iterable[str]
) -> dict[tuple[str, str], list[Holding]]:
    """Return when many holders held licences of some types, by holder and type; one query."""
    found: dict[tuple[str, str], list[Holding]] = {}
    rows = Licence.objects.filter(
        holder_ref__in=list(holder_refs), type__slug__in=list(type_slugs)
    ).values_list(
        "holder_ref",
        "type__slug",
        "issued_at",
        "valid_from",
        "valid_until",
        "state",
        "state_changed_at",
    )
    for ref, slug, issued_at, valid_from, valid_until, state, changed_at in rows:
        found.setdefault((ref, slug), []).append(
            Holding(
                issued_at=issued_at,
                valid_from=valid_from,
                valid_until=valid_until,
                state=LicenceState(state),
                state_changed_at=changed_at,
            )
        )
    return found


def has_valid(holder_ref: str, type_code: str, *, on: date) -> bool:
    """Tell whether the holder has a licence of a type that is valid on `on` (免于提交)."""
    return _valid(holder_ref, type_code, on=on).exists()


def newest_version(identifier: str) -> LicenceView:
    """Return the newest version of the licence of which `identifier` is one version.

    Raises:
        LookupError: there is no such licence.
    """
    one = Licence.objects.filter(identifier=identifier).only("type_id", "serial").first()
    if one is None:
        raise LookupError(f"no licence {identifier[:120]!r}")
    row = _rows().filter(type_id=one.type_id, serial=one.serial).order_by("-version").first()
    assert row is not None  # `one` is among them
    return view(row)


def versions(identifier: str) -> list[str]:
    """Return the identifiers of all versions of the licence of `identifier`, oldest first."""
    one = Licence.objects.filter(identifier=identifier).only("type_id", "serial").first()
    if one is None:
        return [identifier]
    rows = Licence.objects.filter(type_id=one.type_id, serial=one.serial).order_by("version")
    return list(rows.values_list("identifier", flat=True))


def earlier_versions(identifier: str) -> list[str]:
    """Return the identifiers of the versions before `identifier`, oldest first.

    No query where it is the first version, as most are, or where there is no licence.
    """
    if licence_id.check(identifier).parts.get("version", licence_id.FIRST) == licence_id.FIRST:
        return []
    one = Licence.objects.filter(identifier=identifier)
    found = one.values_list("type_id", "serial", "version").first()
    if found is None:
        return []
    rows = Licence.objects.filter(type_id=found[0], serial=found[1], version__lt=found[2])
    return list(rows.order_by("version").values_list("identifier", flat=True))


def unasked_fields(old: LicenceView, *, answered: Collection[str]) -> list[tuple[str, str]]:
    """Return what stands on `old` and is under no label that was answered now; one query.

    Args:
        old: The version that is replaced.
        answered: Labels of the answers, as asked or as printed.
    """
    fields = licence_type(old.type_code).definition.fields
    printed = {
        one.label for one in fields for asked in (one.label, *one.asked_as) if asked in answered
    } | set(answered)
    return [pair for pair in old.fields if pair[0] not in printed]


def fields_for_staff(one: LicenceView) -> list[tuple[str, str]]:
    """Return what is printed, personal fields masked; one query.

    The whole sheet is the file, whose look is written down.
    """
    personal = licence_type(one.type_code).definition.personal_labels
    return [
        (label, mask_words(value) if label in personal and STAR not in value else value)
        for label, value in one.fields
    ]


def expired(*, by: date, limit: int = PAGE) -> list[LicenceView]:
    """List licences of cases that were live when they ran out on or before `by`, oldest first."""
    rows = (
        _rows()
        .live()
        .filter(valid_until__lte=by)
        .exclude(case_number="")
        .order_by("valid_until", "pk")
    )
    return [view(row) for row in rows[:limit]]


def licence_type(code: str) -> LicenceTypeView:
    """Return the type of licence with the code or short name `code`.

    Raises:
        LookupError: there is none.
    """
    row = LicenceType.objects.filter(Q(code=code) | Q(slug=code)).first()
    if row is None:
        raise LookupError(f"no licence type {code[:60]!r}")
    return _type_view(row)


def licence_types() -> list[LicenceTypeView]:
    """List all types of licences by code; one query."""
    return [_type_view(row) for row in LicenceType.objects.order_by("code")]


def checks(identifier: str, *, limit: int = PAGE) -> list[CheckRow]:
    """List who looked at a licence by verifying it, newest first; the holder may see it."""
    rows = LicenceCheck.objects.filter(licence__identifier=identifier).order_by("-at", "-pk")
    return [CheckRow(at=r.at, means=r.means, answer=r.answer) for r in rows[: min(limit, PAGE)]]


def open_file(identifier: str) -> bytes:
    """Return the sealed PDF of the licence `identifier`.

    Raises:
        LicenceFileMissingError: it is not made yet, or cannot be made; the message says why.
        LookupError: there is no such licence.
    """
    found = licence(identifier)
    if found.file_sha256 is None:
        raise LicenceFileMissingError(found.file_problem or MAKING)
    return store.open(found.file_sha256)


def without_file(*, limit: int = PAGE) -> Sequence[str]:
    """List identifiers of licences whose file is not made, oldest first."""
    rows = Licence.objects.filter(file_sha256__isnull=True).order_by("issued_at", "pk")
    return list(rows.values_list("identifier", flat=True)[: min(limit, PAGE)])


def verification_url(token: str) -> str:
    """Return the address in the QR code: capital letters keep the code small."""
    return f"{settings.BASE_URL}/V/{token}".upper()


def view(row: Licence) -> LicenceView:
    """Return `row` as other packages see it."""
    until = row.valid_until
    return LicenceView(
        identifier=row.identifier,
        type_code=row.type.code,
        type_slug=row.type.slug,
        type_name=row.type.name,
        number=row.number,
        version=row.version,
        previous_identifier=row.previous.identifier if row.previous else "",
        state=LicenceState(row.state),
        state_reason=row.state_reason,
        issuer_code=row.issuer_code,
        issuer_name=row.issuer_name,
        holder_ref=row.holder_ref,
        holder_name=row.holder_name,
        holder_number=open_number(row),
        fields=tuple((label, value) for label, value in row.fields),
        issued_at=row.issued_at,
        valid_from=row.valid_from,
        valid_until=until,
        last_valid_on=until - ONE_DAY if until else None,
        case_number=row.case_number,
        token=row.token,
        url=verification_url(row.token),
        file_sha256=row.file_sha256,
        file_sm3=row.file_sm3,
        file_problem=row.file_problem,
    )


def seal_number(number: str, *, identifier: str) -> bytes:
    """Return `number` encrypted for the licence `identifier`."""
    return field_crypto.encrypt(
        number,
        keys=field_crypto.field_keys(settings.FIELD_KEYS),
        context=f"licence:{identifier}/holder_number",
    )


def open_number(row: Licence) -> str:
    """Return the holder's number of `row`."""
    return field_crypto.decrypt(
        bytes(row.holder_number_sealed),
        keys=field_crypto.field_keys(settings.FIELD_KEYS),
        context=f"licence:{row.identifier}/holder_number",
    )


def _rows() -> LicenceQuerySet:
    return Licence.objects.select_related("type", "previous")


def _one(condition: Q) -> LicenceView:
    row = _rows().filter(condition).first()
    if row is None:
        raise LookupError("no such licence")
    return view(row)


def _type_view(row: LicenceType) -> LicenceTypeView:
    return LicenceTypeView(
        code=row.code,
        slug=row.slug,
        name=row.name,
        holder=HolderKind(row.holder_kind),
        department=row.department_code,
        definition=from_plain(row.definition),
    )
