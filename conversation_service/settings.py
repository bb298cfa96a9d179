"""Django's settings. Everything that differs between environments comes from config.py."""

from pathlib import Path
from typing import Any

from kombu.entity import Exchange, Queue

from conversation_service import openapi
from conversation_service.config import get_config
from conversation_service.logging import logging_config
from conversation_service.schedule import BEAT_SCHEDULE
from conversation_service.secrets import derived_key

CONFIG = get_config()
BASE_DIR = Path(__file__).resolve().parent.parent

SECRET_KEY = derived_key(secret=CONFIG.secret, purpose="django", length=50).hex()
CURSOR_KEY = derived_key(secret=CONFIG.secret, purpose="cursor")
DEBUG = CONFIG.debug
ALLOWED_HOSTS = list(CONFIG.allowed_hosts)
ROOT_URLCONF = "conversation_service.urls"
WSGI_APPLICATION = "conversation_service.wsgi.application"

INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "conversations.apps.ConversationsConfig",
    "conversation_service.apps.ServiceConfig",
    "conversation_service.apps.MongoAdminConfig",
    "conversation_service.apps.MongoAuthConfig",
    "conversation_service.apps.MongoContentTypesConfig",
    "conversation_service.apps.MongoWaffleConfig",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_mongodb_backend",
    "django_prometheus",
    "django_filters",
    "rest_framework",
    "corsheaders",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]

MIDDLEWARE = [
    "conversation_service.middleware.RequestContextMiddleware",
    # These add headers to every answer, also to those of the ones below.
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "conversation_service.middleware.KnownHostMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "conversation_service.middleware.AdminOnlyMiddleware",
]
CSRF_FAILURE_VIEW = "conversation_service.problems.csrf_failure"
# The checks look for sessions, accounts and messages in MIDDLEWARE; AdminOnlyMiddleware runs them.
SILENCED_SYSTEM_CHECKS = ["admin.E408", "admin.E409", "admin.E410"]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "conversation_service.mongodb",
        "HOST": CONFIG.mongodb_url,
        "NAME": CONFIG.mongodb_database,
        "OPTIONS": {
            "appname": CONFIG.service_name,
            "minPoolSize": CONFIG.mongodb_pool_min,
            "maxPoolSize": CONFIG.mongodb_pool_max,
            # The pool is the database's bulkhead: who finds no free connection waits this long,
            # or, in a request, until its deadline (see RequestContextMiddleware).
            "waitQueueTimeoutMS": 5_000,
            "serverSelectionTimeoutMS": 5_000,
            "connectTimeoutMS": 5_000,
        },
    }
}
DEPENDENCIES_FACTORY = "conversation_service.wiring.build_dependencies"

DATABASE_ROUTERS = ["django_mongodb_backend.routers.MongoRouter"]
DEFAULT_AUTO_FIELD = "django_mongodb_backend.fields.ObjectIdAutoField"
MIGRATION_MODULES = {
    "admin": "mongo_migrations.admin",
    "auth": "mongo_migrations.auth",
    "contenttypes": "mongo_migrations.contenttypes",
    "waffle": "mongo_migrations.waffle",
}

CACHES = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": CONFIG.redis_url,
        "KEY_PREFIX": CONFIG.service_name,
        "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 0.5, "SOCKET_TIMEOUT": 0.5},
    },
    # The switches are read from the database by every process: a copy in a cache could outlive a
    # change, and a cache that is away would fail one.
    "none": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"},
}
WAFFLE_CACHE_NAME = "none"
WAFFLE_ENABLE_ADMIN_PAGES = False  # conversations/admin/switches.py is the page
SESSION_ENGINE = "django.contrib.sessions.backends.db"
LOGIN_REDIRECT_URL = "admin:index"  # for a login form that names no page to go to
UNFOLD = {
    "SITE_TITLE": "Conversation Service",
    "SITE_HEADER": "Conversation Service",
    "DASHBOARD_CALLBACK": "conversations.admin.dashboard.dashboard",
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

# The API has no trailing slashes, and a redirect would lose a body.
APPEND_SLASH = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

if CONFIG.is_production:
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    SECURE_HSTS_SECONDS = 3600
if CONFIG.trusted_proxies:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CORS_ALLOWED_ORIGINS = list(CONFIG.cors_allowed_origins)
CORS_ALLOW_HEADERS = [
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "if-none-match",
    "traceparent",
    "x-trace-id",
]
CORS_EXPOSE_HEADERS = [
    "Accept-Patch",
    "Allow",
    "Content-Disposition",
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "WWW-Authenticate",
    "X-Degraded",
    "X-Service-Name",
    "X-Service-Version",
    "X-Trace-Id",
    "traceparent",
]
CORS_URLS_REGEX = r"^/api/"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["conversations.api.authentication.BearerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_THROTTLE_CLASSES": ["conversations.api.throttling.UserThrottle"],
    "DEFAULT_PARSER_CLASSES": ["conversations.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["conversations.api.renderers.OrjsonRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "conversations.api.negotiation.WeighingNegotiation",
    "DEFAULT_SCHEMA_CLASS": "conversations.api.schema.ProblemAwareSchema",
    "EXCEPTION_HANDLER": "conversations.api.errors.handle_exception",
    "URL_FORMAT_OVERRIDE": None,
    "FORMAT_SUFFIX_KWARG": None,
    "UNAUTHENTICATED_USER": None,
}

SPECTACULAR_SETTINGS = openapi.SETTINGS

CELERY_BROKER_URL = CONFIG.celery_broker_url or CONFIG.redis_url
EVENTS_BROKER_URL = CONFIG.events_broker_url or CELERY_BROKER_URL
CELERY_IMPORTS = [
    "conversation_service.heartbeat",
    "conversation_service.worker_metrics",
    "conversations.tasks.cleanup",
    "conversations.tasks.jobs",
    "conversations.tasks.outbox",
]
CELERY_BEAT_SCHEDULE = BEAT_SCHEDULE
# The tasks that carry events have a queue of their own, so that nothing long is before them; a
# worker without `-Q` serves both. A broker that can drops what no worker has taken for a minute.
CELERY_TASK_QUEUES = [
    Queue("celery", Exchange("celery"), routing_key="celery"),
    Queue("outbox", Exchange("outbox"), routing_key="outbox", message_ttl=60),
]
CELERY_TASK_ROUTES = {"outbox.*": {"queue": "outbox"}}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
# A broker that is away must not hold a request: short timeouts, one more try.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "socket_connect_timeout": 0.3,
    "socket_timeout": 5,
    "retry_on_timeout": False,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}

LOGGING_CONFIG = None
logging_config(level=CONFIG.log_level, service=CONFIG.service_name)
