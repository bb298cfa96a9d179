"""The pages for people: the API's documentation and its errors. They work with no internet."""

import hashlib
import re
from functools import lru_cache
from http import HTTPStatus
from typing import Final

import orjson
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import condition, require_safe
from drf_spectacular.generators import SchemaGenerator

from conversations.api.problems import CATALOGUE

_CLOSED: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "img-src 'self' data:; connect-src 'self'; style-src 'self'"
)
# Both write style elements of their own; Redoc searches in a worker that it makes from a blob.
_DOCS_POLICY: Final = f"{_CLOSED} 'unsafe-inline'; script-src 'self'; font-src 'self' data:"
_REDOC_POLICY: Final = f"{_DOCS_POLICY}; worker-src blob:"
_CODE: Final = re.compile(r"`([^`]*)`")


@lru_cache(maxsize=1)
def _document() -> bytes:
    """Return the OpenAPI document: the same for everyone, made once in a process."""
    generator = SchemaGenerator()
    document = generator.get_schema(request=None, public=True)
    return orjson.dumps(document)


def _document_etag(_request: HttpRequest) -> str:
    return f'"{hashlib.sha256(_document()).hexdigest()[:32]}"'


@require_safe
@condition(etag_func=_document_etag)
def schema(_request: HttpRequest) -> HttpResponse:
    """Return the OpenAPI document, version 3.1, as JSON."""
    return HttpResponse(
        _document(), content_type="application/json", headers={"Cache-Control": "no-cache"}
    )


@require_safe
def docs(_request: HttpRequest) -> HttpResponse:
    """Show the API in Swagger UI, where calls can be tried."""
    return _page("pages/docs.html", policy=_DOCS_POLICY)


def nowhere(_request: HttpRequest, **_: str) -> HttpResponse:
    """Answer that there is no such page; raises Http404."""
    raise Http404


@require_safe
def redoc(_request: HttpRequest) -> HttpResponse:
    """Show the API in Redoc, for reading."""
    return _page("pages/redoc.html", policy=_REDOC_POLICY)


@require_safe
def problems(_request: HttpRequest) -> HttpResponse:
    """List every error code."""
    by_status = sorted(CATALOGUE.values(), key=lambda problem: (problem.status, problem.code))
    return _page("pages/problems.html", policy=_CLOSED, problems=by_status)


@require_safe
def problem(_request: HttpRequest, code: str) -> HttpResponse:
    """Explain an error code: where the `type` of a problem document leads."""
    found = CATALOGUE.get(code)
    if found is None:
        raise Http404
    return _page(
        "pages/problem.html",
        policy=_CLOSED,
        problem=found,
        phrase=HTTPStatus(found.status).phrase,
        advice=_with_code(found.advice),
    )


def _page(template: str, *, policy: str, **context: object) -> HttpResponse:
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-cache"}
    return HttpResponse(render_to_string(template, context), headers=headers)


def _with_code(text: str) -> SafeString:
    """Return text as HTML, with what stands between backticks as code."""
    pieces = _CODE.split(text)
    plain, code = pieces[::2], [*pieces[1::2], ""]
    return format_html_join(
        "",
        "{}{}",
        (
            (before, format_html("<code>{}</code>", inside) if inside else "")
            for before, inside in zip(plain, code, strict=True)
        ),
    )
