"""`manage.py issue_token`."""

import os
import subprocess
import sys
import time
from io import StringIO
from typing import Any

import jwt
import pytest
from django.core.management import CommandError, call_command

UNREACHABLE = "mongodb://127.0.0.1:1"


def issue(*arguments: str) -> str:
    """Return what the command prints."""
    output = StringIO()
    call_command("issue_token", *arguments, stdout=output)
    return output.getvalue().removesuffix("\n")


def claims(token: str, settings: Any, **options: Any) -> dict[str, Any]:
    """Return the claims of a token with a valid signature."""
    key = settings.CONFIG.jwt_secret_key
    return jwt.decode(token, key, algorithms=["HS256"], **options)


def configure(settings: Any, **changes: Any) -> None:
    """Change the configuration for the length of a test."""
    settings.CONFIG = settings.CONFIG.model_copy(update=changes)


def test_it_signs_the_claims_that_the_api_asks_for(settings: Any) -> None:
    """user_id, iat and exp an hour later; no scope unless one is asked for."""
    issued = claims(issue("demo@example.org"), settings)
    assert issued.keys() == {"user_id", "iat", "exp"}
    assert issued["user_id"] == "demo@example.org"
    assert issued["exp"] - issued["iat"] == 3600
    assert abs(issued["iat"] - time.time()) < 60


def test_it_grants_scopes_and_a_lifetime(settings: Any) -> None:
    """As given on the command line."""
    token = issue("demo", "--scope", "conversations:admin other", "--ttl", "5")
    issued = claims(token, settings)
    assert issued["scope"] == "conversations:admin other"
    assert issued["exp"] - issued["iat"] == 5


def test_it_names_the_issuer_and_audience_that_are_configured(settings: Any) -> None:
    """The API checks both then; another issuer can be given, to see it refused."""
    configure(settings, jwt_issuer="https://auth.example", jwt_audience="conversations")
    for arguments, issuer in (((), "https://auth.example"), (("--issuer", "x"), "x")):
        issued = claims(
            issue("demo", *arguments), settings, issuer=issuer, audience="conversations"
        )
        assert (issued["iss"], issued["aud"]) == (issuer, "conversations")


@pytest.mark.parametrize("user", ["me", "", "a b", "a/b", "a" * 129, "a\n"])
def test_it_refuses_what_is_no_user_id(user: str) -> None:
    """The API would refuse the token."""
    with pytest.raises(CommandError, match="USER must be"):
        issue(user)


def test_it_refuses_a_lifetime_that_is_over() -> None:
    """At least a second."""
    with pytest.raises(CommandError, match="--ttl"):
        issue("demo", "--ttl", "0")


def test_it_refuses_where_tokens_are_not_its_to_issue(settings: Any) -> None:
    """In production, and with a key that only the Auth Service has."""
    configure(settings, environment="production")
    with pytest.raises(CommandError, match="Auth Service"):
        issue("demo")
    configure(settings, environment="development", jwt_algorithm="ES256")
    with pytest.raises(CommandError, match="ES256"):
        issue("demo")


def test_it_prints_the_token_alone_and_needs_no_database(settings: Any) -> None:
    """Fit for $(…) in a shell."""
    done = subprocess.run(
        [sys.executable, "manage.py", "issue_token", "demo"],
        env={**os.environ, "MONGODB_URL": UNREACHABLE},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert claims(done.stdout.strip(), settings)["user_id"] == "demo"
    assert done.stdout.count("\n") == 1
    assert done.stderr == ""
