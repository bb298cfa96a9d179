"""Content negotiation (RFC 9110 section 12.5.1), where DRF's leaves the weights out."""

import re
from collections.abc import Iterable

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

_REFUSED = re.compile(r";\s*q=0(?:\.0{0,3})?\s*\Z", re.IGNORECASE)


class WeighingNegotiation(DefaultContentNegotiation):
    """Takes a weight of 0 as a refusal, and an empty Accept as anything; a body has one type."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Return the parser of the body's type: a range of types, which DRF matches, names none."""
        media_type, _, _ = request.content_type.partition(";")
        return None if "*" in media_type else super().select_parser(request, parsers)

    def get_accept_list(self, request: Request) -> list[str]:
        """Return the media types that the client accepts."""
        header = request.META.get("HTTP_ACCEPT", "").strip() or "*/*"
        return [entry.strip() for entry in header.split(",") if not _REFUSED.search(entry)]
