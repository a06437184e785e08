"""The one settings file; what differs between machines comes from `config.env`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import django_stubs_ext
from psycopg.conninfo import conninfo_to_dict

from yiwang.config import env, logs

django_stubs_ext.monkeypatch()  # models.Field[int, int] and the like at run time

HOME = env.home()
DEMO = env.flag("YIWANG_DEMO")
HTTPS = env.flag("YIWANG_HTTPS")
DISTRICT = env.text("YIWANG_DISTRICT")
BASE_URL = env.text("YIWANG_BASE_URL") or (
    f"http://{env.text('YIWANG_HOST')}:{env.text('YIWANG_PORT')}"
)
PACKS_DIR = env.ROOT / "packs"
OWN_PACKS_DIR = Path(env.text("YIWANG_PACKS")) if env.text("YIWANG_PACKS") else None
FILES_DIR = HOME / "files"
SEARCH_DIR = HOME / "search"
KEYS_DIR = HOME / "keys"
EXCHANGE_DIR = HOME / "exchange"  # folders of departments that exchange files
FONTS_DIR = HOME / "fonts"  # fonts that the operator adds for rare characters
OWN_TOKEN_DAYS = env.number("YIWANG_OWN_TOKEN_DAYS")
AMBER_DAYS = env.number("YIWANG_AMBER_DAYS")
MAX_UPLOAD_BYTES = env.number("YIWANG_MAX_UPLOAD_MB") * 1_000_000
EVENTS = env.choice("YIWANG_EVENTS")
CHECK_URLS = env.pairs("YIWANG_CHECK_URLS")
CHECK_SECONDS = env.number("YIWANG_CHECK_SECONDS")
CHECK_TOKEN = env.text("YIWANG_CHECK_TOKEN")

SMTP_HOST = env.text("YIWANG_SMTP_HOST")
SMTP_FROM = env.text("YIWANG_SMTP_FROM")
SMS_URL = env.text("YIWANG_SMS_URL")
SMS_KEY = env.text("YIWANG_SMS_KEY")
OUTBOX_DIR = HOME / "outbox"  # of a demonstration: what would have been sent
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = SMTP_HOST
EMAIL_PORT = env.number("YIWANG_SMTP_PORT")
EMAIL_HOST_USER = env.text("YIWANG_SMTP_USER")
EMAIL_HOST_PASSWORD = env.text("YIWANG_SMTP_PASSWORD")
EMAIL_USE_TLS = env.choice("YIWANG_SMTP_TLS") == "starttls"
EMAIL_USE_SSL = env.choice("YIWANG_SMTP_TLS") == "tls"
EMAIL_TIMEOUT = 10

SECRET_KEY = env.secret("YIWANG_SECRET_KEY")
FIELD_KEYS = env.secret("YIWANG_FIELD_KEYS").split(",")
INDEX_KEY = env.secret("YIWANG_INDEX_KEY")

LOGGING = logs.configuration(env.choice("YIWANG_LOG_FORMAT"))
LOGGING_CONFIG = "logging.config.dictConfig"

DEBUG = False
ALLOWED_HOSTS = env.text("YIWANG_ALLOWED_HOSTS").split(",")
ROOT_URLCONF = "yiwang.config.urls"
WSGI_APPLICATION = "yiwang.config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "organisations.User"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "django_htmx",
    "django_cotton.apps.SimpleAppConfig",
    "template_partials.apps.SimpleAppConfig",
    "pgtrigger",
    "pghistory",
    "procrastinate.contrib.django",
    "yiwang.audit",
    "yiwang.content",
    "yiwang.documents",
    "yiwang.organisations",
    "yiwang.registers",
    "yiwang.notices",
    "yiwang.catalogue",
    "yiwang.licences",
    "yiwang.cases",
    "yiwang.supervision",
    "yiwang.ratings",
    "yiwang.consultations",
    "yiwang.exchange",
    "yiwang.archives",
    "yiwang.halls",
    "yiwang.registration",
    "yiwang.web",
    "yiwang.config",
]

MIDDLEWARE = [
    "yiwang.config.health.Measure",
    "django.middleware.security.SecurityMiddleware",
    "yiwang.web.body_limit.BodyLimit",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "yiwang.web.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "yiwang.web.middleware.SecurityHeaders",
    "django.contrib.messages.middleware.MessageMiddleware",
    "yiwang.web.accounts.middleware.SessionRules",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [Path(__file__).resolve().parents[1] / "web" / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "yiwang.web.context.site",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "django_htmx.templatetags.django_htmx",
                "yiwang.web.templatetags.yw",
                "django_cotton.templatetags.cotton",
                "template_partials.templatetags.partials",
            ],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    [
                        (
                            "django.template.loaders.cached.Loader",
                            [
                                "django_cotton.cotton_loader.Loader",
                                "django.template.loaders.filesystem.Loader",
                                "django.template.loaders.app_directories.Loader",
                            ],
                        )
                    ],
                )
            ],
        },
    }
]


def database(url: str) -> dict[str, Any]:
    """Return Django's description of the database at `url`; empty: the embedded server."""
    common: dict[str, Any] = {
        "ENGINE": "yiwang.config.postgresql",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, "server_side_binding": True, "prepare_threshold": 5},
    }
    if not url:
        from yiwang.config.embedded import EmbeddedPostgres

        return common | EmbeddedPostgres(HOME / "pg").address("yiwang_web")
    parts = conninfo_to_dict(url)
    known = {
        "dbname": "NAME",
        "user": "USER",
        "password": "PASSWORD",
        "host": "HOST",
        "port": "PORT",
    }
    named = {known[key]: str(value) for key, value in parts.items() if key in known}
    rest = {key: value for key, value in parts.items() if key not in known}
    return common | named | {"OPTIONS": common["OPTIONS"] | rest}


