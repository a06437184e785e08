"""The editor of a draft: one topic per page, one row per page, and the whole as YAML (事项编辑)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.catalogue import drafts, services
from yiwang.catalogue import queries as catalogue
from yiwang.catalogue.drafts import DraftView
from yiwang.catalogue.policy import editing
from yiwang.catalogue.policy.checks import MARKUP
from yiwang.catalogue.policy.drafting import DraftState
from yiwang.catalogue.policy.editing import Place
from yiwang.catalogue.policy.english import translatable
from yiwang.catalogue.policy.items import ItemVersion
from yiwang.catalogue.policy.parsing import ItemFormatError, parse_item
from yiwang.catalogue.policy.writing import as_yaml
from yiwang.catalogue.services import DraftRefusedError
from yiwang.content.policy import reading
from yiwang.licences import queries as licences
from yiwang.organisations import queries as organisations
from yiwang.organisations.permissions import Permission
from yiwang.web.officer.items import showing
from yiwang.web.officer.items.forms import (
    Choices,
    Offered,
    PartForm,
    editable,
    listed,
    questions_before,
)
from yiwang.web.officer.items.words import REGISTERED, ROW_WORDS, TOPICS, Topic, topic
from yiwang.web.officer.scope import department_names
from yiwang.web.views import FormPage, Page, found

YAML_BYTES = 256_000
"""Largest definition taken in as YAML; the largest of the packs has a tenth of that."""

MOST_FIELDS = 400
"""Most English texts on the page of them; a form of the program carries 500 fields."""

TEXT = "en-"
"""Begins the names of the fields that hold English texts, before the place of the Chinese one."""


class OneDraft(Page):
    """What pages about one draft share."""

    permission: ClassVar[Permission | None] = Permission.ITEM_READ
    nav = "items"

    @cached_property
    def draft(self) -> DraftView:
        """The draft of the address, if the reader may see it."""
        return found(lambda: drafts.draft(self.kwargs["number"], by=self.actor))

    @cached_property
    def version(self) -> ItemVersion:
        """Its text."""
        return self.draft.version

    def may(self, permission: Permission) -> bool:
        """Tell whether the reader holds `permission` in the draft's department."""
        return self.actor.may(permission, department=self.draft.line.department)

    @property
    def may_write(self) -> bool:
        """Whether the reader may save the draft as it stands."""
        return self.draft.line.state is DraftState.WRITING and self.may(Permission.ITEM_EDIT)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the draft and its department."""
        line = self.draft.line
        shared = {
            "draft": self.draft,
            "line": line,
            "may_write": self.may_write,
            "department": department_names().get(line.department, line.department),
        }
        return super().context(**(shared | given))

    def based_on(self) -> ItemVersion | None:
        """Return the version the draft began from; None for a new item."""
        line = self.draft.line
        if not line.based_on:
            return None
        return found(lambda: catalogue.item_version(line.slug, line.based_on))


class Editing(OneDraft, FormPage):
    """What pages that save into a draft share: the revision, the conflict, the checks."""

    permission: ClassVar[Permission | None] = Permission.ITEM_EDIT
    conflict = False

    def stopped(self) -> HttpResponse | None:
        """Open for writers only, and only while the draft is being written."""
        stopped = super().stopped()
        if stopped is None and not self.may_write:
            messages.warning(
                self.request,
                _("草稿现为“%(state)s”，或者不由您编写，只能查看。")
                % {"state": _(self.draft.line.state.label)},
            )
            return redirect("officer:draft", number=self.draft.line.id)
        return stopped

    def edited(self, form: Any) -> dict[str, Any]:
        """Return the whole definition with what was typed; LookupError if its place is gone."""
        raise NotImplementedError

    def after_saving(self, definition: Mapping[str, Any]) -> HttpResponse:
        """Return where to go."""
        raise NotImplementedError

    def valid(self, form: Any) -> HttpResponse:
        """Save; when the text is the same already, as after a second click, nothing is written."""
        try:
            definition = editing.normal(self.edited(form))
            if definition != self.draft.definition:
                self.save(definition, revision=form.cleaned_data["revision"])
        except ItemFormatError as error:
            for problem in error.problems[:10]:
                where, _href, _topic = showing.locate(
                    self.version, problem.place, draft=self.draft.line.id
                )
                form.add_error(None, f"{where}{_('：')}{problem.message}{problem.remedy}")
            return self.invalid(form)
        except LookupError:
            form.add_error(None, _("这一行已经不在草稿里，请返回上一页重新打开。"))
            return self.invalid(form)
        except DraftRefusedError:
            self.conflict = form.cleaned_data["revision"] != self.draft.line.revision
            raise
        messages.success(
            self.request,
            _("已保存 %(time)s。") % {"time": timezone.localtime(self.at).strftime("%H:%M")},
        )
        return self.after_saving(definition)

    def save(self, definition: Mapping[str, Any], *, revision: int) -> None:
        """Hand the definition to the service."""
        services.save_draft(
            draft=self.draft.line.id,
            definition=definition,
            revision=revision,
            by=self.actor,
            at=self.at,
        )

    def invalid(self, form: forms.Form) -> HttpResponse:
        """Show the page again; after a conflict with the difference, and ready to save anew."""
        differences: Sequence[showing.Change] = ()
        if self.conflict:
            data = self.request.POST.copy()
            data["revision"] = str(self.draft.line.revision)
            form.data = data
            differences = self._differences(form)
        return self.render(
            {"form": form, "differences": differences, "conflict": self.conflict}, status=422
        )

    def _differences(self, form: forms.Form) -> Sequence[showing.Change]:
        try:
            mine = parse_item(self.edited(form))
        except (ItemFormatError, LookupError):
            return ()
        return showing.changes(self.version, mine, names=department_names())


class _Parts(Editing):
    """Pages whose form is made from the fields of a class."""

    template_name = "officer/drafts/edit.html"

    @cached_property
    def offered(self) -> Offered:
        """The choices that fields of this page offer, by their source."""
        version = self.version
        questions = questions_before(version, self.parts())
        register = list(REGISTERED.items())
        types = [(one.slug, one.name) for one in licences.licence_types()]
        return {
            "departments": [
                (unit.code, unit.name) for unit in organisations.departments(on=self.today)
            ],
            "licence_types": types,
            "register": register,
            "waivers": _grouped((_("电子证照"), types), (_("登记字段"), register)),
            "questions": [
                (one.id, f"{one.label}（{one.id}）") for one in self._questions(questions).values()
            ],
            "scenarios": [(one.id, one.name) for one in version.scenarios],
            "items": self._siblings(),
        }

    def parts(self) -> tuple[str | int, ...]:
        """Return the place of the page inside the item."""
        return ()

    def _questions(self, before: Mapping[str, Any]) -> Mapping[str, Any]:
        return before or {one.id: one for one in self.version.questions()}

    def _siblings(self) -> Choices:
        line = self.draft.line
        page = drafts.item_page(by=self.actor, on=self.today, department=line.department)
        return [(row.slug, row.name) for row in page.rows if row.slug != line.slug]

    def go_on(self, default: str) -> HttpResponse:
        """Follow the button that was pressed: a row to open, to add, to remove; else `default`."""
        wish = self.request.POST.get("go", "")
        if wish.startswith("remove:"):
            place = found(lambda: editing.place(wish.removeprefix("remove:")))
            return redirect("officer:remove_row", number=self.draft.line.id, at=place.text)
        if wish:
            place = found(lambda: editing.place(wish))
            return redirect("officer:draft_row", number=self.draft.line.id, at=place.text)
        return redirect(default)

    def moved(self, definition: dict[str, Any]) -> dict[str, Any]:
        """Return the definition with the row moved whose button was pressed."""
        wish = self.request.POST.get("move", "")
        if not wish:
            return definition
        place, _sign, way = wish.partition(":")
        return editing.with_row_moved(definition, editing.place(place), -1 if way == "up" else 1)


def _grouped(*groups: tuple[str, Choices]) -> Choices:
    return [(label, list(choices)) for label, choices in groups if choices]


class EditTopic(_Parts):
    """One topic of the item."""

    @cached_property
    def topic(self) -> Topic:
        """The topic of the address."""
        return found(lambda: topic(self.kwargs["topic"]))

    def form(self) -> forms.Form:
        """Return the form of the topic."""
        sent = self.request.POST if self.request.method == "POST" else None
        wanted = [one for one in editable(ItemVersion) if one.name in self.topic.fields]
        wanted.sort(key=lambda one: self.topic.fields.index(one.name))
        form = PartForm(
            wanted,
            values=self.draft.definition,
            revision=self.draft.line.revision,
            offered=self.offered,
            data=sent,
        )
        if self.topic.key == "english":
            self._add_texts(form)
        return form

    def _add_texts(self, form: PartForm) -> None:
        """Add a field for each Chinese text of the guide."""
        english = self.version.english
        held = {one.at: one.text for one in english.texts} if english else {}
        for place, chinese in list(translatable(self.version).items())[:MOST_FIELDS]:
            field = forms.CharField(
                label=chinese if len(chinese) <= showing.CUT else f"{chinese[: showing.CUT]}…",
                required=False,
                max_length=2_000,
                widget=forms.TextInput(attrs={"autocomplete": "off", "lang": "en"}),
                error_messages={"max_length": _("译文不超过 2000 个字符，请缩短。")},
                validators=[_no_markup],
            )
            field.unmarked = True  # type: ignore[attr-defined]
            form.fields[f"{TEXT}{place}"] = field
            form.initial[f"{TEXT}{place}"] = held.get(place, "")

    def edited(self, form: Any) -> dict[str, Any]:
        """Return the definition with the fields of the topic, and the row moved, if any."""
        values = form.values()
        if self.topic.key == "english" and values["english"] is not None:
            values["english"]["texts"] = [
                {"at": name.removeprefix(TEXT), "text": text.strip()}
                for name, text in form.cleaned_data.items()
                if name.startswith(TEXT) and text.strip()
            ]
        return self.moved(editing.with_fields(self.draft.definition, (), values))

    def after_saving(self, definition: Mapping[str, Any]) -> HttpResponse:
        """Stay, follow the pressed button, or go on to the next topic."""
        if "next" in self.request.POST:
            place = TOPICS.index(self.topic) + 1
            if place < len(TOPICS):
                return redirect(
                    "officer:draft_topic", number=self.draft.line.id, topic=TOPICS[place].key
                )
            return redirect("officer:draft", number=self.draft.line.id)
        return self.go_on(self.request.path)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the lists of rows and the failing checks of the topic."""
        faults = showing.faults(
            self.version, drafts.problems(self.version), draft=self.draft.line.id
        )
        rows = [one for one in listed(ItemVersion) if one.name in self.topic.fields]
        place = TOPICS.index(self.topic)
        counts = {group.topic.key: len(group.rows) for group in faults}
        return super().context(
            title=self.topic.title,
            hint=self.topic.hint,
            topic=self.topic,
            topics=[(one, counts.get(one.key, 0)) for one in TOPICS],
            last=place == len(TOPICS) - 1,
            lists=showing.row_lists(self.version, rows, version=self.version),
            faults=[one for one in faults if one.topic is self.topic],
            back=reverse("officer:draft", args=[self.draft.line.id]),
            laws=(),
            **given,
        )


