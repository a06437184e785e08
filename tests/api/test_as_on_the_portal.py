"""Whatever an applicant can do on the portal, a program of his can do by the API."""

from __future__ import annotations

from yiwang.api.urls import api
from yiwang.web.citizen.urls import urlpatterns

CALLS: dict[str, str] = {
    "search": "list_items ask",
    "scenes": "list_scenes",
    "scene": "get_scene",
    "items": "list_items",
    "item": "get_item list_item_versions",
    "item_pdf": "get_item",
    "checklist_pdf": "get_checklist",
    "questions": "get_form get_checklist",
    "question": "get_form get_checklist",
    "checklist": "get_checklist",
    "apply": "create_draft my_drafts",
    "draft": "get_draft",
    "section": "save_draft get_form",
    "materials": "upload_file attach_file",
    "remove_file": "detach_file",
    "way": "get_commitment_notice drop_commitment",
    "commitment": "get_commitment_notice sign_commitment",
    "check": "submit_case",
    "discard": "delete_draft",
    "cases": "my_cases my_drafts my_messages mark_message_read",
    "case": "get_case get_timeline get_procedure get_clocks get_automatic get_promises",
    "answers": "get_case_file",
    "receipt": "read_letter",
    "letter": "read_letter my_documents get_document",
    "material_file": "get_case_upload",
    "state_views": "state_views",
    "correct": "file_correction",
    "file_material": "file_material",
    "report_correction": "report_correction",
    "request_hearing": "request_hearing",
    "state_own_views": "note_views",
    "withdraw": "withdraw_case",
    "withdraw_material": "withdraw_material",
    "fix_on_spot": "get_case_file fix_on_spot",
    "fix_answer": "fix_on_spot",
    "fix_material": "fix_on_spot",
    "contact": "change_contact",
    "posting": "get_posting ask_posting take_posting_back",
    "end_mandate": "my_agents end_agency_mandate",
    "ask_person": "ask_person",
    "rate": "get_rating rate_case",
    "track": "track",
    "tracked": "track",
    "licences": "my_licences",
    "licence": "my_licence present_licence verify_licence",
    "licence_file": "licence_file",
    "book": "list_halls list_times book",
    "appointments": "my_appointments",
    "cancel_appointment": "cancel_appointment",
    "me": "my_data my_reads my_mandates my_records",
    "notices": "my_notices save_my_notices",
    "ask_contact": "ask_contact_code",
    "confirm_contact": "confirm_contact",
    "remove_contact": "remove_contact",
    "ask": "ask",
    "read_answer": "read_answer",
    "shown_answer": "read_answer",
    "hand_over": "hand_over_question",
    "handed_over": "hand_over_question my_questions",
    "my_questions": "my_questions",
    "permits": "my_permits case_permits",
}
"""Page -> the calls that do the same."""

NONE: dict[str, str] = {
    "home": "a page that leads to others",
    "help": "telephone numbers and places, for people",
    "set_personal_order": "the order of a page",
    "rate_by_code": "for whoever has no account; with one there is rate_case",
    "tokens": "a key must not look after keys",
    "new_token": "a key must not make keys",
    "revoke_token": "a key must not take keys back",
}
"""Page -> why it has no call."""


def test_every_page_of_the_portal_has_its_calls_or_a_reason():
    pages = {pattern.name for pattern in urlpatterns}

    assert pages - CALLS.keys() - NONE.keys() == set(), "say which call does the same, or why none"
    assert (CALLS.keys() | NONE.keys()) - pages == set()


def test_these_calls_exist_and_each_has_a_name_of_its_own():
    names = [
        call["operationId"]
        for calls in api.get_openapi_schema()["paths"].values()
        for call in calls.values()
    ]

    assert len(names) == len(set(names))
    assert {one for named in CALLS.values() for one in named.split()} - set(names) == set()
