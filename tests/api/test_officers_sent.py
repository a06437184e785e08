"""Who was sent to test, as other systems write it down and read it."""

from __future__ import annotations

from tests.factories import cases

GIVEN = {
    "kind": "testing",
    "officers": ["李检测", "周检测"],
    "sent_on": f"{cases.FRIDAY.date()}",
}


def test_a_system_says_who_was_sent_and_reads_it_back(callers):
    path = f"/cases/{cases.reviewing().number}"
    reviewer = callers("reviewer")

    for wrong, sentence in (
        ({"officers": ["李检测"]}, "须指派两名以上工作人员"),
        ({"kind": "expert_review"}, "检验、检测或者检疫"),
        ({"kind": "holiday"}, ""),
        ({"sent_on": "2036-01-01"}, "指派日期须在受理之后"),
    ):
        refused = reviewer.post(f"{path}/officers-sent", GIVEN | wrong)
        assert refused.status_code in {409, 422}
        assert sentence in refused.json()["message"]

    assert callers("clerk").post(f"{path}/officers-sent", GIVEN).status_code == 403
    made = reviewer.post(f"{path}/officers-sent", GIVEN)
    assert made.status_code == 200, made.content
    (sent,) = reviewer.get(f"{path}/procedure").json()["officers_sent"]
    assert (sent["kind"], sent["names"]) == ("testing", GIVEN["officers"])
