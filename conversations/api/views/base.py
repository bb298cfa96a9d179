"""What every view of the API does alike."""

from collections.abc import Collection
from typing import Any, ClassVar

from bson import ObjectId
from bson.errors import InvalidId
from django.http import HttpResponse
from rest_framework.exceptions import NotAcceptable, ParseError
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.viewsets import ViewSet

from conversations.api.answers import JSON, no_content
from conversations.api.parameters import check_encoding, check_known
from conversations.api.principal import Principal
from conversations.api.renderers import OrjsonRenderer
from conversations.api.serializers.conversation import NOTHING
from conversations.api.serializers.strict import validated
from conversations.api.time_limits import within_deadline
from conversations.errors import ConversationError, ConversationNotFound
from conversations.services.setup import require_unique_indexes
from integrations import metrics

_JSON_AT_A_GLANCE = {"*/*", JSON}
_RENDERER = OrjsonRenderer()


class StrictViewSet(ViewSet):
    """Refuses query parameters an action does not know, and tells of degraded answers.

    `parameters` names what each action knows beside `user_id`; `repeatable` what may come twice;
    `without_owner` the actions for which `user_id` means nothing. Who has the `unlimited_scope` may
    call as often as they like.
    """

    http_method_names = ["get", "head", "options", "post", "patch", "delete"]  # noqa: RUF012  # DRF's own form
    parameters: ClassVar[dict[str, Collection[str]]] = {}
    repeatable: ClassVar[Collection[str]] = ()
    without_owner: ClassVar[Collection[str]] = ()
    unlimited_scope: ClassVar[str | None] = None
    _not_acceptable: NotAcceptable | None = None

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Handle the request, its time on the database bounded."""
        with within_deadline(request.deadline):
            return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Authenticate, count, check the query string; nobody gets further before all is set up."""
        super().initial(request, *args, **kwargs)
        if self._not_acceptable:
            raise self._not_acceptable
        check_encoding(request.META.get("QUERY_STRING", ""))
        check_known(
            request.GET,
            known=self.parameters.get(self.action or "", ()),
            repeatable=self.repeatable,
            takes_owner=self.action not in self.without_owner,
        )
        require_unique_indexes()

    def options(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:  # type: ignore[override]  # noqa: ARG002  # DRF's signature, without its metadata
        """Answer with Allow alone."""
        return no_content()

    def perform_content_negotiation(
        self,
        request: Request,
        force: bool = False,  # noqa: FBT001, FBT002  # DRF's signature
    ) -> tuple[BaseRenderer, str]:
        """Return the renderer; what most clients accept is seen at a glance.

        Who accepts none of them is refused later: DRF asks this before it knows the caller, and a
        406 counts as any other error.
        """
        if request.META.get("HTTP_ACCEPT", "*/*") in _JSON_AT_A_GLANCE:
            return _RENDERER, JSON
        try:
            return super().perform_content_negotiation(request, force)
        except NotAcceptable as error:
            self._not_acceptable = error
            return _RENDERER, JSON

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Add what is left of the rate limit, and X-Degraded where a fallback had a part in it."""
        for name, value in getattr(request, "rate_limit_headers", {}).items():
            response[name] = value
        degraded = list(getattr(request, "degraded", ()))
        principal = getattr(request, "_user", None)
        if isinstance(principal, Principal) and principal.unverified_because is not None:
            degraded.append("auth-local")
            metrics.DEGRADED_ANSWERS.labels("auth-local").inc()
        if degraded:
            response["X-Degraded"] = ", ".join(degraded)
        return super().finalize_response(request, response, *args, **kwargs)


def object_id(text: str, *, otherwise: type[ConversationError] = ConversationNotFound) -> ObjectId:
    """Return the id in a URL; raises `otherwise` where it cannot be one."""
    try:
        return ObjectId(text)
    except InvalidId:
        raise otherwise from None


def body_of(request: Request) -> Any:
    """Return the JSON body; raises ParseError if it is empty, which DRF takes for no members."""
    if _has_no_body(request):
        raise ParseError("The body is empty.")
    return request.data


def refuse_body(request: Request) -> None:
    """Raise InvalidInput if an action that takes no body is given one with members."""
    if not _has_no_body(request):
        validated(NOTHING, request.data)


def _has_no_body(request: Request) -> bool:
    return request.META.get("CONTENT_LENGTH") in ("", "0", None)
