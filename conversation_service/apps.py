"""This package, for its commands, and Django's contrib apps with the primary key of MongoDB."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.contrib.auth.apps import AuthConfig
from django.contrib.contenttypes.apps import ContentTypesConfig
from waffle.apps import WaffleConfig

OBJECT_ID = "django_mongodb_backend.fields.ObjectIdAutoField"


class ServiceConfig(AppConfig):
    """Has no models: it is there so that `manage.py health_check` is found."""

    name = "conversation_service"


class MongoAdminConfig(AdminConfig):
    """The admin."""

    default_auto_field = OBJECT_ID


class MongoAuthConfig(AuthConfig):
    """Staff accounts of the admin; callers of the API have none here."""

    default_auto_field = OBJECT_ID


class MongoContentTypesConfig(ContentTypesConfig):
    """What permissions refer to."""

    default_auto_field = OBJECT_ID


class MongoWaffleConfig(WaffleConfig):
    """The switches of features."""

    verbose_name = "Features"
    default_auto_field = OBJECT_ID
