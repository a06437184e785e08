"""What the provider says about its people."""

from __future__ import annotations

import json
import os
import time
from typing import Any

from allauth.idp.oidc.adapter import DefaultOIDCAdapter

PEOPLE = json.loads(os.environ["PROVIDER_PEOPLE"])


class Adapter(DefaultOIDCAdapter):
    """Adds the claims of a real-name platform."""

    def get_claims(self, purpose: Any, user: Any, *args: Any, **more: Any) -> dict[str, Any]:
        """Return the plain claims and those about the person."""
        plain = super().get_claims(purpose, user, *args, **more)
        moment = {"auth_time": int(time.time())} if purpose == "id_token" else {}
        return plain | moment | PEOPLE[user.username]
