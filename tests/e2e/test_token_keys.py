"""Tokens signed with a private key: verified by a key set that rotates, or by one fixed key."""

import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import jwt
import pytest
import requests

from tests.doubles.fault_proxy import Fault, FaultProxy
from tests.doubles.key_set import KeySet, Signer, key_set
from tests.e2e.faulty import CONVERSATIONS, Faulty, assert_unavailable, faulty_service

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
LOCAL = {"AUTH_VALIDATION": "local"}
KEY_SERVICE = {"code": "upstream_unavailable", "naming": "The key service of the Auth Service"}


@dataclass(kw_only=True)
class Issued:
    """A service that fetches keys, who signs its tokens, and the way the keys come."""

    faulty: Faulty
    keys: KeySet
    road: FaultProxy
    signer: Signer

    def ask(self, token: str) -> requests.Response:
        """List with a token."""
        return self.faulty.send("GET", CONVERSATIONS, token=token)


@pytest.fixture
def issued(servers: None, tmp_path: Path) -> Iterator[Issued]:
    """Return a service with RS256 and a key set, neither of which it has fetched yet."""
    with ExitStack() as running:
        keys = running.enter_context(key_set())
        signer = Signer(algorithm="RS256", kid="first")
        keys.signers = [signer]
        road = running.enter_context(FaultProxy(target=keys.url))
        changes = {
            **LOCAL,
            "JWT_ALGORITHM": "RS256",
            "JWT_JWKS_URL": f"{road.url}/keys.json",
            "JWT_ISSUER": "https://auth.example",
            "JWT_AUDIENCE": "conversations",
        }
        faulty = running.enter_context(faulty_service(folder=tmp_path, **changes))
        yield Issued(faulty=faulty, keys=keys, road=road, signer=signer)


def token(signer: Signer, **claims: object) -> str:
    rightful = {"iss": "https://auth.example", "aud": ["other", "conversations"]}
    return signer.token("u1", **(rightful | claims))


def other_form(es256: str) -> str:
    """Return the token with the other signature of the two that its key verifies."""
    signed, _, encoded = es256.rpartition(".")
    signature = jwt.utils.base64url_decode(encoded)
    s = P256_ORDER - int.from_bytes(signature[32:], "big")
    twin = jwt.utils.base64url_encode(signature[:32] + s.to_bytes(32, "big"))
    return f"{signed}.{twin.decode()}"


def test_tokens_are_verified_by_the_key_set(issued: Issued) -> None:
    """One fetch serves all; what is wrong with a token is a 401, whatever key signed it."""
    stranger = Signer(algorithm="RS256", kid="first")
    elliptic = Signer(algorithm="ES256", kid="first")
    wrong = {
        "signed by another": token(stranger),
        "another algorithm": token(elliptic),
        "no expiry": token(issued.signer, exp=None),
        "expired": token(issued.signer, exp=int(time.time()) - 60),
        "expiry no number": token(issued.signer, exp=None, nbf=[]),
        "another issuer": token(issued.signer, iss="https://evil.example"),
        "no issuer": token(issued.signer, iss=None),
        "another audience": token(issued.signer, aud="messages"),
        "no audience": token(issued.signer, aud=None),
        "unsigned": jwt.encode({"user_id": "u1"}, "", algorithm="none"),
        "unsigned with a key id": jwt.encode({}, "", algorithm="none", headers={"kid": "x"}),
    }

    assert issued.ask(token(issued.signer)).status_code == 200
    for name, each in wrong.items():
        answer = issued.ask(each)
        assert (name, answer.status_code) == (name, 401)
        assert answer.json()["code"] == "invalid_token"
    assert issued.keys.requests == 1


