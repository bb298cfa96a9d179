"""JSON bodies, read strictly (RFC 8259)."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser


class StrictJSONParser(BaseParser):
    """Reads JSON by orjson.

    It refuses NaN, infinities, lone surrogates, invalid UTF-8 and nesting deeper than 1,024.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002  # DRF's signature
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002  # DRF's signature
    ) -> Any:
        """Return the value; raises ParseError without echoing any of it."""
        try:
            return orjson.loads(stream.read())
        except orjson.JSONDecodeError as error:
            place = f"line {error.lineno} column {error.colno}"
            raise ParseError(f"The body is not valid JSON: {place}.") from None


class MergePatchParser(StrictJSONParser):
    """JSON merge patch (RFC 7396)."""

    media_type = "application/merge-patch+json"
