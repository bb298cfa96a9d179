"""Who calls, and for whom: the step from a request to a Caller."""

from conversations.api.principal import ADMIN, Principal
from conversations.api.requests import ApiRequest
from conversations.caller import Caller
from conversations.errors import ConversationError, Fault, InvalidInput
from conversations.rules import USER_ID


class MissingScope(ConversationError):
    """The token does not carry the scope that the call needs."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"This needs the scope {scope}.")
        self.scope = scope


def require_scope(principal: Principal, scope: str) -> None:
    """Raise MissingScope if the token does not carry `scope`."""
    if scope not in principal.scopes:
        raise MissingScope(scope)


def caller_of(request: ApiRequest) -> Caller:
    """Return the caller; with `?user_id=` an admin acts on that user's conversations.

    Raises MissingScope, InvalidInput, UpstreamUnavailable.
    """
    principal = request.user
    return Caller(
        actor=principal.user_id,
        owner=_owner(request, principal),
        trace_id=request.kept_trace_id,
        deadline=request.deadline,
    )


def _owner(request: ApiRequest, principal: Principal) -> str:
    user_id = request.GET.get("user_id")
    if user_id is None:
        return principal.user_id
    require_scope(principal, ADMIN)
    principal.must_be_verified()
    if not USER_ID.match(user_id):
        raise InvalidInput(
            [Fault(parameter="user_id", code="invalid", detail="Not the id of a user.")]
        )
    return user_id
