"""The engine of settings.DATABASES: django_mongodb_backend, with its pipelines mended."""
