"""Acts on the trail: write, seal, verify. Keep this face small."""

from yiwang.audit.services.recording import (
    PersonalNumberRefusedError,
    PurposeRefusedError,
    record,
    record_read,
)
from yiwang.audit.services.sealing import background_sealing, seal
from yiwang.audit.services.verifying import TrailReport, WitnessRefusedError, verify

__all__ = [
    "PersonalNumberRefusedError",
    "PurposeRefusedError",
    "TrailReport",
    "WitnessRefusedError",
    "background_sealing",
    "record",
    "record_read",
    "seal",
    "verify",
]
