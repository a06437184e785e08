"""The application that the web server runs."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yiwang.config.settings")
application = get_wsgi_application()

from yiwang.catalogue.queries import warm_up  # noqa: E402 - Django comes first
from yiwang.config.heap import settle  # noqa: E402

warm_up()  # words, index and model are read at start-up, not by the first who searches
settle()