def _no_markup(text: str) -> None:
    if found_code := MARKUP.search(text):
        raise forms.ValidationError(
            _("“%(code)s”像是网页代码，请只写文字，去掉尖括号里的标签。")
            % {"code": found_code.group()[:40]}
        )


class EditRow(_Parts):
    """One row of a list: a material, a question, an option, a condition."""

    @cached_property
    def place(self) -> Place:
        """The place of the address, which exists or is one for a new row."""
        place = found(lambda: editing.place(self.kwargs["at"]))
        if place.index is not None:
            found(lambda: editing.value_at(self.draft.definition, place.parts))
        else:
            found(lambda: editing.rows_at(self.draft.definition, place.list_parts))
        return place

    def parts(self) -> tuple[str | int, ...]:
        """Return the place of the row."""
        return self.place.parts

    def row(self) -> dict[str, Any]:
        """Return the row as it is stored; empty for a new one."""
        if self.place.index is None:
            return {}
        return dict(editing.value_at(self.draft.definition, self.place.parts))

    def form(self) -> forms.Form:
        """Return the form of the row."""
        sent = self.request.POST if self.request.method == "POST" else None
        return PartForm(
            editable(self.place.kind),
            values=self.row(),
            revision=self.draft.line.revision,
            offered=self.offered,
            questions=self._questions(questions_before(self.version, self.parts())),
            data=sent,
        )

    def edited(self, form: Any) -> dict[str, Any]:
        """Return the definition with the row, and a row inside it moved, if any."""
        row = self.row() | form.values()
        for shape in listed(self.place.kind):
            row.setdefault(shape.name, [])
        definition = editing.with_row(self.draft.definition, self.place, row)
        return self.moved(definition)

    def after_saving(self, definition: Mapping[str, Any]) -> HttpResponse:
        """Go back to the list, on to the next new row, or to the row's own rows."""
        number = self.draft.line.id
        prefix = ".".join(map(str, self.place.list_parts))
        if "more" in self.request.POST:
            return redirect("officer:draft_row", number=number, at=f"{prefix}.new")
        if self.place.index is None and listed(self.place.kind):
            index = len(editing.rows_at(definition, self.place.list_parts)) - 1
            return redirect("officer:draft_row", number=number, at=f"{prefix}.{index}")
        stays = "move" in self.request.POST
        return self.go_on(self.request.path if stays else self.up())

    def up(self) -> str:
        """Return the page that lists the row."""
        return page_of_list(self.draft.line.id, self.place.list_parts)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the row's own lists, and the laws where the row names one."""
        kind = self.place.kind
        noun = ROW_WORDS[kind.__name__]
        existing = self.place.index is not None
        value: Any = self.version
        for part in self.place.parts if existing else ():
            value = value[part] if isinstance(part, int) else getattr(value, part)
        number = self.draft.line.id
        here = reverse("officer:draft_row", args=[number, self.place.text])
        faults = [
            fault
            for group in showing.faults(self.version, drafts.problems(self.version), draft=number)
            for fault in group.rows
            if existing and fault.href.partition("#")[0] == here
        ]
        names_law = kind.__name__ == "Basis"
        wish = self.request.GET.get("find", "").strip()[:60]
        return super().context(
            title=noun if existing else _("新增%(noun)s") % {"noun": noun},
            row_name=showing.row_name(value, self.version) if existing else "",
            row=True,
            existing=existing,
            topics=(),
            lists=showing.row_lists(
                value, listed(kind), version=self.version, prefix=f"{self.place.text}."
            )
            if existing
            else [],
            later=[] if existing else listed(kind),
            row_faults=faults,
            back=self.up(),
            remove=reverse("officer:remove_row", args=[number, self.place.text])
            if existing
            else "",
            laws=drafts.law_names() if names_law else (),
            names_law=names_law,
            law_text=wish,
            laws_found=drafts.laws_like(wish) if names_law else (),
            **given,
        )


