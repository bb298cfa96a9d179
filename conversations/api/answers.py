"""Answers of the API, written without DRF's rendering: half its cost, and one kind of body."""

from collections.abc import Mapping
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse

JSON = "application/json"


def json_answer(
    body: Mapping[str, Any], *, status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """Return a body, its datetimes already text, as JSON."""
    return HttpResponse(
        orjson.dumps(body), status=status, content_type=JSON, headers=dict(headers or {})
    )


def accepted(job: Mapping[str, Any]) -> HttpResponse:
    """Return the answer of what goes on as a job: 202, the job, and where to look for it."""
    location = settings.CONFIG.base_url + reverse("job", args=[job["id"]])
    return json_answer(job, status=202, headers={"Location": location})


def no_content() -> HttpResponse:
    """Return the answer of an action that has nothing to show."""
    return _empty(204)


def not_modified(tag: str) -> HttpResponse:
    """Return the answer to who has this ETag's state already."""
    answer = _empty(304)
    answer["ETag"] = tag
    return answer


def _empty(status: int) -> HttpResponse:
    answer = HttpResponse(status=status)
    del answer["Content-Type"]  # Django's default is HTML's
    return answer
