"""What the running service writes to its log, and above all what it does not."""

import json
import uuid

from tests.e2e.live import LiveService

SECRET = "Sw0rdfish"


def test_every_line_is_json(service: LiveService, token: str, trace_id: str) -> None:
    """The server's own lines too."""
    service.get("/api/v1/conversations", token=token, X_Trace_Id=trace_id)
    service.line_of(trace_id)
    for line in service.text().splitlines():
        fields = json.loads(line)
        assert {"timestamp", "level", "event", "logger", "service", "trace_id"} <= set(fields)
        assert fields["timestamp"].endswith("Z")


def test_it_writes_an_access_line(service: LiveService, user_id: str, trace_id: str) -> None:
    """Who called what, how it ended and how long it took."""
    identifier = uuid.uuid4().hex[:24]
    service.get(
        f"/api/v1/conversations/{identifier}", token=service.token(user_id), X_Trace_Id=trace_id
    )
    line = service.line_of(trace_id)
    assert line["method"] == "GET"
    assert line["path"] == f"/api/v1/conversations/{identifier}"
    assert line["endpoint"] == "/api/v1/conversations/{id}"
    assert line["status"] == 404
    assert line["duration_ms"] > 0
    assert line["user_id"] == user_id
    assert line["level"] == "info"
    assert line["service"] == service.name


def test_it_says_for_whom_an_admin_acted(service: LiveService, user_id: str, trace_id: str) -> None:
    """What was granted; the id that somebody else names is only a word of theirs."""
    path = f"/api/v1/conversations?user_id={user_id}"
    admin = service.token("admin", scope="conversations:admin")
    assert service.get(path, token=admin, X_Trace_Id=trace_id).status_code == 200
    line = service.line_of(trace_id)
    assert (line["user_id"], line["owner"]) == ("admin", user_id)
    refused = service.get(path, token=service.token("somebody"), X_Trace_Id=f"{trace_id}-2")
    assert refused.status_code == 403
    assert "owner" not in service.line_of(f"{trace_id}-2")


def test_it_keeps_tokens_and_content_out(service: LiveService, user_id: str, trace_id: str) -> None:
    """Neither what was written nor how it was authorised shows, whether it went well or not."""
    token = service.token(user_id, note=SECRET)
    url = "/api/v1/conversations"
    body = {"character_id": "ada", "title": SECRET, "tags": [SECRET]}
    created = service.request("POST", url, token=token, json=body)
    assert created.status_code == 201
    refused = [
        service.request("POST", url, token=token, json={**body, SECRET: SECRET}),
        service.request(
            "POST", url, token=token, data=SECRET.encode(), Content_Type="application/json"
        ),
        service.get(f"{url}?{SECRET}={SECRET}", token=token),
        service.get(url, token=token + SECRET),
        service.get(url, Authorization=f"Basic {SECRET}", Cookie=f"sessionid={SECRET}"),
        service.get("/health/live", Host=f"{SECRET}<"),
    ]
    assert {answer.status_code for answer in refused} <= {400, 401, 415}
    found = service.get(f"{url}?q={SECRET}", token=token, X_Trace_Id=trace_id)
    assert [row["title"] for row in found.json()["results"]] == [SECRET]
    service.line_of(trace_id)
    text = service.text()
    assert SECRET not in text
    assert token not in text
    assert token.rsplit(".", maxsplit=1)[1] not in text
