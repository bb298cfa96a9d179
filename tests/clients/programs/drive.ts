// Uses the generated client, and prints what came of it as JSON.
import {
  createConversation,
  getConversation,
  listConversations,
  listEvents,
  updateConversation,
  type Conversation,
  type ConversationStatus,
  type Problem,
} from "conversation-service-client";
import { client } from "conversation-service-client/client";

client.setConfig({ baseUrl: process.env.SERVICE, auth: () => process.env.TOKEN });
const told: Record<string, unknown> = {};

let last: Conversation | undefined;
let etag = "";
for (let number = 0; number < 5; number++) {
  const { data, response } = await createConversation({
    body: { character_id: "ada", title: `Number ${number}`, tags: ["five"] },
    throwOnError: true,
  });
  if (response.status !== 201) throw new Error(`${response.status}`);
  [last, etag] = [data, response.headers.get("ETag")!];
}
if (!last) throw new Error("none");
const status: ConversationStatus = last.status;
told.created = [last.title, status, last.tags, last.settings.model, last.character.name];

const pages: string[][] = [];
let cursor: string | null | undefined;
while (cursor !== null) {
  const { data: page } = await listConversations({
    query: { limit: 2, cursor },
    throwOnError: true,
  });
  pages.push(page.results.map((row) => row.title));
  cursor = page.next_cursor;
}
told.pages = pages;

const one = { path: { id: last.id } };
const patch = {
  ...one,
  body: { title: "Changed", settings: { temperature: 0.5 } },
  headers: { "If-Match": etag },
};
const { data: changed } = await updateConversation({ ...patch, throwOnError: true });
told.changed = [changed.title, changed.version, changed.settings.temperature];
const { data: emptied } = await updateConversation({
  ...one,
  body: { title: null, tags: null },
  throwOnError: true,
});
told.emptied = [emptied.title, emptied.tags, emptied.settings.temperature];

const { error: conflict } = await updateConversation(patch);
if (!conflict) throw new Error("it was changed");
told.conflict = [conflict.status, conflict.code, conflict.instance.endsWith(last.id)];

const unmodified = await getConversation({ ...one, headers: { "If-None-Match": '"3"' } });
told.unmodified = unmodified.response.status;

const { error: invalid } = await createConversation({
  body: { character_id: "ada", title: "<", settings: { temperature: 9 } },
});
const problem: Problem | undefined = invalid;
told.invalid = [problem?.status, problem?.code, problem?.errors?.map((each) => each.pointer).sort()];

const { error: missing } = await getConversation({ path: { id: "0".repeat(24) } });
told.missing = [missing?.status, missing?.code];

const { data: events } = await listEvents({ query: { limit: 500 }, throwOnError: true });
const event = events.results.at(-1)!;
told.events = [events.results.length, event.event_type, event.sequence, event.data?.title];

console.log(JSON.stringify(told));
