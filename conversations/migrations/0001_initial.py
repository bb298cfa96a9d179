import contextlib

import django_mongodb_backend.fields
from django.db import migrations, models
from pymongo.errors import CollectionInvalid

import conversations.models.fields


def create_collection(apps, schema_editor):  # noqa: ARG001  # the form of RunPython
    database = schema_editor.connection.database
    with contextlib.suppress(CollectionInvalid):
        database.create_collection("conversations")


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        # The collection may be there before this runs: the first index or document brings it
        # about. And undoing this must not drop anyone's conversations.
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunPython(create_collection, migrations.RunPython.noop),
            ],
            state_operations=[
                migrations.CreateModel(
                    name="Conversation",
                    fields=[
                        (
                            "id",
                            django_mongodb_backend.fields.ObjectIdAutoField(
                                primary_key=True, serialize=False
                            ),
                        ),
                        ("user_id", models.CharField(max_length=128)),
                        ("character_id", models.CharField(max_length=128)),
                        ("character", conversations.models.fields.DocumentField(default=dict)),
                        ("title", models.CharField(max_length=200)),
                        ("title_source", models.CharField(max_length=10)),
                        ("title_sort", models.CharField(max_length=1000)),
                        (
                            "status",
                            models.CharField(
                                choices=[
                                    ("active", "active"),
                                    ("archived", "archived"),
                                    ("deleted", "deleted"),
                                    ("purged", "purged"),
                                ],
                                max_length=10,
                            ),
                        ),
                        ("pinned", models.BooleanField(default=False)),
                        (
                            "tags",
                            django_mongodb_backend.fields.ArrayField(
                                base_field=models.CharField(max_length=50), default=list
                            ),
                        ),
                        ("folder_id", models.CharField(max_length=24, null=True)),
                        ("settings", conversations.models.fields.DocumentField(default=dict)),
                        ("metadata", conversations.models.fields.DocumentField(default=dict)),
                        ("created_at", models.DateTimeField()),
                        ("updated_at", models.DateTimeField()),
                        ("archived_at", models.DateTimeField(null=True)),
                        ("deleted_at", models.DateTimeField(null=True)),
                        ("expires_at", models.DateTimeField(null=True)),
                        ("version", models.PositiveIntegerField(default=1)),
                        ("activity_rev", models.PositiveIntegerField(default=0)),
                        ("partition", models.PositiveSmallIntegerField()),
                    ],
                    options={
                        "db_table": "conversations",
                        "default_permissions": ("view", "change", "delete"),
                    },
                ),
            ],
        ),
    ]
