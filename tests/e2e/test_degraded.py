"""While the Auth Service is away: what still works, what is refused, and how callers are told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.doubles.fault_proxy import Fault
from tests.e2e.documented import check_against
from tests.e2e.faulty import CONVERSATIONS, Faulty, assert_unavailable, faulty_service

AUTH = {"code": "upstream_unavailable", "naming": "The Auth Service"}
ADMIN = "conversations:admin"
COUNTER = 'degraded_answers_total{mode="auth-local"}'


@pytest.fixture(scope="module")
def running(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Faulty]:
    with faulty_service(folder=tmp_path_factory.mktemp("degraded")) as running:
        yield running


@pytest.fixture
def faulty(running: Faulty) -> Iterator[Faulty]:
    """Return the service, whose upstreams work until a test breaks them."""
    yield running
    running.auth.fault = running.characters.fault = Fault.NONE


def assert_revoked(answer: requests.Response) -> None:
    assert answer.status_code == 401
    assert answer.json()["code"] == "invalid_token"


def test_ordinary_calls_go_on_and_say_so(faulty: Faulty, user_id: str) -> None:
    """With X-Degraded on each answer, the errors too, and a metric that counts them."""
    token = faulty.service.token(user_id)
    faulty.auth.fault = Fault.REFUSE
    before = faulty.service.sample(COUNTER)

    created = faulty.create("ada", token=token)
    answers = [
        created,
        faulty.send("GET", f"{CONVERSATIONS}/{created.json()['id']}", token=token),
        faulty.send("GET", f"{CONVERSATIONS}/{'0' * 24}", token=token),
        faulty.send("DELETE", f"{CONVERSATIONS}/{created.json()['id']}", token=token),
    ]

    assert [answer.status_code for answer in answers] == [201, 200, 404, 204]
    assert {answer.headers["X-Degraded"] for answer in answers} == {"auth-local"}
    assert faulty.service.sample(COUNTER) - before == 4


def test_both_fallbacks_are_told_of(faulty: Faulty, user_id: str) -> None:
    """When Characters is away as well, the answer owes something to two of them."""
    faulty.remember(f"known-{user_id}", name="Known")
    faulty.auth.fault = faulty.characters.fault = Fault.REFUSE

    answer = faulty.create(f"known-{user_id}", token=faulty.service.token(user_id))

    assert answer.status_code == 201
    assert answer.headers["X-Degraded"] == "characters-stale, auth-local"


def test_degraded_errors_are_as_documented(faulty: Faulty, user_id: str) -> None:
    """Whatever else is the matter, the header is in the document."""
    check = check_against(faulty.service.get("/api/schema").json())
    faulty.auth.fault = faulty.characters.fault = Fault.REFUSE
    token = faulty.service.token(user_id)
    answers = [
        (400, faulty.send("GET", f"{CONVERSATIONS}?nonsense=1", token=token), "get"),
        (403, faulty.send("GET", f"{CONVERSATIONS}?user_id=somebody", token=token), "get"),
        (503, faulty.create(f"unknown-{user_id}", token=token), "post"),
    ]
    for status, answer, method in answers:
        assert (answer.status_code, answer.headers["X-Degraded"]) == (status, "auth-local")
        check(answer, CONVERSATIONS, method)


def test_purging_waits_for_the_auth_service(faulty: Faulty, user_id: str) -> None:
    """What cannot be undone is not done on a signature alone; the trash is no such thing."""
    conversation = faulty.create("ada", token=faulty.service.token(user_id)).json()
    path = f"{CONVERSATIONS}/{conversation['id']}"
    faulty.auth.fault = Fault.REFUSE
    token = faulty.service.token(user_id, jti="new")

    refused = faulty.send("DELETE", f"{path}?permanent=true", token=token)

    assert_unavailable(refused, **AUTH)
    assert faulty.send("GET", path, token=token).json() == conversation
    faulty.auth.fault = Fault.NONE
    assert faulty.send("DELETE", f"{path}?permanent=true", token=token).status_code == 204


def test_acting_for_others_waits_for_the_auth_service(faulty: Faulty, user_id: str) -> None:
    """An admin's scope counts only with the Auth Service behind it; one's own data is no matter."""
    faulty.create("ada", token=faulty.service.token(user_id))
    admin = faulty.service.token(f"admin-{user_id}", scope=ADMIN)
    faulty.auth.fault = Fault.REFUSE

    for method, path in (("GET", CONVERSATIONS), ("POST", CONVERSATIONS)):
        json = {"character_id": "ada"} if method == "POST" else None
        refused = faulty.send(method, f"{path}?user_id={user_id}", token=admin, json=json)
        assert_unavailable(refused, **AUTH)
    assert faulty.send("GET", CONVERSATIONS, token=admin).json()["results"] == []
    faulty.auth.fault = Fault.NONE
    seen = faulty.send("GET", f"{CONVERSATIONS}?user_id={user_id}", token=admin).json()
    assert len(seen["results"]) == 1


def test_a_token_seen_revoked_stays_out(faulty: Faulty, user_id: str) -> None:
    """Though its signature is good and nobody can be asked; others of the user's come in."""
    revoked, other = (faulty.service.token(user_id, jti=jti) for jti in ("a", "b"))
    faulty.upstreams.revoked = {revoked}
    assert_revoked(faulty.send("GET", CONVERSATIONS, token=revoked))
    faulty.auth.fault = Fault.HANG

    for text in (revoked, f"{revoked}=", f"{revoked}=="):
        assert_revoked(faulty.send("GET", CONVERSATIONS, token=text))
    assert faulty.send("GET", CONVERSATIONS, token=other).status_code == 200


def test_a_token_revoked_elsewhere_stays_out(faulty: Faulty, user_id: str, tmp_path: Path) -> None:
    """What another process was told counts here too: they share it, by the token's hash."""
    revoked = faulty.service.token(user_id, jti="elsewhere")
    faulty.upstreams.revoked = {revoked}
    with faulty_service(folder=tmp_path, REDIS_URL=faulty.valkey.url) as second:
        second.upstreams.revoked = {revoked}
        assert_revoked(second.send("GET", CONVERSATIONS, token=revoked))
    faulty.auth.fault = Fault.REFUSE

    assert_revoked(faulty.send("GET", CONVERSATIONS, token=revoked))


def test_where_it_is_configured_nobody_comes_in(
    servers: None, user_id: str, tmp_path: Path
) -> None:
    """AUTH_DEGRADED=deny: a 503 for every token not vouched for within the last minute."""
    with faulty_service(folder=tmp_path, AUTH_DEGRADED="deny") as strict:
        known = strict.service.token(user_id)
        assert strict.send("GET", CONVERSATIONS, token=known).status_code == 200
        strict.auth.fault = Fault.STATUS_500

        refused = strict.send("GET", CONVERSATIONS, token=strict.service.token(user_id, jti="x"))

        assert_unavailable(refused, **AUTH)
        assert "X-Degraded" not in refused.headers
        assert strict.send("GET", CONVERSATIONS, token=known).status_code == 200
