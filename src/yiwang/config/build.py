"""What is made once after installing: the English catalogue and the hashed static files."""

from __future__ import annotations

import os
import sys

from yiwang.config import env

SOURCES = ("frontend/dist", "src/yiwang/web/locale", "src/yiwang/web/static", ".venv/.stamp")
"""What the result depends on, below the checkout."""


def is_fresh() -> bool:
    """Tell whether everything was built after the last change of what it is built from."""
    made = env.home() / "static" / "staticfiles.json"
    if not made.exists():
        return False
    files = [
        file
        for name in SOURCES
        for file in [env.ROOT / name, *(env.ROOT / name).rglob("*")]
        if file.is_file() and file.suffix != ".mo"
    ]
    return all(file.stat().st_mtime <= made.stat().st_mtime for file in files)


def main() -> None:
    """Compile the message catalogues and collect the static files, where something changed."""
    if not is_fresh():
        build()
    if "--quiet" not in sys.argv:
        print("✓ 网页资源和英文词条已就绪")


def build() -> None:
    """Compile and collect."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yiwang.config.settings")
    import django
    from django.core.management import call_command

    from yiwang.config import settings

    settings.STORAGES["staticfiles"]["BACKEND"] = settings.COLLECTED
    django.setup()
    from yiwang.web.i18n import compile_messages

    compile_messages()
    call_command("collectstatic", interactive=False, verbosity=0)


if __name__ == "__main__":
    main()
