"""Forms made from the fields of an item's classes: one generator for every page of the editor."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _l

from yiwang.catalogue.policy.bounds import MOST_ROWS
from yiwang.catalogue.policy.checks import MARKUP
from yiwang.catalogue.policy.items import ItemVersion, Op, Question, QuestionKind
from yiwang.catalogue.policy.shapes import FieldShape, Shape, shapes
from yiwang.web.forms import RADIOS_UP_TO
from yiwang.web.officer.items.words import Words, words_of

PRESENT = "present"
"""Name of the box that says whether an optional group is there at all."""

JOIN = "-"
"""Between the name of a group and the name of a field in it."""

MOST_NUMBER = 10_000_000
REVISION_MAX = 2**31 - 1

SEPARATORS = re.compile(r"[、，,;；\n]+")
"""Between several values of one condition."""

YES, NO = frozenset({"是", "true", "yes"}), frozenset({"否", "false", "no"})

Choices = Sequence[tuple[str, Any]]
Offered = Mapping[str, Choices]
"""Name of a source of choices, as in `Words.choices` -> its choices."""


class PartForm(forms.Form):
    """Fields of the item or of one of its rows.

    Attributes:
        shapes: The fields of this page that are no rows.
    """

    use_required_attribute = False

    revision = forms.IntegerField(
        widget=forms.HiddenInput,
        min_value=1,
        max_value=REVISION_MAX,
        error_messages={
            "required": _l("页面不完整，请刷新后再办。"),
            "invalid": _l("页面不完整，请刷新后再办。"),
        },
    )

    def __init__(
        self,
        fields: Sequence[FieldShape],
        *,
        values: Mapping[str, Any],
        revision: int,
        offered: Offered,
        questions: Mapping[str, Question] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> None:
        self.shapes = tuple(fields)
        self.questions = questions or {}
        self.offered = offered
        initial: dict[str, Any] = {"revision": revision}
        super().__init__(data=data, initial=initial, auto_id="f_%s")
        for name, shape, value in _flat(self.shapes, values):
            self.fields[name] = _field(shape, offered=offered, value=value)
            self.initial[name] = _shown(shape, value)
        for group in self._groups():
            label = words_of(group).label
            box = forms.BooleanField(
                label=_("填写“%(name)s”") % {"name": label},
                required=False,
                help_text=_l("不勾选的，下面的内容不保存。"),
            )
            name = f"{group.name}{JOIN}{PRESENT}"
            self.fields[name] = box
            self.initial[name] = values.get(group.name) is not None
            self.order_fields(_before(list(self.fields), name, f"{group.name}{JOIN}"))

    def _groups(self) -> list[FieldShape]:
        return [one for one in self.shapes if one.shape is Shape.PART and one.optional]

    def clean(self) -> dict[str, Any]:
        """Read answers by the kind of their question; pass over groups that are not there."""
        cleaned = super().clean() or {}
        for group in self._groups():
            prefix = f"{group.name}{JOIN}"
            if not cleaned.get(f"{prefix}{PRESENT}"):  # what is not there cannot be wrong
                for name in [one for one in self.errors if one.startswith(prefix)]:
                    del self.errors[name]
        for shape in self.shapes:
            if shape.shape is Shape.ANSWER and shape.name in cleaned:
                try:
                    cleaned[shape.name] = self._answer(cleaned, cleaned[shape.name])
                except ValidationError as error:
                    self.add_error(shape.name, error)
        return cleaned

    def _answer(self, cleaned: Mapping[str, Any], typed: str) -> Any:
        question = self.questions.get(cleaned.get("question", ""))
        op = cleaned.get("op")
        several = op == Op.IN.value or (
            op is None and question is not None and question.kind is QuestionKind.CHOICES
        )
        if several:
            return [_single(question, one) for one in SEPARATORS.split(typed) if one.strip()]
        return _single(question, typed)

    def values(self) -> dict[str, Any]:
        """Return what was typed, as the definition of an item holds it."""
        return _gathered(self.shapes, self.cleaned_data)


def editable(owner: type) -> list[FieldShape]:
    """Return the fields of a class that its page shows as controls."""
    elsewhere = {Shape.ROWS, Shape.RULES}
    return [one for one in shapes(owner) if one.shape not in elsewhere and not words_of(one).fixed]


def listed(owner: type) -> list[FieldShape]:
    """Return the fields of a class that its page shows as lists of rows."""
    return [one for one in shapes(owner) if one.shape is Shape.ROWS]


def _flat(
    fields: Sequence[FieldShape], values: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, FieldShape, Any]]:
    for shape in fields:
        value = values.get(shape.name)
        if shape.shape is Shape.PART and shape.of is not None:
            inner = [one for one in shapes(shape.of) if one.shape is not Shape.ROWS]
            yield from _flat(inner, value or {}, f"{prefix}{shape.name}{JOIN}")
        elif shape.shape is not Shape.ROWS:
            yield f"{prefix}{shape.name}", shape, value


def _before(names: list[str], name: str, prefix: str) -> list[str]:
    names.remove(name)
    place = next((at for at, one in enumerate(names) if one.startswith(prefix)), len(names))
    return [*names[:place], name, *names[place:]]


def _gathered(
    fields: Sequence[FieldShape], cleaned: Mapping[str, Any], prefix: str = ""
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for shape in fields:
        name = f"{prefix}{shape.name}"
        if shape.shape is Shape.PART and shape.of is not None:
            if shape.optional and not cleaned.get(f"{name}{JOIN}{PRESENT}"):
                values[shape.name] = None
                continue
            inner = [one for one in shapes(shape.of) if one.shape is not Shape.ROWS]
            values[shape.name] = _gathered(inner, cleaned, f"{name}{JOIN}")
        elif shape.shape is not Shape.ROWS and name in cleaned:
            values[shape.name] = _plain(shape, cleaned[name])
    return values


def _plain(shape: FieldShape, value: Any) -> Any:
    if shape.shape is Shape.DAY and isinstance(value, date):
        return value.isoformat()
    if shape.shape in {Shape.WHOLE, Shape.DECIMAL} and value is None:
        return None if shape.default in (None, MISSING) else shape.default
    if shape.shape is Shape.DECIMAL and value is not None:
        return int(value) if float(value).is_integer() else float(value)
    if shape.shape is Shape.TERM:
        return value or None
    return value


def _shown(shape: FieldShape, value: Any) -> Any:
    if value is None and shape.default is not MISSING:
        value = shape.default
    if shape.shape is Shape.TEXTS and not words_of(shape).choices:
        return "\n".join(value or ())
    if shape.shape is Shape.ANSWER:
        return answer_words(value)
    if shape.shape is Shape.DECIMAL and value is not None:
        return f"{value:g}" if abs(value) < MOST_NUMBER else value
    if shape.shape in {Shape.TERM, Shape.TERMS}:
        return value or ("" if shape.shape is Shape.TERM else [])
    return value


def answer_words(value: Any) -> str:
    """Return the value of a condition as it is typed."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list | tuple):
        return "、".join(str(one) for one in value)
    return "" if value is None else str(value)


