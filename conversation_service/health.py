"""`/health`, `/health/live`, `/health/ready`: what works, for people and for orchestrators."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from conversation_service.health_report import health_report, unready
from conversations.api.problem_response import problem_response


@require_safe
def health(_request: HttpRequest) -> HttpResponse:
    """Report on every dependency; 200 also when some are away, for the body tells."""
    return _json(health_report())


@require_safe
def live(_request: HttpRequest) -> HttpResponse:
    """Answer 200: the process serves requests. A restart would mend nothing that this omits."""
    return _json({"status": "alive"})


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 when requests can be served: the database answers and is set up; else 503."""
    why = unready()
    if why is None:
        return _json({"status": "ready"})
    headers = {"Cache-Control": "no-store"}
    return problem_response(request=request, code=why.code, detail=why.detail, headers=headers)


def _json(body: Mapping[str, Any]) -> HttpResponse:
    return HttpResponse(
        orjson.dumps(body),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
