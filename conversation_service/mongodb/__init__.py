"""The database engine of settings.DATABASES: django_mongodb_backend, fit for the embedded server."""
