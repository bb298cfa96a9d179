"""Uses the generated client, and prints what came of it as JSON."""

import json
import os
from http import HTTPStatus

import httpx
from conversation_service_client import AuthenticatedClient
from conversation_service_client.api.conversations import (
    create_conversation,
    get_conversation,
    list_conversations,
    update_conversation,
)
from conversation_service_client.api.events import list_events
from conversation_service_client.models import (
    Conversation,
    ConversationCreate,
    ConversationPage,
    ConversationPatch,
    ConversationStatus,
    EventPage,
    Problem,
    SettingsPatch,
)
from conversation_service_client.types import UNSET, Unset

client = AuthenticatedClient(
    base_url=os.environ["SERVICE"], token=os.environ["TOKEN"], timeout=httpx.Timeout(60)
)
told: dict[str, object] = {}

for number in range(5):
    body = ConversationCreate(character_id="ada", title=f"Number {number}", tags=["five"])
    answer = create_conversation.sync_detailed(client=client, body=body)
    assert answer.status_code is HTTPStatus.CREATED
    assert isinstance(answer.parsed, Conversation)
    last, etag = answer.parsed, answer.headers["ETag"]
assert last.status is ConversationStatus.ACTIVE
told["created"] = [last.title, last.status, last.tags, last.settings.model, last.character.name]

pages: list[list[str]] = []
cursor: str | Unset | None = UNSET
while cursor is not None:
    page = list_conversations.sync(client=client, limit=2, cursor=cursor)
    assert isinstance(page, ConversationPage)
    pages.append([row.title for row in page.results])
    cursor = page.next_cursor
told["pages"] = pages

patch = ConversationPatch(title="Changed", settings=SettingsPatch(temperature=0.5))
changed = update_conversation.sync(last.id, client=client, body=patch, if_match=etag)
assert isinstance(changed, Conversation)
told["changed"] = [changed.title, changed.version, changed.settings.temperature]
emptied = ConversationPatch(title=None, tags=None)
changed = update_conversation.sync(last.id, client=client, body=emptied)
assert isinstance(changed, Conversation)
told["emptied"] = [changed.title, changed.tags, changed.settings.temperature]

conflict = update_conversation.sync(last.id, client=client, body=patch, if_match=etag)
assert isinstance(conflict, Problem)
told["conflict"] = [conflict.status, conflict.code, conflict.instance.endswith(last.id)]

unmodified = get_conversation.sync_detailed(last.id, client=client, if_none_match='"3"')
told["unmodified"] = unmodified.status_code

wrong = ConversationCreate(character_id="ada", title="<", settings=SettingsPatch(temperature=9))
invalid = create_conversation.sync(client=client, body=wrong)
assert isinstance(invalid, Problem)
assert not isinstance(invalid.errors, Unset)
told["invalid"] = [
    invalid.status,
    invalid.code,
    sorted(str(each.pointer) for each in invalid.errors),
]

missing = get_conversation.sync_detailed("0" * 24, client=client)
assert isinstance(missing.parsed, Problem)
told["missing"] = [missing.parsed.status, missing.parsed.code]

events = list_events.sync(client=client, limit=500)
assert isinstance(events, EventPage)
event = events.results[-1]
assert isinstance(event.data, Conversation)
told["events"] = [len(events.results), event.event_type, event.sequence, event.data.title]

print(json.dumps(told))
