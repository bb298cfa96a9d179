"""What every peer is told: where the database is, and the key of the tokens."""

from __future__ import annotations

import os

MONGODB_URL = os.environ["MONGODB_URL"]
DATABASE = os.environ["MONGODB_DATABASE"]
JWT_SECRET_KEY = os.environ["JWT_SECRET_KEY"]
CHARACTERS_SERVICE_URL = os.environ["CHARACTERS_SERVICE_URL"]
CHARACTER_SECONDS = 300
PAGE = 20
