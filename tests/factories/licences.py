"""Types of licences of the shipped pack, licences of them, and who may change them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from tests.factories.content import files_of
from tests.factories.organisations import ENTITY, NOON, PERSON
from tests.factories.organisations import department as unit
from yiwang.kernel.identifiers import uscc
from yiwang.licences import services
from yiwang.licences.policy.types import TypeDefinition, parse
from yiwang.licences.queries import LicenceView
from yiwang.organisations.models import Department
from yiwang.organisations.permissions import Actor, Post

CITIZEN_NUMBER = "310114198506151037"
MARKET_USCC = uscc.generate(department="1", kind="1", division="310114", body="XXXX0112")
TODAY = dt.date(2026, 3, 9)
IN_FIVE_YEARS = dt.date(2031, 3, 9)


def approver_of(department: str) -> Actor:
    """Return a person who decides and may change licences in `department`."""
    return Actor(ref="user:sp-chen", posts={department: frozenset({Post.APPROVER})}, ip="10.1.1.1")


def definition(slug: str = "food_business") -> TypeDefinition:
    """Return a type as the shipped pack defines it."""
    (file,) = (file for file in files_of("jiading", "licences") if file.name == slug)
    found, errors = parse(file)
    assert found is not None, errors
    return found


def licence_type(slug: str = "food_business") -> TypeDefinition:
    """Load one type of the shipped pack, with the department that issues it."""
    found = definition(slug)
    if not Department.objects.filter(code=found.department).exists():
        changes = {"uscc": MARKET_USCC} if found.department == "market" else {}
        unit(found.department, **changes)
    services.save_type(found, by="system:test", at=NOON)
    return found


def issue(slug: str = "food_business", **changes: Any) -> LicenceView:
    """Issue a licence by the ordinary act; the type is loaded first."""
    found = licence_type(slug)
    person = found.holder == "person"
    arguments: dict[str, Any] = {
        "type_code": slug,
        "holder_ref": PERSON if person else ENTITY,
        "holder_name": "王小明" if person else "上海嘉禾餐饮管理有限公司",
        "holder_number": CITIZEN_NUMBER if person else ENTITY.removeprefix("entity:"),
        "issuer": found.department,
        "fields": [("经营场所地址", "嘉定区新成路街道示例路1号")],
        "valid_from": TODAY,
        "valid_until": IN_FIVE_YEARS,
        "case_number": "JD20260309-000001",
        "by": approver_of(found.department),
        "at": NOON,
    }
    return services.issue_licence(**(arguments | changes))
