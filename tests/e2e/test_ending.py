"""The end of the web server: what is under way is answered."""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.doubles.supervised import eventually
from tests.e2e.live import LiveService, live_service, own_database

SECONDS = 30.0
WAITING = "feed_waiting"


def test_who_waits_for_events_is_answered(servers: None, user_id: str, tmp_path: Path) -> None:
    """By a page, before the server's time to end is over: that is shorter than the wait."""
    with live_service(folder=tmp_path) as service, own_database(service):
        token = service.token(user_id)
        page = service.get("/api/v1/events", token=token).json()
        with ThreadPoolExecutor() as pool:
            path = f"/api/v1/events?after={page['next_cursor']}&wait=25"
            waiting = pool.submit(LiveService.get, service, path, token=token)
            assert eventually(lambda: service.sample(WAITING) == 1, SECONDS)
            service.process.send_signal(signal.SIGTERM)
            answer = waiting.result()
        assert (answer.status_code, answer.json()["results"]) == (200, [])
        assert service.process.wait(SECONDS) == 0
