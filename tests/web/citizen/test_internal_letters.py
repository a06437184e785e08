"""What the offices write for the file alone is on no page of the applicant."""

from __future__ import annotations

import pytest

from tests.factories import cases
from tests.factories.desk import hire
from tests.factories.desk import signed_in as official
from tests.factories.portal import signed_in
from yiwang.cases.models import CaseDocument
from yiwang.cases.policy.terms import INTERNAL_LETTERS, DeliveryChannel
from yiwang.cases.services import deliver_case

pytestmark = pytest.mark.usefixtures("portal")


def test_the_applicant_meets_no_internal_letter_and_the_offices_do():
    hire("approver", "clerk", "stranger")
    files = {name: [cases.upload("user:clerk")] for name in ("layout", "rules")}
    case = cases.decided(uploads=files)
    hidden = CaseDocument.objects.filter(case__number=case.number, kind__in=list(INTERNAL_LETTERS))
    firm, address = signed_in("firm"), f"/cases/{case.number}/"
    assert hidden.count() == 2

    for delivered in (False, True):
        if delivered:
            deliver_case(
                number=case.number, channel=DeliveryChannel.PRINT, by=cases.CLERK, at=cases.FRIDAY
            )
        for path in (address, f"{address}receipt/", "/cases/", "/messages/", "/decisions/"):
            shown = firm.get(path, follow=True).content.decode()
            assert "审批表" not in shown, path
            assert "符合条件\n审查人" not in shown, path
            assert not [one for one in hidden if one.number in shown], path
    for one in hidden:
        assert firm.get(f"{address}letters/{one.pk}/").status_code == 404
        assert firm.get(f"/desk/cases/{case.number}/letters/{one.pk}/").status_code in {
            302,
            403,
            404,
        }
        path = f"/desk/cases/{case.number}/letters/{one.pk}/"
        assert official("stranger").get(path).status_code == 404
        assert official("approver").get(path)["Content-Type"] == "application/pdf"
        assert official("approver").get(f"{path}fix/").status_code == 404

    file = official("approver").get(f"/desk/cases/{case.number}/").content.decode()
    assert "审批表（PDF）" in file
    assert "内部文书，不送达申请人" in file
    counter = official("clerk").get(f"/desk/cases/{case.number}/deliver/").content.decode()
    assert "准予行政许可决定书" in counter
    assert "审批表" not in counter
