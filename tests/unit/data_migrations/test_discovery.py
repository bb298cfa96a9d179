"""Which data migrations there are."""

from conversations.data_migrations.discovery import all_migrations


def test_it_finds_the_numbered_modules_in_order() -> None:
    """And no helper beside them; no two have one number, by which they can be named."""
    names = [migration.name for migration in all_migrations()]
    assert names[0] == "0001_former_layout"
    assert names == sorted(names)
    assert len({name[:4] for name in names}) == len(names)


def test_each_migration_reads_what_its_writes_are_bound_to() -> None:
    """The shard key among it, so that a cluster sends each write to one shard."""
    for migration in all_migrations():
        if migration.collection == "conversations":
            assert "user_id" in migration.fields, migration.name
