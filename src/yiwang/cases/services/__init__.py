"""Acts on drafts and cases; each is one transaction, takes `by` and `at`, and leaves a trail."""

from yiwang.cases.services.accepting import (
    AcceptanceRefusedError,
    accept_case,
    decline_case,
    deem_accepted,
)
from yiwang.cases.services.alarming import remind_holders
from yiwang.cases.services.answers import answer_text
from yiwang.cases.services.application import IncompleteError
from yiwang.cases.services.archiving import archive_again, lock_for_archive, note_archived
from yiwang.cases.services.asking import note_asked
from yiwang.cases.services.assessing import (
    AssessmentRefusedError,
    NotAssessedError,
    approve_assessment,
    archive_assessment,
    delete_assessment,
    discard_assessment,
    submit_assessment,
    write_assessment,
)
from yiwang.cases.services.assisting import AssistanceRefusedError, note_assistance
from yiwang.cases.services.automatic import (
    PersonRefusedError,
    ask_person,
    decide_by_rules,
    handle,
    handle_waiting,
)
from yiwang.cases.services.bans import BannedError, BanRefusedError, impose_ban, lift_ban
from yiwang.cases.services.briefing import Briefing, NotBriefedError, briefing_of
from yiwang.cases.services.changing import (
    ChangeRefusedError,
    change_contact,
    withdraw_material,
)
from yiwang.cases.services.clocks import (
    MissedClock,
    Recomputed,
)
from yiwang.cases.services.clocks import (
    recompute as recompute_clocks,
)
from yiwang.cases.services.clocks import (
    report_missed as report_missed_clocks,
)
from yiwang.cases.services.committing import grant_on_commitment
from yiwang.cases.services.correcting import (
    Brought,
    CorrectionLine,
    CorrectionRefusedError,
    FiledLine,
    ask_correction,
    check_material,
    file_correction,
    file_material,
    take_in_materials,
)
from yiwang.cases.services.deciding import decide
from yiwang.cases.services.decision_errors import DecisionRefusedError, SamePersonError
from yiwang.cases.services.decision_letters import LetterDraft, draft_decision
from yiwang.cases.services.declining import (
    DeclineRefusedError,
    TurnedAwayNotFoundError,
    note_turned_away,
    propose_decline,
    review_turned_away,
)
from yiwang.cases.services.delivering import (
    DeliveryRefusedError,
    deliver_case,
    deliver_letter,
    hand_over,
    note_arrival,
    note_return,
    read_letter,
    read_message,
    send_result,
)
from yiwang.cases.services.dispatching import note_posting_return, post_result, read_label
from yiwang.cases.services.drafting import (
    DraftRefusedError,
    NotEligibleError,
    attach,
    delete_draft,
    detach,
    purge_drafts,
    save_draft,
)
from yiwang.cases.services.ending import (
    EndRefusedError,
    SameProposerError,
    decide_end,
    deregister_expired,
    propose_end,
    state_views,
)
from yiwang.cases.services.extending import ask_extension, decide_extension
from yiwang.cases.services.fixing import FixRefusedError, fix_document
from yiwang.cases.services.hearing import (
    end_hearing,
    end_unrequested_hearings,
    notify_hearing,
    request_hearing,
    set_hearing,
)
from yiwang.cases.services.inquiring import ask_departments, give_opinion
from yiwang.cases.services.interested import note_views, tell_interested
from yiwang.cases.services.kept import correction_days
from yiwang.cases.services.making import document_file, letter_for_print, make_document
from yiwang.cases.services.measuring import measure_finished
from yiwang.cases.services.on_spot import (
    FixedAnswer,
    SpotFixRefusedError,
    ask_on_spot,
    fix_on_spot,
)
from yiwang.cases.services.post_checks import (
    CheckRefusedError,
    close_revoked,
    decline_report,
    record_check,
    reopen_check,
    report_correction,
)
from yiwang.cases.services.posting import (
    PostingRefusedError,
    ask_posting,
    take_posting_back,
)
from yiwang.cases.services.prechecks import (
    forget_findings,
    precheck_attached,
    precheck_case,
    precheck_upload,
    purge_prechecks,
    read_material,
)
from yiwang.cases.services.procedure import ProcedureRefusedError
from yiwang.cases.services.receiving import receive_at_counter, submit_case, window_department
from yiwang.cases.services.records import RecordRefusedError, note_record, repair_record
from yiwang.cases.services.renewing import deem_renewed
from yiwang.cases.services.replaying import ReplayRefusedError, ask_replay, run_replay
from yiwang.cases.services.reviewing import (
    AssignmentRefusedError,
    ReviewerRefusedError,
    assign_case,
    propose,
    send_back,
)
from yiwang.cases.services.sampling import (
    ReviewRefusedError,
    draw_handled,
    draw_sample,
    review_automatic,
)
from yiwang.cases.services.signing import (
    CommitmentRefusedError,
    SignedAtWindow,
    drop_commitment,
    sign_commitment,
)
from yiwang.cases.services.site_checks import record_site_check, send_officers
from yiwang.cases.services.special import end_special, start_special
from yiwang.cases.services.steps import (
    ConflictRefusedError,
    NotHolderError,
    TextRefusedError,
)
from yiwang.cases.services.submitted_once import SubmissionRefusedError
from yiwang.cases.services.switching import (
    SwitchRefusedError,
    ask_resume_automatic,
    resume_automatic,
    stop_automatic,
)
from yiwang.cases.services.telling import (
    remind,
    tell_in_portal,
    tell_of_case,
    tell_of_events,
)
from yiwang.cases.services.tolerating import remind_tolerance, report_broken_tolerance
from yiwang.cases.services.tracking import count_question
from yiwang.cases.services.visiting import Visitor, VisitRefusedError
from yiwang.cases.services.windows import NotHereError, not_taken_in, require_taken_in
from yiwang.cases.services.withdrawing import (
    TerminationRefusedError,
    end_expired_corrections,
    terminate_case,
    withdraw_case,
)

