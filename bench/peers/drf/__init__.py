"""A plain Django REST Framework application over the ORM of django-mongodb-backend."""
