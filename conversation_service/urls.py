"""Every route of the service."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from conversation_service import health, metrics

handler400 = "conversation_service.problems.bad_request"
handler403 = "conversation_service.problems.permission_denied"
handler404 = "conversation_service.problems.not_found"
handler500 = "conversation_service.problems.server_error"

urlpatterns = [
    path("api/v1/", include("conversations.api.urls")),
    path("admin", RedirectView.as_view(url="/admin/")),
    path("admin/", admin.site.urls),
    path("health", health.health),
    path("health/live", health.live),
    path("health/ready", health.ready),
    path("metrics", metrics.metrics),
]
