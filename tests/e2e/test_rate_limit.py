"""RATE_LIMIT: how often a user may call, over all processes, and what the answers tell of it."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from integrations.resilience.shared import connect_redis
from tests.activities import told
from tests.doubles.supervised import eventually
from tests.e2e.faulty import CONVERSATIONS, at_once
from tests.e2e.live import LiveService, live_service, own_database

LIMIT = 20
APP = "https://app.example"
CHECKS = 'rate_limit_checks_total{outcome="%s"}'
ADA = {"character_id": "ada"}


@pytest.fixture(scope="module")
def limited(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    """Return a service of two processes whose limit no test outlives: a refusal is for good."""
    folder = tmp_path_factory.mktemp("limited")
    changes = {"RATE_LIMIT": f"{LIMIT}/hour", "WEB_WORKERS": "2", "CORS_ALLOWED_ORIGINS": APP}
    with live_service(folder=folder, **changes) as running, own_database(running):
        yield running


def send(
    service: LiveService,
    token: str,
    path: str = CONVERSATIONS,
    *,
    method: str = "GET",
    json: Any = None,
    **headers: str,
) -> requests.Response:
    """Call over a connection of its own, from any thread, so that any process may answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.request(
        method,
        service.url + path,
        json=json,
        headers={"Authorization": f"Bearer {token}", **named},
        timeout=60,
    )


Call = Callable[..., requests.Response]


@pytest.fixture
def call(limited: LiveService, user_id: str) -> Call:
    """Return a way to call the limited service as a new user."""

    def call(
        path: str = CONVERSATIONS, *, user: str = user_id, scope: str = "", **options: Any
    ) -> requests.Response:
        return send(limited, limited.token(user, scope=scope), path, **options)

    return call


def forget(limited: LiveService, user_id: str) -> None:
    """Let the user's hour be over."""
    with connect_redis(limited.env["REDIS_URL"]) as redis:
        assert redis.delete(f"rate_limit:{user_id}")


def left(answer: requests.Response) -> int:
    """Return how many requests the answer leaves its caller."""
    match = re.fullmatch(r'"default";r=(\d+);t=(\d+)', answer.headers["RateLimit"])
    assert match is not None
    assert 0 < int(match[2]) <= 3600
    return int(match[1])


def test_as_many_as_the_limit_pass_of_many_at_once(call: Call) -> None:
    """No more and no fewer, whichever process and thread each came to."""
    answers = at_once(lambda _: call(), times=3 * LIMIT)

    assert Counter(each.status_code for each in answers) == {200: LIMIT, 429: 2 * LIMIT}
    passed = sorted(left(each) for each in answers if each.status_code == 200)
    assert passed == list(range(LIMIT))


def test_every_answer_tells_what_is_left(call: Call) -> None:
    """Errors too, as they count alike; the policy is the same each time."""
    answers = [
        call(),
        call(f"{CONVERSATIONS}/nonsense"),
        call(f"{CONVERSATIONS}?nonsense=1"),
        call(method="PUT"),
        call(Accept="text/html"),
    ]

    assert [each.status_code for each in answers] == [200, 404, 400, 405, 406]
    assert [left(each) for each in answers] == [LIMIT - 1 - number for number in range(5)]
    policies = {each.headers["RateLimit-Policy"] for each in answers}
    assert policies == {f'"default";q={LIMIT};w=3600'}


def test_a_refusal_says_why_and_when_to_come_back(limited: LiveService, call: Call) -> None:
    """As a problem document whose type has a page, to pages of other origins as well."""
    at_once(lambda _: call(), times=LIMIT)
    refused = call(Origin=APP)

    assert refused.status_code == 429
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "too_many_requests"
    assert limited.session.get(refused.json()["type"], timeout=60).status_code == 200
    seconds = refused.headers["Retry-After"]
    assert refused.headers["RateLimit"] == f'"default";r=0;t={seconds}'
    assert 0 < int(seconds) <= 3600
    exposed = refused.headers["Access-Control-Expose-Headers"]
    assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= set(exposed.split(", "))
    assert call(Accept="text/html").status_code == 429


def test_a_refusal_changes_nothing(limited: LiveService, call: Call, user_id: str) -> None:
    """Nor does it keep the Idempotency-Key: another body may come with it."""
    created = call(method="POST", json=ADA)
    url = f"{CONVERSATIONS}/{created.json()['id']}"
    at_once(lambda _: call(), times=LIMIT)

    refused = [
        call(method="POST", json=ADA, Idempotency_Key="once"),
        call(url, method="PATCH", json={"title": "New"}),
        call(url, method="DELETE"),
    ]
    assert [each.status_code for each in refused] == [429, 429, 429]

    forget(limited, user_id)
    [only] = call(f"{CONVERSATIONS}?status=all").json()["results"]
    assert (only["title"], only["version"], only["status"]) == (
        created.json()["title"],
        1,
        "active",
    )
    again = call(method="POST", json={**ADA, "title": "Another"}, Idempotency_Key="once")
    assert again.status_code == 201
    assert "Idempotent-Replayed" not in again.headers