DATABASES = {"default": database(env.text("DATABASE_URL"))}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "yiwang_cache",
        "OPTIONS": {"MAX_ENTRIES": 20_000},  # counters of tries live here; fewer are pushed out
    }
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
LOCALE_PATHS = [Path(__file__).resolve().parents[1] / "web" / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True
USE_I18N = True

STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
STATICFILES_DIRS = [path for path in [env.ROOT / "frontend" / "dist"] if path.exists()]
COLLECTED = "whitenoise.storage.CompressedManifestStaticFilesStorage"
"""Storage of a built installation: hashed names, compressed copies."""

_built = (STATIC_ROOT / "staticfiles.json").exists()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {
        "BACKEND": COLLECTED if _built else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

DATA_UPLOAD_MAX_MEMORY_SIZE = 2_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
DATA_UPLOAD_MAX_NUMBER_FILES = 20
FILE_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

SESSION_COOKIE_AGE = 3_600  # outlives the idle end of organisations.policy.signin, which says so
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SAMESITE = "Lax"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "yiwang.web.public.site.csrf_failed"

PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTHENTICATION_BACKENDS = ["yiwang.organisations.backend.SessionBackend"]
LOGIN_URL = "accounts:login"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "login"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_LOGIN_ON_GET = True  # a form may not lead elsewhere by the content policy
SOCIALACCOUNT_ADAPTER = "yiwang.web.accounts.provider.ProviderAdapter"
OIDC_URL = env.text("YIWANG_OIDC_URL")
OIDC_NAME = env.text("YIWANG_OIDC_NAME")
OIDC_NUMBER_CLAIM = env.text("YIWANG_OIDC_NUMBER_CLAIM")
OIDC_VERIFIED_CLAIM = env.text("YIWANG_OIDC_VERIFIED_CLAIM")
SOCIALACCOUNT_PROVIDERS = {
    "openid_connect": {
        "OAUTH_PKCE_ENABLED": True,
        "APPS": [
            {
                "provider_id": "citizen",
                "name": OIDC_NAME,
                "client_id": env.text("YIWANG_OIDC_ID"),
                "secret": env.text("YIWANG_OIDC_SECRET"),
                "settings": {
                    "server_url": OIDC_URL,
                    "scope": env.text("YIWANG_OIDC_SCOPES").split(),
                },
            }
        ]
        if OIDC_URL
        else [],
    }
}
MFA_ADAPTER = "yiwang.organisations.mfa.MFAAdapter"
SILENCED_SYSTEM_CHECKS: list[str] = []
