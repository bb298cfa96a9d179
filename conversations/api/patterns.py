"""Patterns of strings in the OpenAPI document, as ECMA-262 and Python read alike."""

from typing import Any

LONGEST_URL = 8192  # the front takes no longer line of a request

OBJECT_ID = "^[0-9a-f]{24}$"
HEX_32 = "^[0-9a-f]{32}$"
USER_ID = "^[A-Za-z0-9_.:@-]{1,128}$"
CHARACTER_ID = "^[A-Za-z0-9_-]{1,128}$"
TRACE_ID = "^[A-Za-z0-9-]{1,64}$"
LANGUAGE = "^[A-Za-z0-9-]+$"
TITLE = "^[^<>]*$"
TAG = "^[^<>/]*$"
WORD = "^[a-z][a-z0-9_]*$"
EVENT_TYPE = r"^[a-z_]+\.[a-z_]+$"
BASE64URL = "^[A-Za-z0-9_-]+$"


def string(longest: int, pattern: str) -> dict[str, Any]:
    """Return the schema of a string of at most `longest` characters."""
    return {"type": "string", "maxLength": longest, "pattern": pattern}
