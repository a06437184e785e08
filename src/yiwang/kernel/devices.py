"""From which kind of device a request came, in a few words; nothing that tells devices apart."""

from __future__ import annotations

SYSTEMS = (
    ("HarmonyOS", "HarmonyOS"),
    ("OpenHarmony", "HarmonyOS"),
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)
PROGRAMS = (
    ("MicroMessenger/", "WeChat"),
    ("Edg/", "Edge"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Version/", "Safari"),
)
LONGEST = 60


def device(user_agent: str) -> str:
    """Return system and program with its main version, such as `Windows Chrome 129`.

    What is no browser keeps its first word. Empty: the request named nothing.
    """
    plain = "".join(one for one in user_agent if one.isascii() and one.isprintable())
    system = next((name for mark, name in SYSTEMS if mark in plain), "")
    for mark, name in PROGRAMS:
        _before, found, rest = plain.partition(mark)
        if found:
            version = rest.split(".")[0].split(" ")[0]
            number = version if version.isdecimal() and len(version) <= 4 else ""
            return " ".join(part for part in (system, name, number) if part)
    return plain.split(" ")[0][:LONGEST] if plain.strip() else ""