def _single(question: Question | None, typed: str) -> Any:
    typed = typed.strip()
    if question is None:
        return typed
    if question.kind is QuestionKind.YES_NO:
        if typed.lower() in YES | NO:
            return typed.lower() in YES
        raise ValidationError(
            _("“%(label)s”是是否题，请填“是”或“否”。") % {"label": question.label}
        )
    if question.kind is QuestionKind.NUMBER:
        try:
            number = float(typed)
        except ValueError as error:
            raise ValidationError(
                _("“%(label)s”的回答是数字，请填数字。") % {"label": question.label}
            ) from error
        return int(number) if number.is_integer() else number
    named = {option.label: option.value for option in question.options}
    return named.get(typed, typed)


def _field(shape: FieldShape, *, offered: Offered, value: Any) -> forms.Field:
    words = words_of(shape)
    common: dict[str, Any] = {
        "label": words.label,
        "help_text": words.hint,
        "required": False,
        "error_messages": {"required": _("请填写“%(label)s”。") % {"label": words.label}},
    }
    field = _MAKERS[shape.shape](shape, words, common, offered, value)
    # what is missing is told by the checks; only what has a default is optional in earnest
    field.unmarked = words.needed or shape.default is MISSING  # type: ignore[attr-defined]
    if shape.shape is not Shape.YES_NO:
        field.widget.attrs.setdefault("autocomplete", "off")
    return field


