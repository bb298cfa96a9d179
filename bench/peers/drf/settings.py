from bench.peers import environment

SECRET_KEY = environment.JWT_SECRET_KEY
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "bench.peers.drf.urls"
USE_TZ = True
TIME_ZONE = "UTC"
APPEND_SLASH = False
INSTALLED_APPS = [
    "bench.peers.drf.apps.MongoAuthConfig",
    "bench.peers.drf.apps.MongoContentTypesConfig",
    "rest_framework",
    "bench.peers.drf",
]
MIGRATION_MODULES = {"auth": None, "contenttypes": None}
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
DATABASES = {
    "default": {
        "ENGINE": "django_mongodb_backend",
        "HOST": environment.MONGODB_URL,
        "NAME": environment.DATABASE,
    }
}
DATABASE_ROUTERS = ["django_mongodb_backend.routers.MongoRouter"]
DEFAULT_AUTO_FIELD = "django_mongodb_backend.fields.ObjectIdAutoField"
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "rest_framework_simplejwt.authentication.JWTStatelessUserAuthentication"
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
}
SIMPLE_JWT = {
    "SIGNING_KEY": environment.JWT_SECRET_KEY,
    "USER_ID_CLAIM": "user_id",
    "JTI_CLAIM": None,
    "TOKEN_TYPE_CLAIM": None,
}
