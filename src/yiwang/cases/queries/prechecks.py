"""What a program said about files when they were handed in."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from yiwang.cases.models.prechecks import UploadCheck
from yiwang.cases.policy.prechecks import Finding, Grade, PreCheck


def findings_of(refs: Collection[str]) -> Mapping[tuple[str, str], tuple[Finding, ...]]:
    """Return the findings about files, by file and material; one query.

    Args:
        refs: Refs of the files.
    """
    if not refs:
        return {}
    rows = UploadCheck.objects.filter(upload_ref__in=list(refs))
    return {
        (row.upload_ref, row.material_id): tuple(
            Finding(check=PreCheck(one["check"]), grade=Grade(one["grade"]), message=one["message"])
            for one in row.findings
        )
        for row in rows
    }
