"""An applicant's program chooses how the applicant is told, for nobody else."""

from __future__ import annotations

from tests.factories import cases


def test_a_choice_is_saved_and_read_back(callers, settings, tmp_path):
    settings.DEMO, settings.OUTBOX_DIR = True, tmp_path
    firm = callers("firm")
    answer = firm.put(
        "/my/notices",
        {
            "subject": cases.FIRM_REF,
            "channels": ["sms"],
            "quiet": {"from_hour": 22, "until_hour": 7},
        },
    )

    assert answer.status_code == 200, answer.content
    shown = firm.get("/my/notices", subject=cases.FIRM_REF).json()
    assert shown["channels"] == ["sms"]
    assert shown["quiet"] == {"from_hour": 22, "until_hour": 7}


def test_bad_words_and_other_peoples_subjects_are_refused(callers, settings, tmp_path):
    settings.DEMO, settings.OUTBOX_DIR = True, tmp_path
    firm = callers("firm")
    choice = {"subject": cases.FIRM_REF, "channels": ["fax"]}
    assert firm.put("/my/notices", choice).status_code == 422
    hours = {"subject": cases.FIRM_REF, "channels": [], "quiet": {"from_hour": 24, "until_hour": 1}}
    assert firm.put("/my/notices", hours).status_code == 422
    code = {"subject": cases.FIRM_REF, "channel": "sms", "address": "12"}
    assert firm.post("/my/notices/codes", code).status_code == 422

    stranger = callers("clerk")
    assert stranger.get("/my/notices", subject=cases.FIRM_REF).status_code == 403