def _fits(words: Words, most: int) -> Callable[[str], None]:
    def check(text: str) -> None:
        if len(text) > most:
            raise ValidationError(
                _("“%(label)s”不超过 %(most)s 个字，现在有 %(count)s 个字，请缩短。")
                % {"label": words.label, "most": most, "count": len(text)}
            )
        if found := MARKUP.search(text):
            raise ValidationError(
                _("“%(label)s”里的“%(code)s”像是网页代码，请只写文字，去掉尖括号里的标签。")
                % {"label": words.label, "code": found.group()[:40]}
            )

    return check


def _text(
    shape: FieldShape, words: Words, common: dict[str, Any], offered: Offered, value: Any
) -> forms.Field:
    if words.choices == "laws":
        widget = forms.TextInput(attrs={"list": "laws"})
        return forms.CharField(widget=widget, validators=[_fits(words, words.most)], **common)
    if words.choices:
        return _select(offered.get(words.choices, ()), common, value)
    if not words.long:
        field = forms.CharField(validators=[_fits(words, words.most)], **common)
        field.widget.attrs["data-most"] = words.most
        return field
    return _area(words, common)


def _area(words: Words, common: dict[str, Any]) -> forms.Field:
    return forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}), validators=[_fits(words, words.most)], **common
    )


