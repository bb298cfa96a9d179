"""Every route of the service. None but the admin's has a trailing slash."""

from django.contrib import admin
from django.urls import include, path
from django.views.decorators.http import require_safe
from django.views.generic import RedirectView

from conversation_service import health, metrics, pages

handler400 = "conversation_service.problems.bad_request"
handler403 = "conversation_service.problems.permission_denied"
handler404 = "conversation_service.problems.not_found"
handler500 = "conversation_service.problems.server_error"

urlpatterns = [
    path("", require_safe(RedirectView.as_view(pattern_name="docs"))),
    path("api/v1/", include("conversations.api.urls")),
    path("api/schema", pages.schema, name="schema"),
    path("api/docs", pages.docs, name="docs"),
    path("api/redoc", pages.redoc, name="redoc"),
    path("api/problems", pages.problems, name="problems"),
    path("api/problems/<slug:code>", pages.problem, name="problem"),
    path("health", health.health),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", metrics.metrics),
    path("admin", require_safe(RedirectView.as_view(url="/admin/"))),
    # The admin's way to an object's page on the site: there is none, and it fails on most ids.
    path("admin/r/<path:rest>", pages.nowhere),
    path("admin/", admin.site.urls),
]
