"""Examples for the page of components; invented words, no records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step of a track, a flow or a time line."""

    name: str = ""
    state: str = "todo"
    note: str = ""
    text: str = ""
    title: str = ""
    who: str = ""
    at: datetime = datetime(2026, 11, 23, 9, 30, tzinfo=ZONE)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of a summary or a task list."""

    label: str = ""
    value: str = ""
    source: str = ""
    change: str = ""
    title: str = ""
    hint: str = ""
    href: str = ""
    status: str = ""


class ExampleForm(forms.Form):
    """One field of each kind."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.error_messages["required"] = f"请填写“{field.label}”。"
            field.error_messages["invalid"] = f"“{field.label}”应为数字，单位平方米。"

    name = forms.CharField(label="经营者名称", help_text="与营业执照一致", max_length=60)
    area = forms.IntegerField(label="经营面积", help_text="按建筑面积填写")
    opened_on = forms.DateField(label="拟开业日期", widget=forms.DateInput(attrs={"type": "date"}))
    kind = forms.ChoiceField(
        label="经营方式",
        choices=[("shop", "食品销售"), ("meal", "餐饮服务"), ("canteen", "单位食堂")],
        widget=forms.RadioSelect,
    )
    goods = forms.MultipleChoiceField(
        label="经营项目",
        required=False,
        choices=[("cold", "冷食类"), ("hot", "热食类"), ("drink", "自制饮品")],
        widget=forms.CheckboxSelectMultiple,
    )
    town = forms.ChoiceField(label="所在街镇", choices=[("", "请选择")])
    notes = forms.CharField(label="补充说明", required=False, widget=forms.Textarea)
    promise = forms.BooleanField(label="我已阅读并同意以上承诺")


def examples() -> dict[str, Any]:
    """Return what the page shows."""
    empty = ExampleForm(auto_id="empty_%s")
    wrong = ExampleForm(data={"name": "", "area": "很大"}, auto_id="wrong_%s")
    wrong.fields["area"].unit = "平方米"  # type: ignore[attr-defined]
    wrong.fields["name"].source = "电子证照库"  # type: ignore[attr-defined]
    return {
        "empty": empty,
        "wrong": wrong,
        "facts": [
            ("法定时限", "20 个工作日"),
            ("承诺时限", "5 个工作日"),
            ("到场次数", "0 次"),
            ("收费", "不收费"),
        ],
        "track": [
            Step(name="申请", state="done", note="11月20日"),
            Step(name="受理", state="done", note="11月20日"),
            Step(name="审查", state="current", note="区市场监管局"),
            Step(name="决定"),
            Step(name="送达"),
        ],
        "flow": [
            Step(name="申请", note="随时", text="网上或窗口提交"),
            Step(name="受理", note="1 个工作日", text="材料齐全当场受理"),
        ],
        "entries": [
            Step(title="已受理", who="区市场监管局", text="已出具受理通知书"),
            Step(title="已提交申请", who="申请人"),
        ],
        "tasks": [
            Row(title="经营者信息", status="done", href="#tasks"),
            Row(title="经营场所", status="doing", href="#tasks", hint="还有 2 项未填"),
            Row(title="上传材料", status="todo", href="#tasks"),
            Row(title="核对并提交", status="blocked"),
        ],
        "rows": [
            Row(label="经营者名称", value="上海示例餐饮有限公司", source="法人库"),
            Row(label="经营面积", value="86 平方米", change="#summary"),
        ],
    }
