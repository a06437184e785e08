"""What is made once after installing: the English catalogue and the hashed static files."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Compile the message catalogues and collect the static files."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yiwang.config.settings")
    import django
    from django.core.management import call_command

    from yiwang.config import settings

    settings.STORAGES["staticfiles"]["BACKEND"] = settings.COLLECTED
    django.setup()
    from yiwang.web.i18n import compile_messages

    compile_messages()
    call_command("collectstatic", interactive=False, verbosity=0)
    if "--quiet" not in sys.argv:
        print("✓ 网页资源和英文词条已就绪")


if __name__ == "__main__":
    main()
