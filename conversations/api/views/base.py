"""What every view of the API does alike."""

from collections.abc import Collection
from typing import Any, ClassVar

from bson import ObjectId
from bson.errors import InvalidId
from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from conversations.api.authentication import Principal
from conversations.api.parameters import check_known
from conversations.api.serializers.conversation import NOTHING
from conversations.api.serializers.strict import validated
from conversations.errors import ConversationNotFound
from integrations import metrics

HEX_LENGTH = 24


class StrictViewSet(ViewSet):
    """Refuses query parameters an action does not know, and tells of degraded answers.

    `parameters` names what each action knows beside `user_id`; `repeatable` what may come twice.
    """

    http_method_names = ["get", "head", "post", "patch", "delete"]  # noqa: RUF012  # DRF's own form
    parameters: ClassVar[dict[str, Collection[str]]] = {}
    repeatable: ClassVar[Collection[str]] = ()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, then check the query string."""
        super().initial(request, *args, **kwargs)
        check_known(
            request.GET,
            known=self.parameters.get(self.action or "", ()),
            repeatable=self.repeatable,
        )

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Add X-Degraded where the answer owes something to a fallback."""
        degraded = list(getattr(request, "degraded", ()))
        principal = getattr(request, "_user", None)
        if isinstance(principal, Principal) and principal.unverified_because is not None:
            degraded.append("auth-local")
            metrics.DEGRADED_ANSWERS.labels("auth-local").inc()
        if degraded:
            response["X-Degraded"] = ", ".join(degraded)
        return super().finalize_response(request, response, *args, **kwargs)


def object_id(text: str) -> ObjectId:
    """Return the id in a URL; raises ConversationNotFound where it cannot be one."""
    try:
        return ObjectId(text)
    except InvalidId:
        raise ConversationNotFound from None


def refuse_body(request: Request) -> None:
    """Raise InvalidInput if an action that takes no body is given one with members."""
    if request.META.get("CONTENT_LENGTH") not in ("", "0", None):
        validated(NOTHING, request.data)


def no_content() -> HttpResponse:
    """Return the answer of an action that has nothing to show."""
    return HttpResponse(status=204)
