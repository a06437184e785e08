"""Acts on the trail: write, seal, verify. Keep this face small."""

from yiwang.audit.models import REFUSED
from yiwang.audit.services.recording import (
    Origin,
    PersonalNumberRefusedError,
    PurposeRefusedError,
    acting,
    record,
    record_read,
    together,
)
from yiwang.audit.services.sealing import background_sealing, seal
from yiwang.audit.services.verifying import TrailReport, WitnessRefusedError, verify
from yiwang.audit.services.watching import AlarmRefusedError, close_alarm, find_alarms

__all__ = [
    "REFUSED",
    "AlarmRefusedError",
    "Origin",
    "PersonalNumberRefusedError",
    "PurposeRefusedError",
    "TrailReport",
    "WitnessRefusedError",
    "acting",
    "background_sealing",
    "close_alarm",
    "find_alarms",
    "record",
    "record_read",
    "seal",
    "together",
    "verify",
]
