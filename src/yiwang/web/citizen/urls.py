"""Addresses of the portal."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from yiwang.web.citizen import (
    account,
    apply,
    appointments,
    asking,
    cases,
    committing,
    hearing,
    items,
    notices,
    personal,
    rating,
    scenes,
    tracking,
    views_stated,
    wallet,
)

app_name = "citizen"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", items.Home.as_view(), name="home"),
    path("preferences/personal/", personal.SetPersonalOrder.as_view(), name="set_personal_order"),
    path("search/", items.Search.as_view(), name="search"),
    path("scenes/", scenes.Scenes.as_view(), name="scenes"),
    path("scenes/<slug:slug>/", scenes.ScenePage.as_view(), name="scene"),
    path("items/", items.Items.as_view(), name="items"),
    path("items/<slug:slug>/", items.Item.as_view(), name="item"),
    path("items/<slug:slug>/guide.pdf", items.ItemPdf.as_view(), name="item_pdf"),
    path("items/<slug:slug>/checklist.pdf", items.ChecklistPdf.as_view(), name="checklist_pdf"),
    path("items/<slug:slug>/questions/", items.Questions.as_view(), name="questions"),
    path(
        "items/<slug:slug>/questions/<int:number>/",
        items.QuestionPage.as_view(),
        name="question",
    ),
    path("items/<slug:slug>/checklist/", items.Checklist.as_view(), name="checklist"),
    path("items/<slug:slug>/apply/", apply.Apply.as_view(), name="apply"),
    path("apply/<int:draft>/", apply.Draft.as_view(), name="draft"),
    path("apply/<int:draft>/section/<slug:section>/", apply.SectionPage.as_view(), name="section"),
    path("apply/<int:draft>/materials/", apply.Materials.as_view(), name="materials"),
    path("apply/<int:draft>/materials/remove/", apply.RemoveFile.as_view(), name="remove_file"),
    path("apply/<int:draft>/way/", committing.Way.as_view(), name="way"),
    path("apply/<int:draft>/commitment/", committing.Commit.as_view(), name="commitment"),
    path("apply/<int:draft>/check/", apply.Check.as_view(), name="check"),
    path("apply/<int:draft>/discard/", apply.Discard.as_view(), name="discard"),
    path("cases/", cases.Cases.as_view(), name="cases"),
    path("cases/<str:number>/", cases.Case.as_view(), name="case"),
    path("cases/<str:number>/answers/", cases.Answers.as_view(), name="answers"),
    path("cases/<str:number>/receipt/", cases.Receipt.as_view(), name="receipt"),
    path("cases/<str:number>/letters/<int:letter>/", cases.LetterFile.as_view(), name="letter"),
    path(
        "cases/<str:number>/files/<str:upload>/",
        cases.MaterialFile.as_view(),
        name="material_file",
    ),
    path("cases/<str:number>/views/", views_stated.StateViews.as_view(), name="state_views"),
    path("cases/<str:number>/correct/", cases.Correct.as_view(), name="correct"),
    path(
        "cases/<str:number>/materials/<str:material>/",
        cases.FileMaterial.as_view(),
        name="file_material",
    ),
    path("cases/<str:number>/hearing/", hearing.RequestHearing.as_view(), name="request_hearing"),
    path("cases/<str:number>/withdraw/", cases.Withdraw.as_view(), name="withdraw"),
    path("cases/<str:number>/person/", cases.AskPerson.as_view(), name="ask_person"),
    path("cases/<str:number>/rate/", rating.Rate.as_view(), name="rate"),
    path("track/", tracking.Track.as_view(), name="track"),
    path("track/case/", tracking.Tracked.as_view(), name="tracked"),
    path("track/case/rate/", tracking.RateByCode.as_view(), name="rate_by_code"),
    path("licences/", wallet.Licences.as_view(), name="licences"),
    path("licences/<str:identifier>/", wallet.Licence.as_view(), name="licence"),
    path("licences/<str:identifier>/file/", wallet.LicenceFile.as_view(), name="licence_file"),
    path("halls/<slug:hall>/book/<slug:slug>/", appointments.Book.as_view(), name="book"),
    path("appointments/", appointments.Appointments.as_view(), name="appointments"),
    path(
        "appointments/<int:number>/cancel/",
        appointments.CancelAppointment.as_view(),
        name="cancel_appointment",
    ),
    path("me/", account.Me.as_view(), name="me"),
    path("me/notices/", notices.NoticeSettings.as_view(), name="notices"),
    path("me/notices/<slug:channel>/", notices.AskContact.as_view(), name="ask_contact"),
    path(
        "me/notices/<slug:channel>/code/", notices.ConfirmContact.as_view(), name="confirm_contact"
    ),
    path(
        "me/notices/<slug:channel>/remove/", notices.RemoveContact.as_view(), name="remove_contact"
    ),
    path("ask/", asking.Ask.as_view(), name="ask"),
    path("ask/hand-over/", asking.HandOver.as_view(), name="hand_over"),
    path("ask/handed-over/", asking.HandedOver.as_view(), name="handed_over"),
    path("ask/answer/", asking.ReadAnswer.as_view(), name="read_answer"),
    path("ask/answer/shown/", asking.ShownAnswer.as_view(), name="shown_answer"),
    path("me/questions/", asking.MyQuestions.as_view(), name="my_questions"),
    path("help/", account.Help.as_view(), name="help"),
]