def test_the_public_key_is_no_secret(issued: Issued) -> None:
    """A token signed by HS256 with the public key for its secret is refused (RFC 8725, 2.1)."""
    head, body = (
        jwt.utils.base64url_encode(part).decode()
        for part in (b'{"alg":"HS256","kid":"first"}', b'{"user_id":"u1","exp":9999999999}')
    )
    key = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = key.sign(f"{head}.{body}".encode(), issued.signer.pem.encode())
    forged = f"{head}.{body}.{jwt.utils.base64url_encode(signature).decode()}"
    assert issued.ask(forged).status_code == 401


def test_the_issuer_may_be_away(issued: Issued) -> None:
    """503 for a process that never had the keys; after that the last known ones serve."""
    issued.road.fault = Fault.HANG
    assert_unavailable(issued.ask(token(issued.signer)), **KEY_SERVICE)
    issued.road.fault = Fault.NONE
    assert issued.ask(token(issued.signer)).status_code == 200

    issued.road.fault = Fault.REFUSE

    assert issued.ask(token(issued.signer)).status_code == 200
    unknown = Signer(algorithm="RS256", kid="unknown")
    assert issued.ask(token(unknown)).status_code == 401
    assert issued.faulty.health()["key_service"]["status"] == "unhealthy"


def test_unknown_keys_cause_no_more_than_one_fetch(issued: Issued) -> None:
    """Tokens that name keys of their own cannot make the service call its issuer."""
    assert issued.ask(token(issued.signer)).status_code == 200
    for number in range(10):
        unknown = Signer(algorithm="RS256", kid=f"unknown{number}")
        assert issued.ask(token(unknown)).status_code == 401
    assert issued.keys.requests <= 2
    assert issued.faulty.health()["key_service"]["status"] == "healthy"


def test_a_fixed_key_may_come_on_one_line(servers: None, tmp_path: Path) -> None:
    """JWT_PUBLIC_KEY with two characters for each end of a line: some platforms know no other."""
    signer = Signer(algorithm="ES256", kid="any")
    pem = signer.pem.replace("\n", "\\n")
    changes = {**LOCAL, "JWT_ALGORITHM": "ES256", "JWT_PUBLIC_KEY": pem}
    with faulty_service(folder=tmp_path, **changes) as faulty:
        good = faulty.send("GET", CONVERSATIONS, token=signer.token("u1"))
        other = Signer(algorithm="ES256", kid="any").token("u1")
        bad = faulty.send("GET", CONVERSATIONS, token=other)
    assert good.status_code == 200
    assert bad.status_code == 401


def test_the_auth_service_is_asked_about_signed_tokens_too(servers: None, tmp_path: Path) -> None:
    """A good signature says nothing of a revocation."""
    signer = Signer(algorithm="RS256", kid="any")
    changes = {"JWT_ALGORITHM": "RS256", "JWT_PUBLIC_KEY": signer.pem}
    with faulty_service(folder=tmp_path, **changes) as faulty:
        stands, revoked = (signer.token("u1", jti=jti) for jti in ("a", "b"))
        faulty.upstreams.revoked = {revoked}
        assert faulty.send("GET", CONVERSATIONS, token=stands).status_code == 200
        assert faulty.send("GET", CONVERSATIONS, token=revoked).status_code == 401


def test_a_revoked_token_stays_out_under_its_other_signature(servers: None, tmp_path: Path) -> None:
    """An ES256 signature (r, s) is as good as (r, n - s), which needs no key: here Auth is away."""
    signer = Signer(algorithm="ES256", kid="any")
    changes = {"JWT_ALGORITHM": "ES256", "JWT_PUBLIC_KEY": signer.pem}
    with faulty_service(folder=tmp_path, **changes) as faulty:
        revoked, other = (signer.token("u1", jti=jti) for jti in ("a", "b"))
        faulty.upstreams.revoked = {revoked}
        assert faulty.send("GET", CONVERSATIONS, token=revoked).status_code == 401
        faulty.auth.fault = Fault.REFUSE
        assert faulty.send("GET", CONVERSATIONS, token=other_form(other)).status_code == 200
        assert faulty.send("GET", CONVERSATIONS, token=other_form(revoked)).status_code == 401
