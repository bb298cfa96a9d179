"""What works: for `/health`, `/health/ready` and `manage.py health_check` alike."""

import time
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from conversation_service import __version__
from conversation_service.logging import timestamp
from conversation_service.probes import DEGRADED, HEALTHY, UNHEALTHY, probes, reports
from conversations.errors import NotSetUp
from conversations.services.setup import require_unique_indexes


@dataclass(frozen=True, kw_only=True, slots=True)
class Unready:
    """Why no request can be served: the code of a problem, and a sentence."""

    code: str
    detail: str


def health_report() -> dict[str, Any]:
    """Return a report on every dependency. The service is degraded if one of them is not well."""
    dependencies = reports(probes())
    all_well = all(report["status"] == HEALTHY for report in dependencies.values())
    return {
        "status": HEALTHY if all_well else DEGRADED,
        "service": settings.CONFIG.service_name,
        "version": __version__,
        "timestamp": timestamp(time.time()),
        "dependencies": dependencies,
    }


def unready() -> Unready | None:
    """Return why no request can be served: the database is away or not set up. None if all can."""
    database = reports({"mongodb": probes()["mongodb"]})["mongodb"]
    if database["status"] == UNHEALTHY:
        return Unready(code="database_unavailable", detail="The database does not answer.")
    try:
        require_unique_indexes()
    except NotSetUp as error:
        return Unready(code="not_set_up", detail=error.detail)
    return None
