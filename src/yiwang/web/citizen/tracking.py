"""Following and rating a case without an account: query code and telephone (进度查询)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.cases import queries as cases
from yiwang.cases import services
from yiwang.cases.queries import TrackView
from yiwang.organisations import queries as organisations
from yiwang.organisations import scope
from yiwang.organisations.limits import TooManyTriesError
from yiwang.ratings import queries as ratings
from yiwang.ratings import services as rating
from yiwang.ratings.policy.clocks import CORRECT_LIMIT_WORKDAYS
from yiwang.web.citizen import guides, progress
from yiwang.web.citizen.rating import RateForm, grades
from yiwang.web.requests import address_of
from yiwang.web.views import UNPROCESSABLE, FormPage, Page

SESSION_KEY = "tracked"
TOO_MANY = 429


class TrackForm(forms.Form):
    """What the receipt says, and the telephone of the application."""

    use_required_attribute = False

    query_code = forms.CharField(
        label=_l("查询码"),
        max_length=20,
        help_text=_l("印在收件凭证上"),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters"}),
        error_messages={
            "required": _l("请填写收件凭证上的查询码。"),
            "max_length": _l("查询码过长，请按收件凭证核对。"),
        },
    )
    phone = forms.CharField(
        label=_l("手机号或后四位"),
        max_length=20,
        help_text=_l("申请时留的手机号；没有留号码的，填证件号码后四位"),
        widget=forms.TextInput(attrs={"autocomplete": "tel"}),
        error_messages={
            "required": _l("请填写手机号或后四位。"),
            "max_length": _l("号码过长，请核对。"),
        },
    )


class Track(FormPage):
    """Ask for the two things only the applicant knows; the answer never says which was wrong."""

    template_name = "citizen/track.html"
    form_class = TrackForm
    nav = "track"

    def initial(self) -> dict[str, Any]:
        """Take the query code from the address printed on the receipt."""
        return {"query_code": self.request.GET.get("code", "")[:20]}

    def valid(self, form: TrackForm) -> HttpResponse:
        """Look it up and remember in this session that it was proven."""
        code, phone = form.cleaned_data["query_code"], form.cleaned_data["phone"]
        try:
            services.count_question(query_code=code, address=address_of(self.request), at=self.at)
        except TooManyTriesError as refusal:
            form.add_error(None, refusal.message)
            return self.render({"form": form}, status=TOO_MANY)
        try:
            _tracked(code, phone, self)
        except cases.TrackRefusedError as refusal:
            form.add_error(None, refusal.message)
            return self.invalid(form)
        self.request.session[SESSION_KEY] = [code, phone]
        return redirect("citizen:tracked")


class TrackedPage(Page):
    """A page about the case that was proven in this session."""

    nav = "track"

    def proven(self) -> tuple[TrackView, str] | None:
        """Return the case and the telephone it was proven with; None: nothing was proven."""
        kept = self.request.session.get(SESSION_KEY)
        if not kept:
            return None
        code, phone = kept
        return _tracked(code, phone, self), phone


class Tracked(TrackedPage):
    """Where the case stands: no name, no answers."""

    template_name = "citizen/tracked.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show it, or ask who asks."""
        proven = self.proven()
        if proven is None:
            return redirect("citizen:track")
        case, _phone = proven
        given = ratings.case_rating(case.number)
        rateable = (
            given is None
            and case.evaluation_until is not None
            and self.today <= case.evaluation_until
        )
        asked, put_right = progress.on_spot(case.state, case.events)
        light = case.light(today=self.today, calendar=self.calendar)
        outcome = progress.decided(case.events)
        return self.render(
            {
                "case": guides.named([case], on=self.today)[0],
                "track": progress.track(case.state, case.events),
                "timeline": progress.happenings(case.events, names=False),
                "light": light,
                "duty": progress.duty(
                    case.state,
                    due_on=case.due_on,
                    rateable=rateable,
                    tolerated=case.materials_to_come,
                    asked=asked,
                    put_right=put_right,
                    late=progress.is_late(light),
                    outcome=outcome,
                    back=case.parcel_back,
                ),
                "back": case.parcel_back,
                "outcome": outcome,
                "department": organisations.department(case.department_code),
                "rateable": rateable,
                "rating": given,
            }
        )


class RateByCode(TrackedPage):
    """Rate the case that was proven in this session (好差评)."""

    template_name = "citizen/rate.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the five grades, none of them chosen."""
        proven = self.proven()
        if proven is None:
            return redirect("citizen:track")
        return self._page(proven[0], RateForm())

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Hand the grade to the service."""
        proven = self.proven()
        if proven is None:
            return redirect("citizen:track")
        case, phone = proven
        form = RateForm(request.POST)
        if not form.is_valid():
            return self._page(case, form, UNPROCESSABLE)
        with scope.everything():  # query code and telephone were proven
            rating.rate_case(
                grade=form.cleaned_data["grade"],
                comment=form.cleaned_data["comment"],
                query_code=case.query_code,
                phone=phone,
                calendar=self.calendar,
                by=self.actor,
                at=self.at,
            )
        messages.success(request, _("评价已提交，谢谢。"))
        return redirect("citizen:tracked")

    def _page(self, case: TrackView, form: RateForm, status: int = 200) -> HttpResponse:
        return self.render(
            {
                "case": case,
                "form": form,
                "grades": grades(),
                "answer_days": CORRECT_LIMIT_WORKDAYS,
                "back": "citizen:tracked",
            },
            status=status,
        )


def _tracked(code: str, phone: str, page: Page) -> TrackView:
    with scope.everything():  # whoever knows code and telephone may see where the case stands
        return cases.track(query_code=code, phone=phone, at=page.at)
