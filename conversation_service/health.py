"""`/health`, `/health/live`, `/health/ready`: what works, for people and for orchestrators."""

import time
from collections.abc import Mapping
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from conversation_service import __version__
from conversation_service.logging import timestamp
from conversation_service.probes import HEALTHY, UNHEALTHY, probes, reports
from conversations.api.problem_response import problem_response

DEGRADED = "degraded"


@require_safe
def health(_request: HttpRequest) -> HttpResponse:
    """Report on every dependency; 200 also when some are away, for the body tells."""
    dependencies = reports(probes())
    all_well = all(report["status"] == HEALTHY for report in dependencies.values())
    return _json(
        {
            "status": HEALTHY if all_well else DEGRADED,
            "service": settings.CONFIG.service_name,
            "version": __version__,
            "timestamp": timestamp(time.time()),
            "dependencies": dependencies,
        }
    )


@require_safe
def live(_request: HttpRequest) -> HttpResponse:
    """Answer 200: the process serves requests. A restart would mend nothing that this omits."""
    return _json({"status": "alive"})


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Answer 200 when requests can be served: when the database answers; else 503."""
    database = reports({"mongodb": probes()["mongodb"]})["mongodb"]
    if database["status"] == UNHEALTHY:
        return problem_response(
            request=request,
            code="database_unavailable",
            detail="The database does not answer.",
            headers={"Cache-Control": "no-store"},
        )
    return _json({"status": "ready"})


def _json(body: Mapping[str, Any]) -> HttpResponse:
    return HttpResponse(
        orjson.dumps(body),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
