"""The Auth client: what an introspection means, and for how long."""

import time

import pytest

from integrations.auth import AuthClient
from integrations.errors import TokenRejected, UpstreamUnavailable
from tests.doubles.fault_proxy import Fault
from tests.integration.integrations.conftest import World, in_parallel, soon, until

LATER = 2**33
TOKEN = "t"


def introspect(auth: AuthClient, token: str = TOKEN, *, expires_at: int = LATER) -> None:
    auth.introspect(token=token, user_id="u1", expires_at=expires_at, deadline=soon())


def test_it_asks_once_for_a_token_that_stands(world: World) -> None:
    """The answer is kept; the token goes in the body and nowhere else."""
    auth = world.clients().auth

    for _ in range(3):
        introspect(auth)

    assert [(method, path) for method, path, _ in world.stand_in.requests] == [
        ("POST", "/validate-token")
    ]


def test_it_rejects_a_revoked_token(world: World) -> None:
    """A 401 rejects the token, and is not asked for again."""
    auth = world.clients().auth
    world.stand_in.revoked.add("t")

    for _ in range(3):
        with pytest.raises(TokenRejected):
            introspect(auth)

    assert world.stand_in.calls == 1
    assert auth.known_revoked("t")
    assert not auth.known_revoked("another")


def test_a_revoked_token_is_known_by_what_is_signed(world: World) -> None:
    """An ES256 signature has a second form that is as good; anybody can work it out."""
    auth = world.clients().auth
    world.stand_in.revoked.add("head.body.signature")
    with pytest.raises(TokenRejected):
        introspect(auth, "head.body.signature")

    assert auth.known_revoked("head.body.other")
    assert not auth.known_revoked("head.other.signature")


def test_a_token_once_revoked_stays_so(world: World) -> None:
    """No later answer and no outage makes a revoked token good again."""
    auth = world.clients().auth
    world.stand_in.revoked.add("t")
    with pytest.raises(TokenRejected):
        introspect(auth)
    world.stand_in.revoked.clear()
    world.proxy.fault = Fault.REFUSE

    with pytest.raises(TokenRejected):
        introspect(auth)
    assert auth.known_revoked("t")


def test_processes_share_what_was_revoked(world: World) -> None:
    """A process that never saw the token knows that another saw it revoked."""
    world.stand_in.revoked.add("t")
    with pytest.raises(TokenRejected):
        introspect(world.clients().auth)

    assert world.clients().auth.known_revoked("t")
    assert not any(key.endswith(b":t") for key in world.redis.scan_iter())


def test_it_rejects_a_token_of_someone_else(world: World) -> None:
    """The user that the Auth Service names must be the token's, every time."""
    auth = world.clients().auth
    world.stand_in.owner = "u2"

    for _ in range(2):
        with pytest.raises(TokenRejected):
            introspect(auth)

    assert world.stand_in.calls == 1


def test_an_answer_for_one_user_is_none_for_another(world: World) -> None:
    """What is kept for a token serves only the user it was given for."""
    auth = world.clients().auth
    introspect(auth)

    with pytest.raises(TokenRejected):
        auth.introspect(token="t", user_id="u2", expires_at=LATER, deadline=soon())


def test_it_keeps_no_answer_past_the_end_of_the_token(world: World) -> None:
    """A token about to expire is asked for again once it has."""
    auth = world.clients().auth
    expires_at = int(time.time()) + 1

    def asked_again() -> bool:
        introspect(auth, expires_at=expires_at)
        return world.stand_in.calls > 1

    assert until(asked_again)


def test_it_notices_a_revocation_when_the_answer_is_a_minute_old(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A good answer is not trusted for longer than it may be."""
    monkeypatch.setattr("integrations.auth.LONGEST_TRUST", 0.3)
    auth = world.clients().auth
    introspect(auth)
    world.stand_in.revoked.add("t")

    def rejected() -> bool:
        try:
            introspect(auth)
        except TokenRejected:
            return True
        return False

    assert until(rejected)


def test_parallel_requests_with_one_token_make_one_call(world: World) -> None:
    """A page that fires many requests at once asks the Auth Service once."""
    auth = world.clients().auth
    world.stand_in.delay = 0.2

    in_parallel(lambda: introspect(auth), times=30)

    assert world.stand_in.calls == 1


def test_tokens_are_not_mixed_up(world: World) -> None:
    """Of many tokens asked for together, exactly the revoked ones are rejected."""
    auth = world.clients(auth_max_concurrency=20).auth
    world.stand_in.revoked = {f"t{number}" for number in range(0, 40, 3)}
    tokens = iter([f"t{number}" for number in range(40)])

    def ask() -> tuple[str, bool]:
        token = next(tokens)
        try:
            introspect(auth, token)
        except TokenRejected:
            return token, True
        return token, False

    rejected = {token for token, was in in_parallel(ask, times=40) if was}

    assert rejected == world.stand_in.revoked


@pytest.mark.parametrize("owner", [None, 7, ["u1"], {"id": "u1"}])
def test_it_refuses_an_answer_of_another_shape(world: World, owner: object) -> None:
    """Without a user_id that is text, a 200 says nothing about the token."""
    world.stand_in.owner = owner  # type: ignore[assignment]

    with pytest.raises(UpstreamUnavailable) as caught:
        introspect(world.clients().auth)

    assert caught.value.reason == "bad_response"
