"""What every page shares: who acts, when, on which calendar, and what a refusal looks like."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from enum import Enum
from functools import cached_property
from http import HTTPStatus
from typing import Any, ClassVar, Protocol, TypeVar

from django import forms
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, ObjectDoesNotExist
from django.db import DataError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.generic import View

from yiwang.content import queries as content
from yiwang.kernel.devices import device
from yiwang.kernel.errors import RefusedError
from yiwang.kernel.workdays import WorkdayCalendar
from yiwang.organisations import queries as organisations
from yiwang.organisations import scope
from yiwang.organisations.permissions import Actor, Permission, PermissionRefusedError
from yiwang.organisations.services.refusing import note_refusal
from yiwang.web import kept
from yiwang.web.open_pages import OPEN_TO_ALL
from yiwang.web.requests import address_of
from yiwang.web.sentences import said

UNPROCESSABLE = 422
FORBIDDEN = 403

ANYBODY = "public:web"
"""Ref of whoever is not signed in; never `system:…`, which services take for the program."""

NUL = "NUL"
"""How the database driver names the one character that no text of the database holds."""

T = TypeVar("T")


class Audience(Enum):
    """Who may open a page that is not for staff."""

    APPLICANT = "applicant"
    """Signed-in persons and firms, for their own records; the query narrows by `Actor.subjects`."""

    SIGNED_IN = "signed_in"
    """Anybody with an account, staff included: own account pages."""


APPLICANT = Audience.APPLICANT
SIGNED_IN = Audience.SIGNED_IN


class Invalid(Protocol):
    """A form that can show a refusal."""

    def add_error(self, field: str | None, error: str) -> None:
        """Show `error` at `field`, or above the form."""


class Page(View):
    """One page: checks who may open it, knows the moment, and renders a template.

    A page sets `permission` (staff), or `APPLICANT` or `SIGNED_IN`, or its address stands in
    `OPEN_TO_ALL`. A page with none of them opens for nobody.

    Attributes:
        permission: Who may open the page; services check again.
        template_name: Template of the page.
        nav: Entry of the navigation that is marked as current.
    """

    permission: ClassVar[Permission | Audience | None] = None
    template_name: ClassVar[str] = ""
    nav: ClassVar[str] = ""

    @cached_property
    def at(self) -> datetime:
        """The moment of the request, the same for everything it does."""
        return timezone.now()

    @cached_property
    def today(self) -> date:
        """The calendar day of the request in China."""
        return timezone.localdate(self.at)

    @cached_property
    def actor(self) -> Actor:
        """Who acts; nobody in particular before signing in."""
        ip = address_of(self.request)
        user = self.request.user
        if not user.is_authenticated or user.pk is None:
            return Actor(ref=ANYBODY, ip=ip)
        found = organisations.actor_for(user.pk, at=self.at, ip=ip)
        return replace(found, device=device(self.request.headers.get("User-Agent", "")))

    @cached_property
    def calendar(self) -> WorkdayCalendar:
        """Working days as the notices loaded so far lay down."""
        return content.workday_calendar()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Open the page to those who may; turn a refusal into a page with its sentence."""
        try:
            scope.enter(self.actor)
            stopped = self.stopped()
            return stopped or self.resumed(super().dispatch(request, *args, **kwargs))
        except PermissionRefusedError as refusal:
            match = self.request.resolver_match
            note_refusal(
                refusal,
                place=f"page:{match.view_name if match else ''}",
                method=request.method or "",
                number=str(kwargs.get("number", "")),
                by=self.actor,
                at=self.at,
            )
            return self.refusal_page(refusal, status=FORBIDDEN)
        except RefusedError as refusal:
            return self.refusal_page(refusal, status=UNPROCESSABLE)
        except ObjectDoesNotExist as missing:
            raise Http404(str(missing)) from missing
        except DataError as error:
            if NUL not in str(error):
                raise
            raise BadRequest("NUL") from error
        finally:
            if not connection.needs_rollback:
                scope.leave()

    def stopped(self) -> HttpResponse | None:
        """Return what to answer instead when the page may not be opened; None: it may.

        Raises:
            PermissionRefusedError: signed in, and not for this account.
        """
        match = self.request.resolver_match
        if match is not None and match.view_name in OPEN_TO_ALL:
            return None
        if not self.request.user.is_authenticated:
            kept.keep(self.request, at=self.at)
            return redirect_to_login(self.request.get_full_path())
        if self.permission is SIGNED_IN:
            return None
        if self.permission is APPLICANT:
            if self.actor.subjects:
                return None
            raise PermissionRefusedError(
                "本页供申请人办理自己的事项，您登录的是工作人员账号，请改用个人或法人账号登录。"
            )
        if isinstance(self.permission, Permission) and self.actor.may_somewhere(self.permission):
            return None
        raise PermissionRefusedError("您的岗位不能打开本页，如确需办理，请联系本部门负责人。")

    def resumed(self, response: HttpResponseBase) -> HttpResponseBase:
        """Offer to go on with a form whose session had ended, where its page opens again."""
        if response.status_code != HTTPStatus.OK or not self.request.user.is_authenticated:
            return response
        waiting = kept.take(self.request, at=self.at)
        if waiting is None:
            return response
        fields, files = waiting
        return TemplateResponse(
            self.request,
            "errors/resume.html",
            {"fields": fields, "files": files, "nav": self.nav},
        )

    def refusal_page(self, refusal: RefusedError, *, status: int) -> HttpResponse:
        """Answer with the sentence of `refusal` and a way on."""
        return TemplateResponse(
            self.request,
            "errors/refused.html",
            {"message": said(refusal.message), "status": status, "nav": self.nav},
            status=status,
        )

    def context(self, **given: Any) -> dict[str, Any]:
        """Return what the template is given; pages extend it."""
        return {
            "view": self,
            "actor": self.actor,
            "nav": self.nav,
            "at": self.at,
            "today": self.today,
        } | given

    def render(
        self, context: Mapping[str, Any] | None = None, *, status: int = 200, template: str = ""
    ) -> HttpResponse:
        """Render the page's template."""
        return TemplateResponse(
            self.request,
            template or self.template_name,
            self.context(**(context or {})),
            status=status,
        )

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the page."""
        return self.render()


class FormPage(Page):
    """A page with one form: shown empty, checked, handed to a service, shown again if refused.

    Attributes:
        form_class: The form; it checks shape, the service checks meaning.
    """

    form_class: ClassVar[type[forms.Form]]

    def form(self) -> forms.Form:
        """Return the form, filled with what was sent."""
        sent = self.request.POST if self.request.method == "POST" else None
        files = self.request.FILES if self.request.method == "POST" else None
        return self.form_class(data=sent, files=files, initial=self.initial())

    def initial(self) -> dict[str, Any]:
        """Return what the empty form shows."""
        return {}

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the empty form."""
        return self.render({"form": self.form()})

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Check the form and act; anything wrong shows the form again with what was typed."""
        form = self.form()
        if not form.is_valid():
            return self.invalid(form)
        try:
            return self.valid(form)
        except PermissionRefusedError:
            raise
        except RefusedError as refusal:
            form.add_error(None, said(refusal.message))
            return self.invalid(form)

    def valid(self, form: Any) -> HttpResponse:
        """Act on the checked form and say where to go next."""
        raise NotImplementedError

    def invalid(self, form: forms.Form) -> HttpResponse:
        """Show the form again with its errors."""
        return self.render({"form": form}, status=UNPROCESSABLE)


def found(question: Callable[[], T]) -> T:
    """Return the answer of `question`, or say that there is no such page.

    Raises:
        Http404: the question knows no such record.
    """
    try:
        return question()
    except (LookupError, ObjectDoesNotExist) as missing:
        raise Http404(str(missing)) from missing
