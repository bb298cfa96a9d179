"""Data migrations: modules NNNN_name.py, carried out in order by `manage.py migrate_data`.

A module declares what docs/data-migrations.md calls for, and discovery.py reads.
"""
