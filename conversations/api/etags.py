"""Entity tags and preconditions (RFC 9110 sections 8.8.3 and 13).

An ETag is `"<version>"`, or `"<version>.<n>"` after n activities. If-None-Match compares all of
it, so that readers see new activity; If-Match compares the version, so that a message arriving
meanwhile does not defeat an edit.
"""

import re
from typing import Any

from rest_framework.request import Request

from conversations.errors import Fault, InvalidInput

_LIST = re.compile(
    r'\s*(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"\s*(?:,\s*(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"\s*)*\Z'
)
_ENTRY = re.compile(r'(W/)?"([^"]*)"')
_OURS = re.compile(r"([1-9][0-9]{0,14})(?:\.[0-9]+)?\Z")


def etag(*, version: int, activity: int) -> str:
    """Return the ETag of a conversation's state."""
    return f'"{version}.{activity}"' if activity else f'"{version}"'


def etag_of(document: dict[str, Any]) -> str:
    """Return the ETag of a stored conversation."""
    return etag(version=document["version"], activity=document["activity_rev"])


def is_unmodified(request: Request, current: str) -> bool:
    """Whether If-None-Match names the current ETag, by weak comparison."""
    header = request.META.get("HTTP_IF_NONE_MATCH")
    if header is None:
        return False
    if header.strip() == "*":
        return True
    return any(f'"{tag}"' == current for _, tag in _entries(header, name="If-None-Match"))


def expected_versions(request: Request) -> frozenset[int] | None:
    """Return the versions that If-Match allows, or None where any will do.

    A weak tag matches nothing (strong comparison), nor does one that is not ours. Raises
    InvalidInput if the header is malformed.
    """
    header = request.META.get("HTTP_IF_MATCH")
    if header is None or header.strip() == "*":
        return None
    entries = _entries(header, name="If-Match")
    return frozenset(
        int(tag[1]) for weak, text in entries if not weak and (tag := _OURS.match(text))
    )


def _entries(header: str, *, name: str) -> list[tuple[str, str]]:
    if not _LIST.match(header):
        detail = 'Must be * or a list of quoted entity tags, such as "3".'
        raise InvalidInput([Fault(header=name, code="malformed", detail=detail)])
    return _ENTRY.findall(header)
