"""Sentences of rules in the language of the page; their patterns stand here for the catalogue."""

from __future__ import annotations

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from yiwang.kernel.sentences import Sentence

PATTERNS = frozenset(
    (
        _("请填写“%(label)s”。"),
        _("“%(label)s”应为文字。"),
        _("“%(label)s”中有不能保存的控制字符，请删除后重新填写。"),
        _("“%(label)s”最多%(longest)s个字，现为%(length)s个字，请删减。"),
        _("“%(label)s”应为数字%(unit)s。"),
        _("“%(label)s”应为整数%(unit)s。"),
        _("“%(label)s”应%(range)s%(unit)s。"),
        _("（单位：%(unit)s）"),
        _("在%(low)s至%(high)s之间"),
        _("不小于%(low)s"),
        _("不大于%(high)s"),
        _("“%(label)s”应为日期，如 2026-03-06。"),
        _("“%(label)s”请从所列选项中选择一项。"),
        _("“%(label)s”请从所列选项中选择。"),
        _("“%(label)s”请选择“是”或“否”。"),
        _("“%(label)s”应为11位手机号，或带区号的固定电话，如 021-59530000。"),
        _("“%(label)s”：%(why)s"),
        _("公民身份号码应为18位，现为%(length)s位，请对照证件核对。"),
        _("公民身份号码前17位应为数字，末位为数字或X，请对照证件核对。"),
        _("公民身份号码中的出生日期“%(day)s”不存在，请对照证件核对。"),
        _("公民身份号码中的出生日期“%(day)s”晚于今天，请对照证件核对。"),
        _("公民身份号码中的出生日期“%(day)s”距今超过%(years)s年，请对照证件核对。"),
        _("公民身份号码开头的“%(begin)s”不是省级行政区划代码，请对照证件核对。"),
        _("公民身份号码的校验码不符，通常是某一位输错，请对照证件逐位核对。"),
        _("统一社会信用代码应为18位，现为%(length)s位，请对照营业执照核对。"),
        _("统一社会信用代码由数字和大写字母组成，且不使用I、O、S、V、Z，请核对其中的“%(wrong)s”。"),
        _("统一社会信用代码第3至8位为登记机关行政区划码，应为6位数字，请核对。"),
        _(
            "统一社会信用代码的校验码不符，请对照营业执照逐位核对；确为早期赋码的，可由审查人员注明理由和依据后确认。"
        ),
        _(
            "统一社会信用代码中的组织机构代码（第9至17位）校验不符，请逐位核对；确为早期赋码的，可由审查人员注明理由和依据后确认。"
        ),
        _("翻页参数不正确，请从列表第一页重新打开。"),
    )
)
"""What rules about answers, numbers of persons and firms, and keys of pages say."""


def said(message: str) -> str:
    """Return what a rule says in the language of the page, where the catalogue holds it."""
    if not isinstance(message, Sentence):
        return gettext(message) if message else message
    values = {
        name: said(value) if isinstance(value, Sentence) else value
        for name, value in message.values.items()
    }
    return gettext(message.pattern) % values
