"""What the documentation of all operations shares."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiParameter

from conversations.api import patterns

View = TypeVar("View")


def documented(operations: Mapping[str, Any]) -> Callable[[type[View]], type[View]]:
    """Return a decorator that documents a viewset's actions, named by the keys."""

    def decorate(view: type[View]) -> type[View]:
        for action, describe in operations.items():
            describe(getattr(view, action))
        return view

    return decorate


def query_parameter(name: str, schema: dict[str, Any], description: str) -> OpenApiParameter:
    """Return a parameter of the query string."""
    return OpenApiParameter(name=name, type=schema, description=description)


def location(status: int) -> OpenApiParameter:
    """Return the header that leads to what the answer of this status shows."""
    return OpenApiParameter(
        name="Location",
        type=str,
        location=OpenApiParameter.HEADER,
        response=[status],
        description="The URL of what is in the body.",
    )


ID = OpenApiParameter(
    name="id",
    type=patterns.string(24, patterns.OBJECT_ID),
    location=OpenApiParameter.PATH,
)
CURSOR = query_parameter(
    "cursor",
    patterns.string(patterns.LONGEST_URL, patterns.BASE64URL),
    "`next_cursor` or `previous_cursor` of a page.",
)
