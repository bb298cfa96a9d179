"""JSON bodies, read strictly (RFC 8259)."""

from collections.abc import Mapping
from email.message import Message
from typing import IO, Any

import orjson
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser


class StrictJSONParser(BaseParser):
    """Reads JSON by orjson.

    It refuses NaN, infinities, lone surrogates, invalid UTF-8 and nesting deeper than 1,024.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the value; raises ParseError without echoing any of it.

        Raises UnsupportedMediaType for a coding or a charset that is not JSON's.
        """
        _check_coding(media_type or "", parser_context or {})
        try:
            return orjson.loads(stream.read())
        except orjson.JSONDecodeError as error:
            place = f"line {error.lineno} column {error.colno}"
            raise ParseError(f"The body is not valid JSON: {place}.") from None


def _check_coding(media_type: str, context: Mapping[str, Any]) -> None:
    charset = Message()
    charset["Content-Type"] = media_type
    coding = context["request"].META.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if coding != "identity" or charset.get_content_charset("utf-8") not in ("utf-8", "us-ascii"):
        raise UnsupportedMediaType(media_type)


class MergePatchParser(StrictJSONParser):
    """JSON merge patch (RFC 7396)."""

    media_type = "application/merge-patch+json"
