"""Get the pinned uv onto a machine that has Python 3.11 and nothing else.

Tries, in this order: a virtual environment with pip; pip of the system; the wheel itself from
the package index, checked against its SHA-256. Python's own library only.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

VERSION = "0.13.9"
TOOLS = Path(__file__).resolve().parents[1] / ".tools"


def main() -> None:
    """Put uv at .tools/bin/uv, or say what is missing."""
    if sys.version_info < (3, 11):  # noqa: UP036 - this is where an older one is told
        raise SystemExit(f"需要 Python 3.11 以上，现为 {platform.python_version()}：请先安装。")
    print(f"… 安装 uv {VERSION}", flush=True)
    for way in (by_virtual_environment, by_pip, by_wheel):
        try:
            way()
        except (OSError, subprocess.CalledProcessError, urllib.error.URLError) as problem:
            reason = problem
        else:
            return
    raise SystemExit(
        f"无法安装 uv {VERSION}（{reason}）：请检查到 PyPI 的网络或代理，"
        "或自行安装 uv 后重试（python3 -m pip install uv）。"
    )


def by_virtual_environment() -> None:
    """Make .tools a virtual environment and let its pip install uv."""
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    try:
        subprocess.run([sys.executable, "-m", "venv", TOOLS], **quiet)
        subprocess.run(
            [TOOLS / "bin" / "python", "-m", "pip", "install", f"uv=={VERSION}"], **quiet
        )
    except subprocess.CalledProcessError:
        shutil.rmtree(TOOLS, ignore_errors=True)  # ensurepip may be missing
        raise


def by_pip() -> None:
    """Let the system's pip put uv into .tools."""
    target = TOOLS / "lib"
    subprocess.run(
        [sys.executable, "-m", "pip", "install", "--target", target, f"uv=={VERSION}"],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    place(target / "bin" / "uv")


def by_wheel() -> None:
    """Fetch the wheel for this machine from the index, check it, take the program out."""
    index = os.environ.get("PIP_INDEX_URL", "https://pypi.org/simple").rstrip("/")
    request = urllib.request.Request(
        f"{index}/uv/", headers={"Accept": "application/vnd.pypi.simple.v1+json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        files = json.load(answer)["files"]
    machine = platform.machine()
    libc = "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"
    system = "macosx" if sys.platform == "darwin" else libc
    wheel = next(
        file
        for file in files
        if file["filename"].startswith(f"uv-{VERSION}-")
        and file["filename"].endswith(f"{machine}.whl")
        and system in file["filename"]
    )
    path = TOOLS / wheel["filename"]
    TOOLS.mkdir(exist_ok=True)
    address = urllib.request.urljoin(f"{index}/uv/", wheel["url"])  # type: ignore[attr-defined]
    with urllib.request.urlopen(address, timeout=300) as answer, path.open("wb") as file:
        shutil.copyfileobj(answer, file)
    if hashlib.sha256(path.read_bytes()).hexdigest() != wheel["hashes"]["sha256"]:
        path.unlink()
        raise OSError("下载的文件校验不一致")
    with zipfile.ZipFile(path) as archive:
        archive.extract(f"uv-{VERSION}.data/scripts/uv", TOOLS)
    place(TOOLS / f"uv-{VERSION}.data" / "scripts" / "uv")
    path.unlink()


def place(program: Path) -> None:
    """Copy `program` to .tools/bin/uv and make it runnable."""
    target = TOOLS / "bin" / "uv"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(program, target)
    target.chmod(0o755)


if __name__ == "__main__":
    main()
