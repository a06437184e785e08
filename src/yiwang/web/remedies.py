"""How an act is contested, in the words of pages (救济途径)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from yiwang.cases.policy.remedies import ANY_COURT, ANY_REVIEW_BODY, remedies_of
from yiwang.catalogue.policy.items import ItemVersion


def remedy_words(item: ItemVersion) -> str:
    """Return by when and where a decision can be contested, as its letter says it."""
    ways = remedies_of(item)
    nobody_named = {
        ANY_REVIEW_BODY: _("有管辖权的行政复议机关"),
        ANY_COURT: _("有管辖权的人民法院"),
    }
    return _(
        "可以自收到决定之日起 %(days)s 日内向%(review)s申请行政复议，"
        "或者 %(months)s 个月内向%(court)s提起行政诉讼。"
    ) % {
        "days": ways.review_days,
        "review": nobody_named.get(ways.review_body, ways.review_body),
        "months": ways.suit_months,
        "court": nobody_named.get(ways.court, ways.court),
    }
