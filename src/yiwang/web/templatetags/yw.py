"""Tags and filters that every template has without loading: fields, masks, lights."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms, template
from django.core.exceptions import NON_FIELD_ERRORS
from django.forms.boundfield import BoundField
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from yiwang.kernel import devices, masking
from yiwang.kernel.terms import Term
from yiwang.organisations.permissions import Actor, Post
from yiwang.web import acts, navigation

register = template.Library()

AREA_ROWS = 4
"""Lines shown of a field of several lines; it grows by hand."""

NUMBER_WIDTH = 20
"""Longest answer, in characters, that gets a narrow control."""


@register.filter
def field_kind(field: BoundField) -> str:
    """Return how `field` is drawn: radios, checkboxes, checkbox, file, select, area or line."""
    widget = field.field.widget
    if widget.is_hidden:
        return "hidden"
    for kind, types in _KINDS:
        if isinstance(widget, types):
            return kind
    return "line"


_KINDS: Sequence[tuple[str, type[forms.Widget]]] = (
    ("checkboxes", forms.CheckboxSelectMultiple),
    ("radios", forms.RadioSelect),
    ("checkbox", forms.CheckboxInput),
    ("file", forms.ClearableFileInput),
    ("file", forms.FileInput),
    ("select", forms.Select),
    ("area", forms.Textarea),
)


@register.filter
def described_by(field: BoundField) -> str:
    """Return the ids of the hint and the errors of `field`, for `aria-describedby`."""
    ids = []
    if field.help_text:
        ids.append(f"{field.auto_id}-hint")
    if field.errors:
        ids.append(f"{field.auto_id}-error")
    return " ".join(ids)


@register.simple_tag
def control(field: BoundField) -> SafeString:
    """Draw the control of a one-line, many-line or select field with what assistive tools need."""
    own = field.field.widget.attrs
    attrs: dict[str, Any] = {"class": f"ds-input {own.get('class', '')}".strip()}
    if isinstance(field.field.widget, forms.Textarea):
        attrs["rows"] = max(AREA_ROWS, int(own.get("rows", AREA_ROWS)))
    if described := described_by(field):
        attrs["aria-describedby"] = described
    if field.errors:
        attrs["aria-invalid"] = "true"
    longest = getattr(field.field, "max_length", None)
    if isinstance(field.field, forms.IntegerField | forms.FloatField | forms.DateField):
        attrs["data-width"] = "number"
    elif longest is not None and longest <= NUMBER_WIDTH:
        attrs["data-width"] = "short"
    return field.as_widget(attrs=attrs)


@register.filter
def device(user_agent: str) -> str:
    """Return system and program of a browser, as one would name them."""
    return devices.device(user_agent)


@register.filter
def first_id(field: BoundField) -> str:
    """Return the id of the first control of `field`: where a link of the error summary leads."""
    if field_kind(field) in {"radios", "checkboxes"}:
        return f"{field.auto_id}_0"
    return str(field.id_for_label or field.auto_id)


@register.filter
def general_errors(form: forms.BaseForm) -> list[tuple[str, str]]:
    """Return what is wrong with no one field: the sentence, and the control that puts it right.

    The control is named by the code of the error, such as `#declared`; empty: there is none.
    """
    found = []
    for error in form.errors.as_data().get(NON_FIELD_ERRORS, []):
        code = error.code or ""
        found.append((" ".join(error.messages), code if code.startswith("#") else ""))
    return found


@register.filter
def label(term: Term | None) -> str:
    """Return the official label of a term in the language of the page."""
    words = getattr(term, "label", "")
    return str(_(words)) if words else ""


@register.filter
def clock_words(text: str) -> str:
    """Return the words of a deadline light in the language of the page."""
    for pattern, words in _CLOCKS:
        if found := pattern.fullmatch(text):
            count = int(found[1])
            return words(count) % {"count": count}
    return str(_(text)) if text else ""


def _left(count: int) -> str:
    return ngettext("剩 %(count)s 天", "剩 %(count)s 天", count)


def _left_workdays(count: int) -> str:
    return ngettext("剩 %(count)s 个工作日", "剩 %(count)s 个工作日", count)


def _late(count: int) -> str:
    return ngettext("超期 %(count)s 天", "超期 %(count)s 天", count)


def _late_workdays(count: int) -> str:
    return ngettext("超期 %(count)s 个工作日", "超期 %(count)s 个工作日", count)


_CLOCKS: Sequence[tuple[re.Pattern[str], Callable[[int], str]]] = (
    (re.compile(r"剩 (\d+) 天"), _left),
    (re.compile(r"剩 (\d+) 个工作日"), _left_workdays),
    (re.compile(r"超期 (\d+) 天"), _late),
    (re.compile(r"超期 (\d+) 个工作日"), _late_workdays),
)


@register.filter
def mask_number(value: object) -> str:
    """Hide the middle of a number of a person."""
    return masking.mask_number(str(value or ""))


@register.filter
def pairs(mapping: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return keys and values; `mapping.items` in a template is the value under a key `items`."""
    return list(mapping.items())


@register.filter
def get(mapping: Any, key: object) -> Any:
    """Return what `mapping` holds under `key`, else nothing."""
    try:
        return mapping[key]
    except (KeyError, IndexError, TypeError):
        return None


@register.filter
def hidden(rows: Sequence[Any]) -> int:
    """Return how many lines (`casefile.Line`) of a case's file are masked."""
    return sum(bool(row.reveal) for row in rows)


@register.filter
def act_words(act: str) -> str:
    """Return what people call an act of the trail."""
    return acts.words(act)


@register.filter
def post_words(codes: str) -> str:
    """Return the posts of a row of the trail in words; what is no post any more stays a code."""
    known = {post.value: post.label for post in Post}
    return "、".join(str(_(known[code])) if code in known else code for code in codes.split(","))


@register.filter
def megabytes(size: int) -> str:
    """Return a size in bytes as people read it."""
    if size < 1_000_000:
        return f"{max(1, round(size / 1000))} kB"
    return f"{size / 1_000_000:.1f} MB"


@register.simple_tag(takes_context=True)
def desk_navigation(context: template.Context) -> list[navigation.Link]:
    """Return the back-office navigation for the posts of the page's actor."""
    actor = context.get("actor")
    return navigation.desk_links(actor) if isinstance(actor, Actor) else []


@register.simple_tag(takes_context=True)
def desk_headings(context: template.Context) -> list[navigation.Heading]:
    """Return the same navigation as it stands on the page, many entries under headings."""
    actor = context.get("actor")
    if not isinstance(actor, Actor):
        return []
    return navigation.desk_headings(actor, nav=str(context.get("nav") or ""))


@register.simple_tag(takes_context=True)
def desk_home(context: template.Context) -> str:
    """Return the first back-office page that the posts of the page's actor may open."""
    entries = desk_navigation(context)
    return entries[0].href if entries else account_address("home")


@register.simple_tag
def account_address(name: str) -> str:
    """Return the address of an account page: login, logout or home."""
    try:
        return reverse(f"accounts:{name}")
    except NoReverseMatch:
        return "/"


@register.simple_tag(takes_context=True)
def paging(context: template.Context, name: str, key: str | None) -> str:
    """Return the address of this page with the paging key `name` set to `key`; None drops it."""
    query = context["request"].GET.copy()
    query.pop(name, None)
    if key is not None:
        query[name] = key
    return f"?{query.urlencode()}"