def page_of_list(number: int, parts: Sequence[str | int]) -> str:
    """Return the page of the editor on which a list of rows stands."""
    *way, name = parts
    owner = list(way)
    while owner and not isinstance(owner[-1], int):
        owner.pop()
    if owner:
        return reverse("officer:draft_row", args=[number, ".".join(map(str, owner))])
    key = next(one.key for one in TOPICS if str(parts[0]) in one.fields)
    return reverse("officer:draft_topic", args=[number, key]) + f"#rows-{name}"


class RemoveRow(EditRow):
    """Second step of removing a row: names it and what goes with it (UX-18)."""

    template_name = "officer/drafts/remove.html"

    class RevisionForm(forms.Form):
        """The revision that the page showed."""

        use_required_attribute = False

        revision = PartForm.base_fields["revision"]

    def form(self) -> forms.Form:
        """Return the form that hands back the revision."""
        sent = self.request.POST if self.request.method == "POST" else None
        return self.RevisionForm(sent, initial={"revision": self.draft.line.revision})

    def edited(self, form: Any) -> dict[str, Any]:
        """Return the definition without the row."""
        return editing.without_row(self.draft.definition, self.place)

    def after_saving(self, definition: Mapping[str, Any]) -> HttpResponse:
        """Go back to the list."""
        return redirect(self.up())

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show what would go; a row that is not there yet cannot."""
        if self.place.index is None:
            return redirect(self.up())
        return super().get(request, *args, **kwargs)


class YamlForm(forms.Form):
    """The whole item as text or as a file."""

    use_required_attribute = False

    revision = PartForm.base_fields["revision"]
    text = forms.CharField(
        label=_l("全文"),
        required=False,
        strip=False,
        widget=forms.Textarea(
            attrs={"rows": 30, "spellcheck": "false", "autocomplete": "off", "class": "yw-code"}
        ),
        help_text=_l("与内容包文件同一格式；不能用锚点（&）、别名（*）和标签（!）。"),
    )
    file = forms.FileField(
        label=_l("或者上传文件"),
        required=False,
        help_text=_l("UTF-8 的 .yaml 文件，不超过 256 kB；选了文件的，以文件为准。"),
        error_messages={"empty": _l("文件是空的，请重新选择。")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("text", "file"):  # one of the two
            self.fields[name].unmarked = True  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Read what was given; anything wrong says the line and the remedy."""
        cleaned = super().clean() or {}
        sent = cleaned.get("file")
        field = "file" if sent else "text"
        if sent is not None and sent.size > YAML_BYTES:
            self.add_error("file", _("文件超过 256 kB，请检查是否选错了文件。"))
            return cleaned
        data = sent.read() if sent else str(cleaned.get("text", "")).encode("utf-8", "replace")
        if len(data) > YAML_BYTES:
            self.add_error(field, _("内容超过 256 kB，请检查是否贴错了内容。"))
            return cleaned
        try:
            cleaned["definition"] = reading.read(data).content
        except reading.UnreadableError as error:
            line = _("第 %(line)s 行：") % {"line": error.line} if error.line else ""
            self.add_error(field, f"{line}{error.message}{error.remedy}")
        return cleaned


class EditYaml(Editing):
    """The whole draft as YAML, for those who prefer it; it writes the same thing."""

    template_name = "officer/drafts/yaml.html"
    form_class = YamlForm

    def initial(self) -> dict[str, Any]:
        """Return the draft as text."""
        return {"revision": self.draft.line.revision, "text": as_yaml(self.draft.definition)}

    def edited(self, form: Any) -> dict[str, Any]:
        """Return the definition as typed."""
        given = form.cleaned_data.get("definition")
        parse_item(given)
        assert isinstance(given, dict)
        return given

    def after_saving(self, definition: Mapping[str, Any]) -> HttpResponse:
        """Show what changed."""
        return redirect("officer:draft_changes", number=self.draft.line.id)

    def context(self, **given: Any) -> dict[str, Any]:
        """Add the way back."""
        return super().context(back=reverse("officer:draft", args=[self.draft.line.id]), **given)
