"""Pages that everybody may open; every other page names its permission (公开页面清单)."""

from __future__ import annotations

OPEN_TO_ALL: frozenset[str] = frozenset(
    {
        "accounts:login",
        "accounts:code",
        "accounts:bind",
        "accounts:logout",
        "citizen:home",
        "citizen:search",
        "citizen:scenes",
        "citizen:scene",
        "citizen:items",
        "citizen:item",
        "citizen:item_pdf",
        "citizen:checklist_pdf",
        "citizen:questions",
        "citizen:question",
        "citizen:checklist",
        "citizen:track",
        "citizen:tracked",
        "citizen:rate_by_code",
        "citizen:help",
        "citizen:ask",
        "public:verify_token",
        "public:verify_token_capital",
        "public:verify_file",
        "public:accessibility",
        "public:privacy",
        "public:sitemap",
        "public:decisions",
        "public:item_reports",
        "public:item_report",
        "public:opendata",
        "public:items_csv",
        "public:items_json",
        "public:checkpoint",
        "public:components",
        "public:manifest",
        "public:service_worker",
        "public:offline",
        "public:set_size",
        "public:set_language",
        "public:keep_session",
    }
)
"""Names of addresses. Reviewed like a permission: a name here opens a page to the world."""
