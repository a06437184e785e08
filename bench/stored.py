"""Stored cases by the hundred thousand, and the lists among them."""

from __future__ import annotations

import time

from bench.district import Caller, District, pick

FILL = """
INSERT INTO cases_case (number, query_code, item_slug, item_version, item_name, immediate,
    department_code, deciding_department, intake_department, "window", town, channel,
    applicant_ref, applicant_kind, applicant_name, applicant_number_masked, phone_masked,
    submitted_by, idempotency_key, state, version, assigned_to, touched_by, touched_at,
    received_at, received_on, due_on, notice_due_on, accepted_on, accepted_by, deemed,
    statutory_on, promised_on, reviewed_by, reviewed_at, outcome, decided_by, decided_at,
    licence_identifier, delivery_due_on, closed_at, evaluation_until)
SELECT 'STORED' || lpad(n::text, 12, '0'), 'ST' || lpad(n::text, 10, '0'),
    'food-business', 1, '食品经营许可（新办）', false,
    'market', CASE WHEN n %% 3 = 0 THEN 'health' ELSE 'market' END, 'centre', 'A01', '', 'counter',
    (%(refs)s::text[])[1 + n %% %(count)s], 'entity',
    '上海示例' || n || '有限公司', '', '139****0000',
    'user:fill', n::text, state, 5, '', '窗口演示员', at, at, at::date,
    CASE WHEN state = 'closed' THEN NULL ELSE current_date + (n %% 9)::int END, at::date + 7,
    CASE WHEN state = 'received' THEN NULL ELSE at::date END,
    CASE WHEN state = 'received' THEN '' ELSE 'user:clerk' END, false,
    CASE WHEN state = 'received' THEN NULL ELSE at::date + 28 END,
    CASE WHEN state = 'received' THEN NULL ELSE at::date + 10 END,
    CASE WHEN state IN ('closed', 'decision_pending') THEN 'user:r' ELSE '' END,
    CASE WHEN state IN ('closed', 'decision_pending') THEN at END,
    CASE WHEN state <> 'closed' THEN '' WHEN n %% 50 = 4 THEN 'refuse' ELSE 'grant' END,
    CASE WHEN state = 'closed' THEN 'user:a' ELSE '' END,
    CASE WHEN state = 'closed' THEN at END, '',
    CASE WHEN state = 'closed' THEN at::date + 14 END,
    CASE WHEN state = 'closed' THEN at END,
    CASE WHEN state = 'closed' THEN at::date + 30 END
FROM (
    SELECT n, now() - interval '10 days' - n * interval '7 seconds' AS at,
        CASE WHEN n %% 40 = 1 THEN 'received' WHEN n %% 40 = 2 THEN 'reviewing'
             WHEN n %% 80 = 3 THEN 'decision_pending' ELSE 'closed' END AS state
    FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
) AS rows;
INSERT INTO cases_caseanswer (case_id, answers, declaration)
    SELECT id, jsonb_build_object('business_type', 'catering', 'raw_food', id %% 9 = 0,
        'area_m2', 20 + id %% 120), '' FROM cases_case
    WHERE submitted_by = 'user:fill' AND idempotency_key::bigint >= %(first)s;
INSERT INTO cases_caseevent (case_id, step, from_state, to_state, at, actor, actor_name, post,
    department, reason, basis)
    SELECT id, step, '', 'received', received_at, 'user:clerk', '窗口演示员', '', '', '', ''
    FROM cases_case, unnest(ARRAY['receive', 'accept', 'start_review', 'propose', 'grant', 'close'])
        AS step
    WHERE submitted_by = 'user:fill' AND idempotency_key::bigint >= %(first)s;
INSERT INTO cases_casedocument (case_id, kind, number, title, body, seal_department, issued_by,
    issued_at, file_sha256)
    SELECT id, kind, kind || id, '文书', '{"facts": [], "paragraphs": [], "remedies": []}',
        'market', 'user:clerk', received_at, NULL
    FROM cases_case, unnest(ARRAY['receipt', 'acceptance_notice', 'grant_decision']) AS kind
    WHERE submitted_by = 'user:fill' AND idempotency_key::bigint >= %(first)s;
INSERT INTO cases_casematerial (case_id, material_id, name, state, upload_refs, source, checked_by)
    SELECT id, material, '材料', 'waived', '[]', '', ''
    FROM cases_case, unnest(ARRAY['application', 'representative_id']) AS material
    WHERE submitted_by = 'user:fill' AND idempotency_key::bigint >= %(first)s;
"""


