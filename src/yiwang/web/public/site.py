"""Switches, statements, error pages and the shell for phones."""

from __future__ import annotations

import json
from http import HTTPStatus
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from yiwang.consultations.policy.handing_over import BARRIER_ANSWER_WORKDAYS
from yiwang.web import context
from yiwang.web.public import showcase
from yiwang.web.requests import way_back
from yiwang.web.views import Page

WORKER = Path(__file__).resolve().parent / "sw.js"
"""The script of the service worker; the addresses it keeps are put in front of it."""

KEPT = ("ui/app.css", "ui/app.js", "ui/img/icon.svg")
"""Static files that a phone keeps for the offline page."""

COOKIE_SECONDS = 365 * 24 * 3600
"""How long a chosen size or language is remembered."""


class SetSize(Page):
    """Switch between the standard and the large version (关怀版) and return to the same page."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Remember the size that was asked for; anything unknown is the standard."""
        answer = HttpResponseRedirect(way_back(request))
        size = context.LARGE if request.POST.get("size") == context.LARGE else "md"
        _remember(answer, context.SIZE_COOKIE, size)
        return answer

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A reloaded switch changes nothing."""
        return HttpResponseRedirect("/")


class SetLanguage(Page):
    """Switch the language and return to the same page."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Remember the language that was asked for; anything unknown is Chinese."""
        answer = HttpResponseRedirect(way_back(request))
        wish = request.POST.get("language", "")
        known = {code for code, _label in settings.LANGUAGES}
        language = wish if wish in known else settings.LANGUAGE_CODE
        _remember(answer, settings.LANGUAGE_COOKIE_NAME, language)
        return answer

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """A reloaded switch changes nothing."""
        return HttpResponseRedirect("/")


class KeepSession(Page):
    """Keep the session of somebody who is still there."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Restart the idle clock; without a session there is nothing to keep."""
        if not request.user.is_authenticated:
            return HttpResponse(status=HTTPStatus.FORBIDDEN)
        request.session.modified = True
        return HttpResponse(status=HTTPStatus.NO_CONTENT)


class Manifest(Page):
    """The description of the site for a phone's home screen."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Name the site after its district."""
        site = context.district()
        return JsonResponse(
            {
                "name": site.name,
                "short_name": site.name[:12],
                "lang": "zh-CN",
                "start_url": reverse("citizen:home"),
                "scope": "/",
                "display": "standalone",
                "background_color": "#ffffff",
                "theme_color": "#0B57A4",
                "icons": [
                    {"src": static("ui/img/icon.svg"), "sizes": "any", "type": "image/svg+xml"}
                ],
            },
            content_type="application/manifest+json",
            json_dumps_params={"ensure_ascii": False},
        )


class ServiceWorker(Page):
    """The worker that keeps styles, scripts and the offline page; never a person's page."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Put the addresses of this release in front of the built script.

        Where static files were never collected there is nothing to keep: the worker is empty, and
        replaces one that an earlier release left on the phone.
        """
        offline = reverse("public:offline")
        try:
            kept = [offline, *(static(name) for name in KEPT)]
        except ValueError:  # no entry in the list of collected files
            return _worker("")
        head = f"const PRECACHE={json.dumps(kept)},OFFLINE={json.dumps(offline)};\n"
        return _worker(head + WORKER.read_text())


class Offline(Page):
    """What a phone shows without a network; holds nothing about anybody."""

    template_name = "public/offline.html"


class Statement(Page):
    """A page of words."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the words."""
        return self.render()


class Accessibility(Statement):
    """What works for whom, what does not yet, and whom to tell (无障碍声明)."""

    template_name = "public/accessibility.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the words, and by when a barrier is answered."""
        return self.render({"answer_days": BARRIER_ANSWER_WORKDAYS})


class Privacy(Statement):
    """What is kept about people and who sees it (隐私说明)."""

    template_name = "public/privacy.html"


class Sitemap(Statement):
    """All open pages on one page (网站地图)."""

    template_name = "public/sitemap.html"


class Components(Page):
    """All components with examples, for those who build pages."""

    template_name = "public/components.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show them where a demonstration runs, nowhere else."""
        if not (settings.DEBUG or settings.DEMO):
            raise Http404
        return self.render(showcase.examples())


SENTENCES = {
    HTTPStatus.BAD_REQUEST: gettext_lazy("请求的格式不对，请返回上一页刷新后重新提交。"),
    HTTPStatus.FORBIDDEN: gettext_lazy("您没有打开本页的权限，请换用有权限的账号登录。"),
    HTTPStatus.NOT_FOUND: gettext_lazy("没有找到这个页面，请检查网址，或从首页搜索事项。"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: gettext_lazy("上传的文件太大，请压缩或拆分后重新上传。"),
    HTTPStatus.UNPROCESSABLE_ENTITY: gettext_lazy("提交的内容有误，请返回上一页修改后重新提交。"),
    HTTPStatus.TOO_MANY_REQUESTS: gettext_lazy("操作太频繁，请过几分钟再试。"),
    HTTPStatus.INTERNAL_SERVER_ERROR: gettext_lazy(
        "系统出现故障，您填写的内容未必已保存，请稍后重试。"
    ),
}
"""One sentence per status: what is wrong and what would put it right."""


def error_page(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    """Answer with the sentence of `status` and a way on."""
    return render(
        request,
        "errors/error.html",
        {"status": status.value, "message": SENTENCES[status]},
        status=status.value,
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that cannot be read; a body over the limit gets its own sentence."""
    if type(exception).__name__ == "RequestDataTooBig":
        return error_page(request, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    return error_page(request, HTTPStatus.BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a page that may not be opened."""
    return error_page(request, HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that leads nowhere."""
    return error_page(request, HTTPStatus.NOT_FOUND)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer after a defect of ours; asks nothing of the database."""
    return render(
        request,
        "errors/failed.html",
        {"message": SENTENCES[HTTPStatus.INTERNAL_SERVER_ERROR]},
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
    )


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form that is older than the session."""
    return render(
        request,
        "errors/error.html",
        {
            "status": HTTPStatus.FORBIDDEN.value,
            "message": _("页面停留时间过长，已失效，请返回上一页刷新后重新提交。"),
        },
        status=HTTPStatus.FORBIDDEN,
    )


def _worker(script: str) -> HttpResponse:
    return HttpResponse(
        script,
        content_type="text/javascript; charset=utf-8",
        headers={"Cache-Control": "no-cache"},
    )


def _remember(answer: HttpResponse, name: str, value: str) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=COOKIE_SECONDS,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Lax",
    )
