"""Who may see and change what."""

import base64
import hmac
import math
import string
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from django.conf import settings

from tests.client import ApiClient, token_for
from tests.stored import stored

EVERY_CALL = [
    ("GET", ""),
    ("GET", "/history"),
    ("PATCH", ""),
    ("DELETE", ""),
    ("DELETE", "?permanent=true"),
    ("POST", "/archive"),
    ("POST", "/unarchive"),
    ("POST", "/restore"),
]


@pytest.mark.parametrize(("method", "suffix"), EVERY_CALL)
def test_it_keeps_others_out(api: ApiClient, other: ApiClient, method: str, suffix: str) -> None:
    """403 for another's conversation, 404 for none, 401 without a token; nothing changes."""
    conversation = api.create()
    body = {"title": "Mine now"} if method == "PATCH" else None
    theirs = other.send(method, f"/conversations/{conversation['id']}{suffix}", body)
    assert (theirs.status, theirs.code) == (403, "forbidden")
    nothing = other.send(method, f"/conversations/{'0' * 24}{suffix}", body)
    assert (nothing.status, nothing.code) == (404, "not_found")
    malformed = other.send(method, f"/conversations/xyz{suffix}", body)
    assert (malformed.status, malformed.code) == (404, "not_found")
    nobody = ApiClient(token=None).send(method, f"/conversations/{conversation['id']}{suffix}")
    assert (nobody.status, nobody.code) == (401, "not_authenticated")
    assert nobody.headers["WWW-Authenticate"] == "Bearer"
    assert api.read(conversation["id"]) == conversation


@pytest.mark.parametrize(("method", "suffix"), EVERY_CALL)
def test_it_lets_an_admin_act_for_a_user(
    api: ApiClient, admin: ApiClient, method: str, suffix: str
) -> None:
    """With the scope and ?user_id= an admin does what the user could; without user_id it is 403."""
    conversation = api.create()
    body = {"title": "By the admin"} if method == "PATCH" else None
    path = f"/conversations/{conversation['id']}{suffix}"
    assert admin.send(method, path, body).status == 403
    joint = "&" if "?" in suffix else "?"
    answer = admin.send(method, f"{path}{joint}user_id={api.user_id}", body)
    assert answer.status in (200, 204), answer.content


def test_it_lists_only_ones_own(api: ApiClient, other: ApiClient, admin: ApiClient) -> None:
    """A list never shows another's rows, but to an admin who asks for them."""
    api.create(title="Mine")
    other.create(title="Theirs")
    assert api.titles() == ["Mine"]
    assert admin.titles(f"?user_id={other.user_id}") == ["Theirs"]
    refused = api.get(f"/conversations?user_id={other.user_id}")
    assert (refused.status, refused.code) == (403, "insufficient_scope")
    assert 'error="insufficient_scope"' in refused.headers["WWW-Authenticate"]


def test_it_names_the_admin_in_the_event(api: ApiClient, admin: ApiClient) -> None:
    """The owner stays the owner, the actor is who acted."""
    answer = admin.post(f"/conversations?user_id={api.user_id}", {"character_id": "ada"})
    assert answer.json["user_id"] == api.user_id
    document = stored(api.user_id)
    assert document["pending_events"][0]["actor"] == admin.user_id


def _token(**claims: object) -> str:
    payload = {"user_id": "u1", "exp": int(time.time()) + 60, **claims}
    kept = {name: value for name, value in payload.items() if value is not None}
    return jwt.encode(kept, settings.CONFIG.jwt_secret_key, algorithm="HS256")


def _signed(key: str, algorithm: str) -> str:
    return jwt.encode({"user_id": "u1", "exp": time.time() + 60}, key, algorithm=algorithm)


def _sealed(head: str, body: str) -> str:
    """Return the two parts as they are, rightly signed."""
    signed = f"{head}.{body}"
    key = settings.CONFIG.jwt_secret_key.encode()
    return f"{signed}.{_encoded(hmac.digest(key, signed.encode(), 'sha256'))}"


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def _with_stray_bits(token: str) -> str:
    # Of the last of 43 characters two bits count for nothing: 32 bytes end before them.
    letters = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
    return token[:-1] + letters[letters.index(token[-1]) + 1]