def test_a_repeat_counts_as_the_request_that_it_is(call: Call) -> None:
    """What is left is told as it is then, not as it was kept."""
    answers = [call(method="POST", json=ADA, Idempotency_Key="k") for _ in range(2)]

    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert [left(each) for each in answers] == [LIMIT - 1, LIMIT - 2]


def test_users_do_not_disturb_each_other(call: Call, user_id: str) -> None:
    """Nor does an admin who acts for one: the requests are the admin's own."""
    admin = {"user": f"admin-of-{user_id}", "scope": "conversations:admin"}
    at_once(lambda _: call(), times=LIMIT + 1)
    assert call().status_code == 429

    assert left(call(user=f"friend-of-{user_id}")) == LIMIT - 1
    for_them = [call(f"{CONVERSATIONS}?user_id={user_id}", **admin) for _ in range(2)]
    assert [left(each) for each in for_them] == [LIMIT - 1, LIMIT - 2]


def test_a_bad_token_is_on_nobodys_account(limited: LiveService, call: Call, user_id: str) -> None:
    """Or anybody could lock out another by forging tokens of theirs."""
    forged = limited.token(user_id)[:-8] + "AAAAAAAA"
    answers = at_once(lambda _: send(limited, forged), times=LIMIT)

    assert {each.status_code for each in answers} == {401}
    assert not any("RateLimit" in each.headers for each in answers)
    assert left(call()) == LIMIT - 1


def test_the_message_service_is_not_limited(call: Call, user_id: str) -> None:
    """Its activities are everybody's; who lacks the scope for them is counted."""
    conversation_id = call(method="POST", json=ADA).json()["id"]
    url = f"{CONVERSATIONS}/{conversation_id}/activity"
    service = {"user": f"messages-of-{user_id}", "scope": "conversations:activity"}
    one = [
        call(url, method="POST", json=told(f"m{number}"), **service) for number in range(LIMIT + 1)
    ]
    items = [{"conversation_id": conversation_id, **told("m")}]
    batch = call("/api/v1/activity", method="POST", json={"items": items}, **service)

    assert {each.status_code for each in (*one, batch)} == {200}
    assert not any("RateLimit" in each.headers for each in (*one, batch))
    assert left(call(**service)) == LIMIT - 1
    without = call(url, method="POST", json=told("m"))
    assert (without.status_code, left(without)) == (403, LIMIT - 2)


@pytest.mark.parametrize(
    "path", ["/health", "/metrics", "/api/schema", "/api/docs", "/nowhere", "/api/v1/nowhere"]
)
def test_what_is_beside_the_api_is_not_limited(call: Call, path: str) -> None:
    """It has no user."""
    answers = [call(path) for _ in range(LIMIT + 1)]
    assert not any({"RateLimit", "RateLimit-Policy"} & set(each.headers) for each in answers)
    assert 429 not in {each.status_code for each in answers}


def test_the_metrics_of_all_processes_add_up(limited: LiveService, call: Call) -> None:
    """Every request is in one of them."""

    def counted() -> dict[str, float]:
        return {each: limited.sample(CHECKS % each) for each in ("allowed", "refused", "unchecked")}

    before = counted()
    at_once(lambda _: call(), times=LIMIT + 10)
    after = counted()
    rise = {each: after[each] - before[each] for each in before}
    assert rise == {"allowed": LIMIT, "refused": 10, "unchecked": 0}


def test_who_comes_back_when_told_is_served(
    servers: None, tmp_path_factory: pytest.TempPathFactory, user_id: str
) -> None:
    """The window goes on with the time."""
    folder = tmp_path_factory.mktemp("quick")
    with live_service(folder=folder, RATE_LIMIT="1/s") as service, own_database(service):
        token = service.token(user_id)
        refused: list[requests.Response] = []

        def is_refused() -> bool:
            answers = at_once(lambda _: send(service, token), times=4)
            refused.extend(each for each in answers if each.status_code == 429)
            return bool(refused)

        for _ in range(3):
            assert eventually(is_refused, 60)
            time.sleep(int(refused.pop().headers["Retry-After"]))
            refused.clear()
            assert send(service, token).status_code == 200


def test_it_is_off_by_default(service: LiveService, user_id: str) -> None:
    """Nothing is told, nothing is kept."""
    token = service.token(user_id)
    answers = [service.get(CONVERSATIONS, token=token) for _ in range(LIMIT + 1)]

    assert {each.status_code for each in answers} == {200}
    assert not any({"RateLimit", "RateLimit-Policy"} & set(each.headers) for each in answers)
    with connect_redis(service.env["REDIS_URL"]) as redis:
        assert not redis.exists(f"rate_limit:{user_id}")
