"""Names for what was called, from the routes and not from what the caller wrote."""

import re
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest

PROBES = frozenset({"/health", "/health/live", "/health/ready", "/metrics"})  # for machines

_PARAMETER = re.compile(r"\(\?P<(\w+)>[^)]*\)|<(?:\w+:)?(\w+)>")
_LONGEST_PATH = 256
_SECRET_PARAMETER = "token"  # noqa: S105  # the name of a route's parameter


def endpoint_of(request: HttpRequest) -> str:
    """Return the route's template, such as `/api/v1/conversations/{conversation_id}`.

    There are only as many of these as there are routes: fit for a metric's label.
    """
    match = request.resolver_match
    if match is not None:
        return _template(match.route)
    return "static" if request.path.startswith(settings.STATIC_URL) else "unmatched"


@lru_cache(maxsize=512)
def _template(route: str) -> str:
    named = _PARAMETER.sub(r"{\1\2}", route).removesuffix("$")
    return "/" + named.replace("{pk}", "{id}")  # as the OpenAPI document has it


def loggable_path(request: HttpRequest) -> str:
    """Return the path without the query, cut short, and without the secret of a share link."""
    match = request.resolver_match
    if match is not None and _SECRET_PARAMETER in match.kwargs:
        return _template(match.route)
    return request.path[:_LONGEST_PATH]
