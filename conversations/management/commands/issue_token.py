"""`manage.py issue_token`: a bearer token for trying the API out."""

import time
import warnings
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser
from jwt.warnings import InsecureKeyLengthWarning
from rest_framework_simplejwt.backends import TokenBackend

from conversations.management.teaching import TeachingCommand, UsageError, check_user

EPILOG = """\
Scopes: conversations:activity (for the Message Service), conversations:admin (any user's data).
Try it:  curl -H "Authorization: Bearer $(manage.py issue_token demo)" .../api/v1/conversations
"""


class Command(TeachingCommand):
    """Print a JWT signed by JWT_SECRET_KEY."""

    help = "Print a bearer token for USER and nothing else. Not for production."
    examples = EPILOG

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("user", metavar="USER", help="the token's user_id")
        parser.add_argument("--scope", default="", help='scopes, space-separated: "a b"')
        parser.add_argument(
            "--ttl", type=int, default=3600, metavar="SECONDS", help="lifetime (3600)"
        )
        parser.add_argument(
            "--issuer", default=settings.CONFIG.jwt_issuer, help="iss claim (JWT_ISSUER)"
        )

    def handle(self, **options: Any) -> str:
        """Return the token, which Django prints; raises CommandError where none may be issued."""
        config = settings.CONFIG
        if config.is_production:
            raise CommandError("Tokens for production come from the Auth Service.")
        if config.jwt_algorithm != "HS256":
            raise CommandError(f"Only HS256 tokens can be signed here, not {config.jwt_algorithm}.")
        check_user(options["user"])
        if options["ttl"] < 1:
            raise UsageError("--ttl must be at least 1 second.")
        backend = TokenBackend(
            algorithm=config.jwt_algorithm,
            signing_key=config.jwt_secret_key,
            issuer=options["issuer"] or None,
            audience=config.jwt_audience or None,
        )
        with warnings.catch_warnings():
            # A short development key is worth a warning in the service's log, not in the token.
            warnings.simplefilter("ignore", InsecureKeyLengthWarning)
            return backend.encode(_claims(options, now=int(time.time())))


def _claims(options: dict[str, Any], *, now: int) -> dict[str, Any]:
    claims = {"user_id": options["user"], "iat": now, "exp": now + options["ttl"]}
    return {**claims, "scope": options["scope"]} if options["scope"] else claims
