"""Data migrations: who carries them out, batch by batch, and how far they are."""