__all__ = [
    "AcceptanceRefusedError",
    "AssessmentRefusedError",
    "AssignmentRefusedError",
    "AssistanceRefusedError",
    "BanRefusedError",
    "BannedError",
    "Briefing",
    "Brought",
    "ChangeRefusedError",
    "CheckRefusedError",
    "CommitmentRefusedError",
    "ConflictRefusedError",
    "CorrectionLine",
    "CorrectionRefusedError",
    "DecisionRefusedError",
    "DeclineRefusedError",
    "DeliveryRefusedError",
    "DraftRefusedError",
    "EndRefusedError",
    "FiledLine",
    "FixRefusedError",
    "FixedAnswer",
    "IncompleteError",
    "LetterDraft",
    "MissedClock",
    "NotAssessedError",
    "NotBriefedError",
    "NotEligibleError",
    "NotHereError",
    "NotHolderError",
    "PersonRefusedError",
    "PostingRefusedError",
    "ProcedureRefusedError",
    "Recomputed",
    "RecordRefusedError",
    "ReplayRefusedError",
    "ReviewRefusedError",
    "ReviewerRefusedError",
    "SamePersonError",
    "SameProposerError",
    "SignedAtWindow",
    "SpotFixRefusedError",
    "SubmissionRefusedError",
    "SwitchRefusedError",
    "TerminationRefusedError",
    "TextRefusedError",
    "TurnedAwayNotFoundError",
    "VisitRefusedError",
    "Visitor",
    "accept_case",
    "answer_text",
    "approve_assessment",
    "archive_again",
    "archive_assessment",
    "ask_correction",
    "ask_departments",
    "ask_extension",
    "ask_on_spot",
    "ask_person",
    "ask_posting",
    "ask_replay",
    "ask_resume_automatic",
    "assign_case",
    "attach",
    "briefing_of",
    "change_contact",
    "check_material",
    "close_revoked",
    "correction_days",
    "count_question",
    "decide",
    "decide_by_rules",
    "decide_end",
    "decide_extension",
    "decline_case",
    "decline_report",
    "deem_accepted",
    "deem_renewed",
    "delete_assessment",
    "delete_draft",
    "deliver_case",
    "deliver_letter",
    "deregister_expired",
    "detach",
    "discard_assessment",
    "document_file",
    "draft_decision",
    "draw_handled",
    "draw_sample",
    "drop_commitment",
    "end_expired_corrections",
    "end_hearing",
    "end_special",
    "end_unrequested_hearings",
    "file_correction",
    "file_material",
    "fix_document",
    "fix_on_spot",
    "forget_findings",
    "give_opinion",
    "grant_on_commitment",
    "hand_over",
    "handle",
    "handle_waiting",
    "impose_ban",
    "letter_for_print",
    "lift_ban",
    "lock_for_archive",
    "make_document",
    "measure_finished",
    "not_taken_in",
    "note_archived",
    "note_arrival",
    "note_asked",
    "note_assistance",
    "note_posting_return",
    "note_record",
    "note_return",
    "note_turned_away",
    "note_views",
    "notify_hearing",
    "post_result",
    "precheck_attached",
    "precheck_case",
    "precheck_upload",
    "propose",
    "propose_decline",
    "propose_end",
    "purge_drafts",
    "purge_prechecks",
    "read_label",
    "read_letter",
    "read_material",
    "read_message",
    "receive_at_counter",
    "recompute_clocks",
    "record_check",
    "record_site_check",
    "remind",
    "remind_holders",
    "remind_tolerance",
    "reopen_check",
    "repair_record",
    "report_broken_tolerance",
    "report_correction",
    "report_missed_clocks",
    "request_hearing",
    "require_taken_in",
    "resume_automatic",
    "review_automatic",
    "review_turned_away",
    "run_replay",
    "save_draft",
    "send_back",
    "send_officers",
    "send_result",
    "set_hearing",
    "sign_commitment",
    "start_special",
    "state_views",
    "stop_automatic",
    "submit_assessment",
    "submit_case",
    "take_in_materials",
    "take_posting_back",
    "tell_in_portal",
    "tell_interested",
    "tell_of_case",
    "tell_of_events",
    "terminate_case",
    "window_department",
    "withdraw_case",
    "withdraw_material",
    "write_assessment",
]
