"""Plugins as requests meet them."""

import re
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conversations import dependencies
from conversations.plugins import Caller, asking, hookimpl
from conversations.plugins.discovery import find_plugins
from conversations.repository.database import collection
from tests.activities import record, told
from tests.client import ApiClient
from tests.doubles.plugins import plugins_of
from tests.doubles.supervised import eventually
from tests.stored import stored

SECONDS = 20.0
ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for plugins as long as a busy machine may need."""
    monkeypatch.setattr(asking, "LIMIT", SECONDS)


class Recorder:
    """Keeps what it was called with, and answers with what is asked for."""

    def __init__(self, **answer: Any) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.answer = answer

    def named(self, hook: str) -> list[dict[str, Any]]:
        """Return the arguments of the calls of one hook."""
        return [arguments for name, arguments in self.calls if name == hook]

    @hookimpl
    def before_create(self, conversation: dict[str, Any], caller: Caller) -> Any:
        """Answer."""
        self.calls.append(("before_create", {"conversation": conversation, "caller": caller}))
        return self.answer

    @hookimpl
    def before_update(self, conversation: dict[str, Any], patch: Any, caller: Caller) -> Any:
        """Answer."""
        arguments = {"conversation": conversation, "patch": patch, "caller": caller}
        self.calls.append(("before_update", arguments))
        return self.answer

    @hookimpl
    def after_create(self, event: dict[str, Any]) -> None:
        """Hear."""
        self.calls.append(("after_create", event))

    @hookimpl
    def after_change(self, event: dict[str, Any]) -> None:
        """Hear."""
        self.calls.append(("after_change", event))


@contextmanager
def registered(**plugins: object) -> Iterator[None]:
    with dependencies.override(plugins=plugins_of(**plugins)):
        yield


def test_it_asks_before_a_creation(api: ApiClient) -> None:
    """With the conversation as it will be; what is added is answered, stored and in the event."""
    plugin = Recorder(mood="calm")
    with registered(mood=plugin):
        created = api.create(title="Windmills", tags=["books"])
    [call] = plugin.named("before_create")
    assert call["caller"].owner == call["caller"].actor == api.user_id
    assert created == {
        **call["conversation"],
        "metadata": {**call["conversation"]["metadata"], "mood": "calm"},
    }
    assert api.read(created["id"])["metadata"] == created["metadata"]
    [event] = stored(api.user_id)["pending_events"]
    assert event["data"] == created


def test_it_asks_before_an_edit(api: ApiClient) -> None:
    """With the conversation before it and the patch; nothing but the new members is written."""
    created = api.create(tags=["books"])
    plugin = Recorder(edits=1)
    expires = "2100-01-01T00:00:00.000Z"
    with registered(edits=plugin):
        answer = api.patch(created["id"], {"title": "New", "expires_at": expires})
    [call] = plugin.named("before_update")
    assert call["conversation"] == created
    assert call["patch"] == {"title": "New", "expires_at": expires}
    assert answer.json["metadata"] == {**created["metadata"], "edits": 1}
    event = stored(api.user_id)["pending_events"][-1]
    assert event["changed"] == ["expires_at", "metadata", "title"]
    assert event["data"] == answer.json == api.read(created["id"])


def test_it_does_not_ask_about_an_edit_that_changes_nothing(api: ApiClient) -> None:
    """Such an edit writes nothing, and a plugin cannot make it write."""
    created = api.create(title="Same")
    plugin = Recorder(edits=1)
    with registered(edits=plugin):
        assert api.patch(created["id"], {"title": "Same"}).json == created
    assert plugin.calls == []


def test_it_leaves_activity_of_meanwhile_alone(api: ApiClient, messages: ApiClient) -> None:
    """Messages that come while a plugin thinks are counted all the same."""
    created = api.create()

    class Slow:
        @hookimpl
        def before_update(self) -> dict[str, Any]:
            record(messages, created, told("m1"))
            return {"slow": True}

    with registered(slow=Slow()):
        assert api.patch(created["id"], {"pinned": True}).status == 200
    metadata = api.read(created["id"])["metadata"]
    assert (metadata["message_count"], metadata["slow"]) == (1, True)
    assert metadata["last_activity"] > created["metadata"]["last_activity"]


def test_it_asks_again_when_another_change_came_first(api: ApiClient) -> None:
    """With the newer conversation: what the plugin counts is right."""
    created = api.create()

    class Counting:
        def __init__(self) -> None:
            self.raced = False

        @hookimpl
        def before_update(self, conversation: dict[str, Any]) -> dict[str, Any]:
            if not self.raced:
                self.raced = True
                api.patch(created["id"], {"tags": ["first"]})
            return {"edits": conversation["metadata"].get("edits", 0) + 1}

    with registered(counting=Counting()):
        answer = api.patch(created["id"], {"pinned": True})
    assert (answer.json["tags"], answer.json["pinned"]) == (["first"], True)
    assert answer.json["metadata"]["edits"] == 2


def test_it_tells_of_every_change(api: ApiClient) -> None:
    """With the very events that are stored, in their order."""
    plugin = Recorder()
    with registered(witness=plugin):
        conversation_id = api.create()["id"]
        api.patch(conversation_id, {"title": "New"})
        for action in ("archive", "archive", "unarchive"):  # the second changes nothing
            api.post(f"/conversations/{conversation_id}/{action}")
        api.delete(conversation_id)
        api.post(f"/conversations/{conversation_id}/restore")
        left = stored(api.user_id)["pending_events"]
        api.delete(conversation_id, "?permanent=true")
    assert eventually(lambda: len(plugin.named("after_change")) == 7, SECONDS)
    heard = plugin.named("after_change")
    assert heard[:-1] == left
    assert [event["event_type"].removeprefix("conversation.") for event in heard] == [
        "created",
        "updated",
        "archived",
        "unarchived",
        "deleted",
        "restored",
        "purged",
    ]
    assert heard[-1]["data"] is None
    assert plugin.named("after_create") == [left[0]]


def test_it_answers_as_ever_whatever_a_plugin_does(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Raising, nonsense and lateness change neither the answer nor what is stored."""
    monkeypatch.setattr(asking, "LIMIT", 0.05)
    end = threading.Event()

    class Awful:
        @hookimpl
        def before_create(self) -> Any:
            raise RuntimeError

        @hookimpl
        def before_update(self) -> Any:
            end.wait(SECONDS)

        @hookimpl
        def after_change(self) -> Any:
            raise RuntimeError

    with registered(nonsense=Recorder(last_activity="never"), awful=Awful()):
        created = api.create(title="Mine")
        answer = api.patch(created["id"], {"title": "Still mine"})
        end.set()
    assert created["metadata"].keys() == {"last_activity", "message_count"}
    assert (answer.status, answer.json["version"]) == (200, 2)
    assert answer.json["metadata"] == created["metadata"]


def test_a_purge_removes_what_plugins_added(api: ApiClient) -> None:
    """As all other content."""
    with registered(mood=Recorder(mood="calm")):
        conversation_id = api.create()["id"]
    api.delete(conversation_id, "?permanent=true")
    assert "calm" not in str(list(collection("conversations").find({"user_id": api.user_id})))


def test_the_example_of_the_documentation_works(
    api: ApiClient,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Found by its path, as PLUGINS would name it."""
    text = (ROOT / "docs" / "plugins.md").read_text()
    [example] = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    name = f"documented_{uuid.uuid4().hex}"
    (tmp_path / f"{name}.py").write_text(example)
    monkeypatch.syspath_prepend(tmp_path)
    with dependencies.override(plugins=find_plugins([name])):
        created = api.create(title="Windmills")
    assert created["metadata"]["title_length"] == len("Windmills")
    line = f"conversation.created {created['id']}"
    said: list[str] = []

    def has_printed() -> bool:
        sys.stdout.flush()
        said.append(capfd.readouterr().out)
        return line in "".join(said)

    assert eventually(has_printed, SECONDS)
