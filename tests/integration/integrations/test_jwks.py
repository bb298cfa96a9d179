"""Signing keys and their rotation, with real keys and real tokens."""

from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from integrations.errors import TokenRejected, UpstreamUnavailable
from integrations.jwks import JwksClient
from tests.doubles.fault_proxy import Fault
from tests.integration.integrations.conftest import World, soon, until

RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def described(key: Any, *, kid: str, **members: str) -> dict[str, Any]:
    algorithm = RSAAlgorithm if isinstance(key, rsa.RSAPrivateKey) else ECAlgorithm
    return {**algorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, **members}


@pytest.fixture
def jwks(world: World) -> JwksClient:
    """Return a client of the key set that the stand-in serves as the character `keys`."""
    publish(world, described(RSA_KEY, kid="r1"))
    return client(world)


def publish(world: World, *keys: object) -> None:
    world.stand_in.characters["keys"] = {"keys": list(keys)}


def client(world: World, **settings: Any) -> JwksClient:
    url = f"{world.proxy.url}/characters/keys"
    found = world.clients(jwt_jwks_url=url, **settings).jwks
    assert found is not None
    return found


@pytest.mark.parametrize(("key", "algorithm"), [(RSA_KEY, "RS256"), (EC_KEY, "ES256")])
def test_it_finds_the_key_of_a_token(world: World, key: Any, algorithm: str) -> None:
    """A token signed with a published key can be checked with what the client returns."""
    publish(world, described(RSA_KEY, kid="r1"), described(EC_KEY, kid="e1"))
    kid = "r1" if key is RSA_KEY else "e1"
    token = jwt.encode({"user_id": "u1"}, key, algorithm=algorithm, headers={"kid": kid})

    found = client(world).signing_key(kid=kid, deadline=soon())

    assert jwt.decode(token, found, algorithms=[algorithm]) == {"user_id": "u1"}


def test_it_fetches_once(world: World, jwks: JwksClient) -> None:
    """Known keys are served without asking."""
    for _ in range(5):
        jwks.signing_key(kid="r1", deadline=soon())

    assert world.stand_in.calls == 1


def test_it_takes_the_only_key_for_a_token_that_names_none(world: World, jwks: JwksClient) -> None:
    """Without a `kid` one key is unmistakable, and two are not."""
    assert jwks.signing_key(kid=None, deadline=soon()).key_id == "r1"
    publish(world, described(RSA_KEY, kid="r1"), described(EC_KEY, kid="e1"))

    with pytest.raises(TokenRejected):
        client(world).signing_key(kid=None, deadline=soon())


def test_unknown_ids_do_not_make_it_fetch(world: World, jwks: JwksClient) -> None:
    """Tokens with invented key ids cause no more than one fetch a minute."""
    jwks.signing_key(kid="r1", deadline=soon())

    for number in range(50):
        with pytest.raises(TokenRejected):
            jwks.signing_key(kid=f"invented{number}", deadline=soon())

    assert world.stand_in.calls == 1


def test_it_finds_a_rotated_key(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new key is found as soon as another fetch is allowed; the old one goes with the set."""
    monkeypatch.setattr("integrations.build.JwksClient", hasty)
    publish(world, described(RSA_KEY, kid="r1"))
    jwks = client(world)
    jwks.signing_key(kid="r1", deadline=soon())
    publish(world, described(EC_KEY, kid="e1"))

    def rotated() -> bool:
        try:
            return jwks.signing_key(kid="e1", deadline=soon()).key_id == "e1"
        except TokenRejected:
            return False

    assert until(rotated)
    with pytest.raises(TokenRejected):
        jwks.signing_key(kid="r1", deadline=soon())


def test_it_keeps_the_keys_while_the_issuer_is_away(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An issuer that is down does not invalidate anyone's token."""
    monkeypatch.setattr("integrations.build.JwksClient", hasty)
    publish(world, described(RSA_KEY, kid="r1"))
    jwks = client(world)
    jwks.signing_key(kid="r1", deadline=soon())
    seen = world.proxy.requests
    world.proxy.fault = Fault.STATUS_500

    def asked_in_vain() -> bool:
        assert jwks.signing_key(kid="r1", deadline=soon()).key_id == "r1"
        return world.proxy.requests > seen

    assert until(asked_in_vain)
    assert jwks.signing_key(kid="r1", deadline=soon()).key_id == "r1"


def test_it_says_so_when_it_never_had_keys(world: World, jwks: JwksClient) -> None:
    """Without keys a token is not wrong: it cannot be checked."""
    world.proxy.fault = Fault.REFUSE

    with pytest.raises(UpstreamUnavailable):
        jwks.signing_key(kid="r1", deadline=soon())

    world.proxy.fault = Fault.NONE
    assert jwks.signing_key(kid="r1", deadline=soon()).key_id == "r1"


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"keys": []},
        {"keys": "none"},
        {"keys": [7]},
        {"keys": [{"kty": "RSA", "kid": "r1"}]},
        {"keys": [{"kty": "RSA", "kid": "r1", "alg": [], "n": "AQAB", "e": "AQAB"}]},
        {"keys": [{"kty": "oct", "kid": "r1", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"}]},
        {"keys": [described(RSA_KEY, kid="r1", use="enc")]},
    ],
)
def test_it_trusts_no_document_without_a_public_signing_key(
    world: World, jwks: JwksClient, content: object
) -> None:
    """Rubbish, a symmetric key, or one for encryption is a failure of the issuer."""
    world.stand_in.characters["keys"] = content

    with pytest.raises(UpstreamUnavailable) as caught:
        jwks.signing_key(kid="r1", deadline=soon())

    assert caught.value.reason == "bad_response"


def hasty(**arguments: Any) -> JwksClient:
    return JwksClient(**arguments, fresh=0.3, at_most_every=0.3)
