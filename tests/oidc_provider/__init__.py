"""A real OpenID Connect provider in a process of its own: allauth's, with its own users.

It stands for the identity platform of a city. `running(people)` starts it and gives its address;
`people` are logins with the claims that the platform makes about them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PASSWORD = "Provider-horse-7"
CLIENT_ID = "yiwang"
CLIENT_SECRET = "kept between the two"


@contextmanager
def running(
    people: Mapping[str, Mapping[str, Any]], *, folder: Path, callback: str
) -> Iterator[str]:
    """Run the provider until the block ends.

    Args:
        people: Login -> claims.
        folder: For its database.
        callback: Where it may send people back to.
    """
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("DJANGO_")},
        "DJANGO_SETTINGS_MODULE": "tests.oidc_provider.settings",
        "PROVIDER_FOLDER": str(folder),
        "PROVIDER_PEOPLE": json.dumps(people),
        "PROVIDER_CALLBACK": callback,
        "PYTHONWARNINGS": "ignore",
    }
    log = folder / "provider.log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "tests.oidc_provider"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            cwd=Path(__file__).resolve().parents[2],
        ) as process,
    ):
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address, log.read_text()
            yield address
        finally:
            process.terminate()
