"""The application that the web server runs."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "yiwang.config.settings")
application = get_wsgi_application()

from django.urls import get_resolver  # noqa: E402 - Django comes first

from yiwang.catalogue.queries import warm_up  # noqa: E402
from yiwang.config.heap import settle  # noqa: E402

warm_up()  # words, index and model are read at start-up, not by the first who searches
_ = get_resolver().url_patterns  # nor are pages and calls by the first who asks
settle()
