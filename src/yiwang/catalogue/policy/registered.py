"""Which fields of the registers an item may name."""

from __future__ import annotations

REGISTER_FIELDS = frozenset(
    (
        "person.name",
        "person.id_number",
        "person.phone",
        "person.address",
        "person.gender",
        "person.born_on",
        "person.hukou",
        "entity.name",
        "entity.uscc",
        "entity.address",
        "entity.legal_representative",
        "entity.phone",
        "entity.kind",
        "entity.established_on",
        "entity.industry",
        "entity.town",
    )
)
"""Register fields that may answer a question (`Question.prefill`)."""
