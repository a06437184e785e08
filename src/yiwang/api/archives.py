"""Calls of the district's archives: packages whose transfer is due, and their receipts (移交)."""

from __future__ import annotations

import base64
from datetime import date
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Path, Query, Router, Schema
from pydantic import Field, StringConstraints

from yiwang.api import schemas
from yiwang.api.context import actor, answer, now, tagged, today
from yiwang.api.errors import COMMON
from yiwang.archives import queries, services
from yiwang.archives.queries import PackageView
from yiwang.organisations import scope
from yiwang.organisations.permissions import Actor, Permission, Post

router = Router(tags=["archives"])

PackageId = Annotated[int, Path(), Field(ge=1, le=2**62)]
PACKAGE = {200: PackageView, **COMMON}
FILE: dict[str, Any] = {
    "description": "The package. `X-Content-SM3` and `Content-Digest` (RFC 9530) say what arrives.",
    "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
}


class PackageList(Schema):
    """One page of packages."""

    rows: list[PackageView]
    after: str | None = Field(description="Hand it back for the next page; null: the last one.")


class Receipt(schemas.Body):
    """That a package arrived."""

    receipt_number: Annotated[schemas.Word, Field(min_length=1)] = Field(
        description="Of the receipt that the archives wrote; one may stand for many packages."
    )
    sm3: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$")] = Field(
        description="Of the file that arrived; refused with 422 when it is another."
    )
    received_on: date


@router.get(
    "/archive-packages",
    response={200: PackageList, **COMMON},
    operation_id="list_archive_packages",
)
def list_packages(request: HttpRequest, wish: Query[schemas.PageWish]) -> HttpResponse:
    """List the packages that may be taken over, the longest due first, 100 at most.

    Of each case its newest package; one that something was added to later comes again.
    """
    page = queries.transfers_due(
        by=_receiver(request), today=today(), after=wish.after, limit=wish.limit
    )
    return tagged(request, answer({"rows": page.rows, "after": page.after}))


@router.get("/archive-packages/{package_id}", response=PACKAGE, operation_id="get_archive_package")
def get_package(request: HttpRequest, package_id: PackageId) -> HttpResponse:
    """Return one package that may be taken over, or was, with its hashes and its receipt."""
    found = queries.transfer(package_id, by=_receiver(request), today=today())
    return tagged(request, answer(found))


@router.get(
    "/archive-packages/{package_id}/file",
    response=COMMON,
    operation_id="get_archive_package_file",
    openapi_extra={"responses": {200: FILE}},
)
def get_file(request: HttpRequest, package_id: PackageId) -> HttpResponse:
    """Return the file of a package that may be taken over; each time is on the trail."""
    view, data = services.hand_over(package_id=package_id, by=_receiver(request), at=now())
    response = HttpResponse(data, content_type="application/zip")
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    digest = base64.b64encode(bytes.fromhex(view.sha256)).decode()
    response["Content-Digest"] = f"sha-256=:{digest}:"
    response["X-Content-SM3"] = view.sm3
    response["Content-Disposition"] = f'attachment; filename="{view.file_name}"'
    return response


@router.post(
    "/archive-packages/{package_id}/receipt",
    response=PACKAGE,
    operation_id="report_archive_receipt",
)
def report_receipt(request: HttpRequest, package_id: PackageId, body: Receipt) -> HttpResponse:
    """Say that a package arrived; the same again gives the same answer, another is refused."""
    view = services.report_receipt(
        package_id=package_id,
        receipt_number=body.receipt_number,
        sm3=body.sm3,
        received_on=body.received_on,
        by=_receiver(request),
        at=now(),
    )
    return answer(view)


def _receiver(request: HttpRequest) -> Actor:
    """Return who takes over; the database shows this call what an archivist there may see."""
    by = actor(request)
    codes = by.departments(Permission.ARCHIVE_TRANSFER)
    scope.enter(Actor(ref=by.ref, posts={code: frozenset({Post.ARCHIVIST}) for code in codes}))
    return by
