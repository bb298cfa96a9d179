"""Jobs over HTTP."""

import re
from collections.abc import Callable
from functools import partial
from typing import ClassVar

import orjson
from bson import ObjectId
from django.http import HttpResponse

from conversations import dependencies
from conversations.api import patterns
from conversations.api.answers import accepted, json_answer
from conversations.api.callers import caller_of
from conversations.api.cursors import unseal
from conversations.api.operations.common import documented
from conversations.api.operations.jobs import KIND_MAX, OPERATIONS
from conversations.api.pagination import DEFAULT_LIMIT, MAX_LIMIT, page_body, page_link
from conversations.api.parameters import one_of, read, whole_number
from conversations.api.principal import ADMIN
from conversations.api.requests import ApiRequest
from conversations.api.views.base import StrictViewSet, object_id, refuse_body
from conversations.errors import JobNotFound, NotTheOwner
from conversations.job import JobState, represent_job
from conversations.repository.database import Document
from conversations.services.jobs.cancel import cancel_job
from conversations.services.jobs.read import get_job, list_jobs

_limit = whole_number(lowest=1, highest=MAX_LIMIT)
_state = one_of({state.value: state.value for state in JobState})


def _kind(text: str) -> str:
    if len(text) > KIND_MAX or not re.fullmatch(patterns.WORD, text):
        raise ValueError(f"Must be 1-{KIND_MAX} of a-z, 0-9 and _, a letter first.")
    return text


@documented(OPERATIONS)
class JobViewSet(StrictViewSet):
    """See jobs, and cancel them."""

    parameters: ClassVar = {"list": frozenset({"kind", "state", "limit", "cursor"})}

    def list(self, request: ApiRequest) -> HttpResponse:
        """Answer with a page of the caller's jobs, newest first."""
        query, caller = request.GET, caller_of(request)
        asked = {
            "kind": read(query, "kind", _kind, default=None),
            "state": read(query, "state", _state, default=None),
        }
        filters = {name: value for name, value in asked.items() if value is not None}
        scope = orjson.dumps(["jobs", caller.actor, caller.owner, filters])
        cursor = query.get("cursor")
        position = None if cursor is None else unseal(cursor, scope=scope)
        rows = list_jobs(
            filters=filters,
            position=position,
            limit=read(query, "limit", _limit, default=DEFAULT_LIMIT),
            caller=caller,
        )
        body = page_body(
            rows,
            position=position,
            field="created_at",
            scope=scope,
            represent=represent_job,
            link=partial(page_link, path=request.path, query=query),
        )
        return json_answer(body)

    def retrieve(self, request: ApiRequest, pk: str) -> HttpResponse:
        """Answer with one job."""
        return json_answer(represent_job(_as_allowed(request, pk, get_job)))

    def cancel(self, request: ApiRequest, pk: str) -> HttpResponse:
        """Cancel a job: at once if it has not begun, else after the batch under way."""
        refuse_body(request)
        cancel = partial(cancel_job, now=dependencies.get().clock())
        job = represent_job(_as_allowed(request, pk, cancel))
        return json_answer(job) if job["state"] == JobState.CANCELLED else accepted(job)


def _as_allowed(request: ApiRequest, pk: str, act: Callable[..., Document]) -> Document:
    """Act on a job of the caller's, or, for an admin, on anybody's."""
    job_id: ObjectId = object_id(pk, otherwise=JobNotFound)
    try:
        return act(job_id=job_id, owner=caller_of(request).owner)
    except NotTheOwner:
        if ADMIN not in request.user.scopes:
            raise
        request.user.must_be_verified()
        return act(job_id=job_id, owner=None)
