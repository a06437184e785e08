"""Make the tables, the people and the client, say the address, and serve."""

from __future__ import annotations

import os
import sys
from wsgiref.simple_server import WSGIServer, make_server

import django


class Server(WSGIServer):
    """Answers one request after another."""

    request_queue_size = 20


def main() -> None:
    """Run until terminated."""
    django.setup()
    from allauth.idp.oidc.models import Client
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application

    from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, PASSWORD
    from tests.oidc_provider.claims import PEOPLE

    call_command("migrate", verbosity=0)
    for login in PEOPLE:
        User.objects.create_user(login, password=PASSWORD)
    client = Client(id=CLIENT_ID, name="Yiwang", skip_consent=True)
    client.set_secret(CLIENT_SECRET)
    client.set_redirect_uris([os.environ["PROVIDER_CALLBACK"]])
    client.set_scopes(["openid", "profile"])
    client.save()
    server = make_server("127.0.0.1", 0, get_wsgi_application(), server_class=Server)
    sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main()
