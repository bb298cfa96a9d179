"""Who a valid token speaks for."""

from dataclasses import dataclass

from integrations.errors import UpstreamUnavailable

ADMIN = "conversations:admin"
ACTIVITY = "conversations:activity"


@dataclass(frozen=True, kw_only=True, slots=True)
class Principal:
    """An authenticated caller.

    `unverified_because` is set where the Auth Service could not be asked and the token's own
    signature had to do.
    """

    user_id: str
    scopes: frozenset[str]
    unverified_because: UpstreamUnavailable | None = None

    is_authenticated = True

    def must_be_verified(self) -> None:
        """Raise UpstreamUnavailable if the Auth Service has not vouched for the token.

        For what a revoked token must never do: act for others, purge, erase, export.
        """
        if self.unverified_because is not None:
            raise self.unverified_because