LATER = int(time.time()) + 3600
HEAD = _encoded(b'{"alg":"HS256"}')
BODY = _encoded(b'{"user_id": "u1","exp":%d}' % LATER)  # of 34 bytes: two characters of padding
NO_DATES = {
    "a text": str(LATER),
    "with underscores": "9_999_999_999",
    "in spaces": " 9999999999 ",
    "true": True,
    "a list": [LATER],
    "NaN": math.nan,
    "Infinity": math.inf,
    "-Infinity": -math.inf,
    "after the year 9999": 253_402_300_800,
    "of 309 digits": 10**308,
    "beyond a float": 10**400,
}
INVALID = {
    "no JWT": "nonsense",
    "not ASCII": "é",
    "expired": token_for("u1", ttl=-60),
    "without expiry": _token(exp=None),
    "without user_id": _token(user_id=None),
    "user_id a number": _token(user_id=7),
    "user_id me": _token(user_id="me"),
    "user_id with a space": _token(user_id="a b"),
    "user_id too long": _token(user_id="x" * 129),
    "another key": _signed("x" * 32, "HS256"),
    "no signature": _signed("", "none"),
    "another algorithm": _signed(settings.CONFIG.jwt_secret_key, "HS384"),
    "two parts": f"{HEAD}.{BODY}",
    "four parts": f"{_sealed(HEAD, BODY)}.x",
    "an empty part": f"{HEAD}.{BODY}.",
    "padded signature": f"{_sealed(HEAD, BODY)}=",
    "padded payload": _sealed(HEAD, f"{BODY}=="),
    "stray bits in the signature": _with_stray_bits(_sealed(HEAD, BODY)),
    "exp negative": _token(exp=-1),
    "exp of 5,000 digits": _sealed(HEAD, _encoded(b'{"user_id":"u1","exp":%s}' % (b"9" * 5000))),
    "iat null": _sealed(HEAD, _encoded(b'{"user_id":"u1","exp":%d,"iat":null}' % LATER)),
    **{
        f"{claim} {name}": _token(**{"exp": LATER, claim: value})
        for claim in ("exp", "nbf", "iat")
        for name, value in NO_DATES.items()
    },
}


@pytest.mark.parametrize("token", INVALID.values(), ids=INVALID)
def test_it_refuses_a_token_that_is_not_valid(database: None, token: str) -> None:
    """401 invalid_token, whatever is wrong with it."""
    answer = ApiClient(token=token).get("/conversations")
    assert (answer.status, answer.code) == (401, "invalid_token")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


@pytest.mark.parametrize("header", ["Basic dTpw", "Bearer", "Bearer a b", "bearer"])
def test_it_refuses_a_header_that_is_no_bearer_token(database: None, header: str) -> None:
    """401, never a 500."""
    answer = ApiClient(token=None).get("/conversations", Authorization=header)
    assert answer.status == 401


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_case_of_the_scheme_does_not_count(database: None, user_id: str, scheme: str) -> None:
    """RFC 9110 section 11.1."""
    header = f"{scheme} {token_for(user_id)}"
    assert ApiClient(token=None).get("/conversations", Authorization=header).status == 200


def test_it_tells_who_comes_late_that_the_token_has_expired(database: None) -> None:
    """A client can then fetch another without asking anybody."""
    answer = ApiClient(token=token_for("u1", ttl=-60)).get("/conversations")
    assert answer.json["detail"] == "The token has expired."


@pytest.mark.parametrize(
    "claims",
    [
        {"iat": LATER},
        {"iat": LATER + 0.5, "nbf": 0.5, "exp": LATER + 0.5},
        {"iat": -1, "nbf": -1.5, "exp": 253_402_300_799},
    ],
)
def test_it_takes_every_date_that_is_a_number(database: None, claims: dict[str, Any]) -> None:
    """Fractions and what came before 1970 too (RFC 7519, 2); iat says when, not whether."""
    token = token_for("u1", **claims)
    assert ApiClient(token=token).get("/conversations").status == 200


def test_it_takes_the_token_that_the_malformed_ones_are_made_of(database: None) -> None:
    """So that it is their form for which they are refused."""
    assert ApiClient(token=_sealed(HEAD, BODY)).get("/conversations").status == 200


def test_it_serves_every_user_id_that_the_contract_allows(
    client_of: Callable[..., ApiClient],
) -> None:
    """1-128 of [A-Za-z0-9_.:@-]."""
    for user_id in ("u", "A.b:c@d-e_f9", "x" * 128, "Me"):
        assert client_of(user_id).get("/conversations").status == 200