class LinesField(forms.CharField):
    """Several texts, one per line."""

    widget = forms.Textarea

    def __init__(self, *, words: Words, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words = words

    def to_python(self, value: Any) -> Any:
        """Return the lines, empty ones left out."""
        text = str(super().to_python(value) or "")
        return [line.strip() for line in text.splitlines() if line.strip()]

    def run_validators(self, value: Any) -> None:
        """Check each line."""
        if len(value) > MOST_ROWS:
            raise ValidationError(
                _("“%(label)s”最多 %(most)s 条，请合并。")
                % {"label": self.words.label, "most": MOST_ROWS}
            )
        for line in value:
            _fits(self.words, self.words.most)(line)


def _lines(
    shape: FieldShape, words: Words, common: dict[str, Any], offered: Offered, value: Any
) -> forms.Field:
    if words.choices:
        choices = _held_first(offered.get(words.choices, ()), list(value or ()))
        return forms.MultipleChoiceField(
            choices=choices, widget=forms.CheckboxSelectMultiple, **_chosen(common)
        )
    return LinesField(words=words, **common)


def _select(choices: Choices, common: dict[str, Any], value: Any) -> forms.Field:
    held = [value] if value else []
    return forms.ChoiceField(choices=[("", _("（无）")), *_with(choices, held)], **_chosen(common))


def _with(choices: Choices, held: Sequence[str]) -> list[tuple[str, Any]]:
    """Return `choices` and whatever is held and is not among them, so that nothing is lost."""
    known = {value for value, _label in _single_choices(choices)}
    return [*choices, *((one, one) for one in held if one not in known)]


def _held_first(choices: Choices, held: Sequence[str]) -> list[tuple[str, Any]]:
    """Return `choices` with what is held in front in its order, which saving then keeps."""
    labels = dict(_with(choices, held))
    return [(one, labels.pop(one)) for one in held] + list(labels.items())


def _single_choices(choices: Choices) -> Iterator[tuple[str, Any]]:
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from label
        else:
            yield value, label


def _chosen(common: dict[str, Any]) -> dict[str, Any]:
    message = _("“%(label)s”请从所列选项中选择。") % {"label": common["label"]}
    errors = common["error_messages"] | {"invalid_choice": message, "required": message}
    return common | {"error_messages": errors}


def _term(
    shape: FieldShape, words: Words, common: dict[str, Any], offered: Offered, value: Any
) -> forms.Field:
    members = _members(shape)
    common = _chosen(common)
    if shape.optional:
        return forms.ChoiceField(choices=[("", _("（无）")), *members], **common)
    common |= {"required": True}
    if len(members) <= RADIOS_UP_TO:
        return forms.ChoiceField(choices=members, widget=forms.RadioSelect, **common)
    return forms.ChoiceField(choices=[("", _("请选择")), *members], **common)


def _terms(
    shape: FieldShape, words: Words, common: dict[str, Any], offered: Offered, value: Any
) -> forms.Field:
    return forms.MultipleChoiceField(
        choices=_held_first(_members(shape), list(value or ())),
        widget=forms.CheckboxSelectMultiple,
        **_chosen(common),
    )


def _members(shape: FieldShape) -> list[tuple[str, str]]:
    assert shape.of is not None
    return [(one.value, str(_(one.label))) for one in shape.of]  # type: ignore[attr-defined]


def _whole(
    shape: FieldShape, words: Words, common: dict[str, Any], offered: Offered, value: Any
) -> forms.Field:
    _number_messages(words, common, _("应为整数"))
    return forms.IntegerField(
        min_value=0,
        max_value=MOST_NUMBER,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        **common | {"required": shape.default is MISSING},
    )


def _decimal(
    shape: FieldShape, words: Words, common: dict[str, Any], offered: Offered, value: Any
) -> forms.Field:
    _number_messages(words, common, _("应为数字"))
    return forms.FloatField(
        min_value=-MOST_NUMBER,
        max_value=MOST_NUMBER,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        **common,
    )


def _number_messages(words: Words, common: dict[str, Any], shape: str) -> None:
    sentence = f"“{words.label}”{shape}"
    bounds = _("，不小于 0，不大于 %(most)s。") % {"most": MOST_NUMBER}
    common["error_messages"] |= {
        "invalid": f"{sentence}{_('。')}",
        "min_value": f"{sentence}{bounds}",
        "max_value": f"{sentence}{bounds}",
    }


def _day(
    shape: FieldShape, words: Words, common: dict[str, Any], offered: Offered, value: Any
) -> forms.Field:
    common["error_messages"] |= {
        "invalid": _("“%(label)s”应为日期，如 2026-03-06。") % {"label": words.label}
    }
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(
        widget=widget, input_formats=["%Y-%m-%d"], **common | {"required": not shape.optional}
    )


def _yes_no(
    shape: FieldShape, words: Words, common: dict[str, Any], offered: Offered, value: Any
) -> forms.Field:
    return forms.BooleanField(**common)


def _answer(
    shape: FieldShape, words: Words, common: dict[str, Any], offered: Offered, value: Any
) -> forms.Field:
    return forms.CharField(validators=[_fits(words, words.most)], **common | {"required": True})


_MAKERS: Mapping[Shape, Callable[..., forms.Field]] = {
    Shape.TEXT: _text,
    Shape.TEXTS: _lines,
    Shape.WHOLE: _whole,
    Shape.DECIMAL: _decimal,
    Shape.YES_NO: _yes_no,
    Shape.DAY: _day,
    Shape.TERM: _term,
    Shape.TERMS: _terms,
    Shape.ANSWER: _answer,
}


def questions_before(version: ItemVersion, parts: Sequence[str | int]) -> dict[str, Question]:
    """Return the questions that a condition at this place may look back to, by their ids.

    Those of a handling item, of a scenario and of the questionnaire itself are guiding questions
    only; those of the form see everything.
    """
    guiding = parts and parts[0] in {"questionnaire", "scenarios", "handling_items"}
    every = version.questionnaire if guiding else version.questions()
    here = _question_at(version, parts)
    found: dict[str, Question] = {}
    for question in every:
        if here is not None and question.id == here.id:
            break
        found[question.id] = question
    return found


def _question_at(version: ItemVersion, parts: Sequence[str | int]) -> Question | None:
    value: Any = version
    for part in parts:
        if isinstance(part, int):
            if not isinstance(value, tuple) or part >= len(value):
                return None
            value = value[part]
        else:
            value = getattr(value, part, None)
        if isinstance(value, Question):
            return value
    return None