def fill(district: District, stored: int) -> float:
    """Bring the number of stored cases to `stored`, 2 in 40 of them running; return the seconds.

    One statement per table. Check and unique constraints hold; triggers and foreign keys are off
    for this connection, because a case is born received and would have to walk every step.
    """
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cases_case WHERE submitted_by = 'user:fill'")
        first = cursor.fetchone()[0] + 1
        if first > stored:
            return 0.0
        began = time.monotonic()
        words = {
            "refs": district.applicants,
            "count": len(district.applicants),
            "first": first,
            "last": stored,
        }
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET TIME ZONE 'Asia/Shanghai'")  # days are those of the district
        for statement in FILL.split(";\n"):
            if statement.strip():
                cursor.execute(statement, words)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("SET TIME ZONE 'UTC'")
        cursor.execute("VACUUM (ANALYZE) cases_case")  # what autovacuum does in time
        cursor.execute("ANALYZE")
    spent = time.monotonic() - began
    print(f"  filled from {first - 1:,} to {stored:,} stored cases in {spent:.0f} s")
    return spent


def lists(district: District) -> dict[str, float]:
    """Print how long lists of 100 take at the first and at a deep page, and one case.

    Returns:
        The median in milliseconds by what was read.
    """
    from django.db import connection

    caller = Caller(district)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT closed_at, id FROM cases_case WHERE state = 'closed' AND "
            "deciding_department = 'market' ORDER BY closed_at, id OFFSET 300 LIMIT 1"
        )
        row = cursor.fetchone()
        cursor.execute(
            "SELECT number FROM cases_case TABLESAMPLE SYSTEM (1) ORDER BY random() LIMIT 20"
        )
        numbers = [number for (number,) in cursor.fetchall()]
    deep = f"&after={row[0].isoformat()}_{row[1]}".replace("+", "%2B") if row else ""
    wishes = {
        "finished, first page": "tab=finished",
        "finished, deepest page": f"tab=finished{deep}",
        "to accept, first page": "tab=to_accept",
        "to accept, page 20": f"tab=to_accept{_page(caller, 'to_accept', 20)}",
        "mine, first page": "tab=mine",
        "overdue, first page": "tab=overdue",
    }
    found: dict[str, float] = {}
    for name, wish in wishes.items():
        times = sorted(caller.call("clerk", "GET", f"/cases?{wish}")[1] for _ in range(20))
        rows = len(caller.call("clerk", "GET", f"/cases?{wish}")[0]["rows"])
        found[name] = pick(times, 0.5)
        print(f"      list {name:24} {rows:3} rows  p50 {found[name]:6.1f} ms")
    for name, suffix in (("one case", ""), ("whole file", "/file")):
        times = sorted(
            caller.call("clerk", "GET", f"/cases/{number}{suffix}")[1] for number in numbers
        )
        if times:
            found[name] = pick(times, 0.5)
            print(f"      {name:39} p50 {found[name]:6.1f} ms")
    return found


def _page(caller: Caller, tab: str, count: int) -> str:
    """Return what leads to the page after `count` pages, or to the last there is."""
    after = ""
    for _ in range(count):
        found = caller.call("clerk", "GET", f"/cases?tab={tab}{after}")[0]["after"]
        if not found:
            break
        after = "&after=" + str(found).replace("+", "%2B")
    return after
