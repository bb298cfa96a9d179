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
from conversation_service.probes import DEGRADED, HEALTHY, UNHEALTHY, probes, reports
from conversations.api.problem_response import problem_response
from conversations.errors import NotSetUp
from conversations.services.setup import require_unique_indexes


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
    """Answer 200 when requests can be served: the database answers and is set up; else 503."""
    database = reports({"mongodb": probes()["mongodb"]})["mongodb"]
    if database["status"] == UNHEALTHY:
        return _not_ready(request, "database_unavailable", "The database does not answer.")
    try:
        require_unique_indexes()
    except NotSetUp as error:
        return _not_ready(request, "not_set_up", error.detail)
    return _json({"status": "ready"})


def _not_ready(request: HttpRequest, code: str, detail: str) -> HttpResponse:
    return problem_response(
        request=request, code=code, detail=detail, headers={"Cache-Control": "no-store"}
    )


def _json(body: Mapping[str, Any]) -> HttpResponse:
    return HttpResponse(
        orjson.dumps(body),
        content_type="application/json",
        headers={"Cache-Control": "no-store"},
    )
