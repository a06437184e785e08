"""Make sure Chromium and a Chinese font are there for the browser tests.

Installs Debian's packages where it may; otherwise stops with the command to type.
"""

from __future__ import annotations

import os
import shutil
import subprocess

PACKAGES = {"chromium": "chromium", "pdfsig": "poppler-utils", "curl": "curl"}
FONT = "fonts-noto-cjk"
COMMAND = "apt-get update && apt-get install --yes --no-install-recommends"


def missing() -> list[str]:
    """Return Debian's names of what is not installed."""
    absent = [package for program, package in PACKAGES.items() if not shutil.which(program)]
    if os.environ.get("CHROMIUM"):
        absent = [package for package in absent if package != "chromium"]
    fonts = ""
    if shutil.which("fc-list"):
        fonts = subprocess.run(
            ["fc-list", ":lang=zh"], text=True, capture_output=True, check=False
        ).stdout
    return absent if fonts.strip() else [*absent, FONT]


def main() -> None:
    """Install what is missing, or say how."""
    wanted = missing()
    if not wanted:
        return
    command = f"{COMMAND} {' '.join(wanted)}"
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"… 安装浏览器测试需要的 {'、'.join(wanted)}")
        subprocess.run(["bash", "-c", f"({command}) >/dev/null"], check=False)
    if still := missing():
        command = f"sudo sh -c '{COMMAND} {' '.join(still)}'"
        raise SystemExit(f"浏览器测试还需要 {'、'.join(still)}，请运行：\n  {command}")


if __name__ == "__main__":
    main()
