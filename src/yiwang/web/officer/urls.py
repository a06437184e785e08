"""Addresses of the officer pages."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path

from yiwang.web.officer import (
    accounts,
    archives,
    cases,
    desk,
    ending,
    handling,
    notices,
    questions,
    ratings,
    subjects,
    trail,
)
from yiwang.web.officer.items import basis, editor, pages, reviews

app_name = "officer"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", desk.Desk.as_view(), name="desk"),
    path("assign/", desk.AssignMany.as_view(), name="assign_many"),
    path("cases/<str:number>/", cases.CaseFile.as_view(), name="case"),
    path("cases/<str:number>/accept/", handling.Accept.as_view(), name="accept"),
    path("cases/<str:number>/correct/", handling.Correct.as_view(), name="correct"),
    path("cases/<str:number>/decline/", handling.Decline.as_view(), name="decline"),
    path("cases/<str:number>/review/", handling.Review.as_view(), name="review"),
    path("cases/<str:number>/decide/", handling.Decide.as_view(), name="decide"),
    path("cases/<str:number>/deliver/", handling.Deliver.as_view(), name="deliver"),
    path("cases/<str:number>/assign/", handling.Assign.as_view(), name="assign"),
    path("endings/", ending.Endings.as_view(), name="endings"),
    path("cases/<str:number>/end/", ending.ShowEnd.as_view(), name="case_end"),
    path("cases/<str:number>/end/decide/", ending.DecideEnd.as_view(), name="decide_end"),
    path("cases/<str:number>/end/propose/", ending.ProposeEnd.as_view(), name="propose_end"),
    path("cases/<str:number>/views/", ending.WriteViews.as_view(), name="views"),
    path("cases/<str:number>/reveal/<str:key>/", cases.Reveal.as_view(), name="reveal"),
    path("cases/<str:number>/files/<slug:key>/", cases.CaseUpload.as_view(), name="file"),
    path(
        "cases/<str:number>/files/<slug:key>/preview/", cases.CasePreview.as_view(), name="preview"
    ),
    path("cases/<str:number>/letters/<int:document>/", cases.CaseLetter.as_view(), name="document"),
    path("cases/<str:number>/licence/", cases.CaseLicence.as_view(), name="licence"),
    path("subjects/", subjects.Subjects.as_view(), name="subjects"),
    path("ratings/", ratings.BadRatings.as_view(), name="ratings"),
    path("ratings/<slug:number>/", ratings.BadRating.as_view(), name="rating"),
    path("items/", pages.Items.as_view(), name="items"),
    path("item-basis/", basis.OutdatedBasis.as_view(), name="outdated_basis"),
    path("item-decisions/", pages.Decisions.as_view(), name="item_decisions"),
    path("items/<slug:slug>/", pages.Item.as_view(), name="item"),
    path("items/<slug:slug>/draft/", pages.Begin.as_view(), name="begin_draft"),
    path("items/<slug:slug>/adjust/", pages.Adjust.as_view(), name="adjust_item"),
    path("items/<slug:slug>/suspend/", pages.Withdraw.as_view(act="suspend"), name="suspend_item"),
    path("items/<slug:slug>/cancel/", pages.Withdraw.as_view(act="cancel"), name="cancel_item"),
    path("items/<slug:slug>/resume/", pages.Withdraw.as_view(act="resume"), name="resume_item"),
    path("items/<slug:slug>/export/", reviews.ExportItem.as_view(), name="export_item"),
    path(
        "items/<slug:slug>/versions/<int:version>/",
        reviews.VersionPreview.as_view(),
        name="version",
    ),
    path(
        "items/<slug:slug>/versions/<int:version>/changes/",
        reviews.VersionChanges.as_view(),
        name="version_changes",
    ),
    path("drafts/new/", reviews.NewItem.as_view(), name="new_item"),
    path("drafts/<int:number>/", reviews.DraftPage.as_view(), name="draft"),
    path("drafts/<int:number>/edit/<slug:topic>/", editor.EditTopic.as_view(), name="draft_topic"),
    path("drafts/<int:number>/rows/<str:at>/", editor.EditRow.as_view(), name="draft_row"),
    path(
        "drafts/<int:number>/rows/<str:at>/remove/", editor.RemoveRow.as_view(), name="remove_row"
    ),
    path("drafts/<int:number>/yaml/", editor.EditYaml.as_view(), name="draft_yaml"),
    path("drafts/<int:number>/changes/", reviews.DraftChanges.as_view(), name="draft_changes"),
    path("drafts/<int:number>/preview/", reviews.DraftPreview.as_view(), name="draft_preview"),
    path("drafts/<int:number>/document/", reviews.DraftDocument.as_view(), name="draft_document"),
    path("drafts/<int:number>/submit/", reviews.Submit.as_view(), name="submit_draft"),
    path("drafts/<int:number>/approve/", reviews.Approve.as_view(), name="approve_draft"),
    path("drafts/<int:number>/return/", reviews.Return.as_view(), name="return_draft"),
    path("drafts/<int:number>/discard/", reviews.Discard.as_view(), name="discard_draft"),
    path("questions/", questions.Questions.as_view(), name="questions"),
    path("questions/<int:number>/", questions.Question.as_view(), name="question"),
    path(
        "questions/<int:number>/transfer/",
        questions.TransferQuestion.as_view(),
        name="transfer_question",
    ),
    path(
        "questions/<int:number>/publish/",
        questions.PublishAnswer.as_view(),
        name="publish_answer",
    ),
    path(
        "questions/<int:number>/withdraw/",
        questions.WithdrawAnswer.as_view(),
        name="withdraw_answer",
    ),
    path("archives/", archives.Archives.as_view(), name="archives"),
    path(
        "archives/packages/<int:package>/file/",
        archives.DownloadPackage.as_view(),
        name="download_package",
    ),
    path("archives/<str:number>/", archives.CaseArchivePage.as_view(), name="archive"),
    path("archives/<str:number>/hold/", archives.PlaceHold.as_view(), name="place_hold"),
    path(
        "archives/<str:number>/holds/<int:hold>/lift/",
        archives.ProposeLift.as_view(),
        name="propose_lift",
    ),
    path(
        "archives/<str:number>/holds/<int:hold>/approve/",
        archives.LiftHold.as_view(),
        name="lift_hold",
    ),
    path(
        "archives/<str:number>/packages/<int:package>/destroy/",
        archives.ProposeDestruction.as_view(),
        name="propose_destruction",
    ),
    path(
        "archives/<str:number>/destructions/<int:destruction>/",
        archives.DecideDestruction.as_view(),
        name="decide_destruction",
    ),
    path("notices/", notices.Notices.as_view(), name="notices"),
    path("notices/<int:number>/again/", notices.SendAgain.as_view(), name="send_notice"),
    path("notices/<int:number>/drop/", notices.DropNotice.as_view(), name="drop_notice"),
    path("trail/", trail.Trail.as_view(), name="trail"),
    path("trail/export/", trail.TrailExport.as_view(), name="trail_export"),
    path("accounts/", accounts.Accounts.as_view(), name="users"),
    path("accounts/new/", accounts.NewAccount.as_view(), name="new_user"),
    re_path(
        r"^accounts/(?P<login>[\w.\-]+)/(?P<act>close|reopen|reset|unbind)/$",
        accounts.ChangeAccount.as_view(),
        name="change_user",
    ),
    path("accounts/<str:login>/tokens/", accounts.Tokens.as_view(), name="tokens"),
    path(
        "accounts/<str:login>/tokens/<int:token>/revoke/",
        accounts.RevokeToken.as_view(),
        name="revoke_token",
    ),
    path("posts/", accounts.Posts.as_view(), name="posts"),
    path("posts/<str:login>/", accounts.AccountPosts.as_view(), name="person_posts"),
    path(
        "posts/<str:login>/<str:department>/<str:post_code>/revoke/",
        accounts.RevokePost.as_view(),
        name="revoke_post",
    ),
]
