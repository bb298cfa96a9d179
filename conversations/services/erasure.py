"""Erasure: everything that is held about a user goes, as a job (docs/operations.md).

A round purges the conversations, deletes the other records, empties the log, and announces
`user.erased`. Who still writes meanwhile is erased by another round. Every batch can be repeated:
it looks at what is still there, and what it counts is saved before it goes.
"""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from bson import ObjectId

from conversations import dependencies
from conversations.caller import Caller
from conversations.document import is_migrated, partition_of
from conversations.events.envelope import user_erased
from conversations.oddity import odd_field
from conversations.repository import conversations, events, idempotency, jobs, log
from conversations.repository.database import Document
from conversations.representation import timestamp
from conversations.services.harvest import harvest
from conversations.services.jobs.start import start_job
from conversations.services.jobs.step import JobFailed, Step, Work
from conversations.services.trash import purge_if
from conversations.states import Status

KIND = "erase_user_data"
NOBODY = ""  # no caller has this id
CONVERSATIONS_AT_ONCE = 20
ROWS_AT_ONCE = 500
MOST_ROUNDS = 5


def start_erasure(*, user_id: str, caller: Caller, now: datetime) -> Document:
    """Return the job that erases a user: a new one, or the one under way."""
    # Who erases themselves must not stay behind as the job's owner; admins see it all the same.
    owner = NOBODY if user_id == caller.actor else caller.actor
    return start_job(
        kind=KIND,
        arguments={"user_id": user_id},
        caller=replace(caller, owner=owner),
        now=now,
        exclusive=f"{KIND} {user_id}",
    )


def step(work: Work) -> Step:
    """Carry out one batch of an erasure; raises JobFailed if the user does not stop writing."""
    state = work.cursor or {**_FIRST_ROUND, "since": work.now}
    return _PHASES[state["phase"]](work, state)


def _count(work: Work, state: dict[str, Any]) -> Step:
    user_id = work.arguments["user_id"]
    found = {
        "conversations": conversations.count_of(user_id),
        "idempotency_keys": idempotency.count_of_user(user_id),
        "jobs": jobs.count_of(user_id),
    }
    cursor = {**state, "phase": "conversations", "erased": _sum(state["erased"], found)}
    return Step(cursor=cursor, done=work.done, total=work.done + found["conversations"])


def _sum(erased: dict[str, int], more: dict[str, int]) -> dict[str, int]:
    return {kind: number + more.get(kind, 0) for kind, number in erased.items()}


def _conversations(work: Work, state: dict[str, Any]) -> Step:
    """Purge some conversations, and move what they leave to the log."""
    caller = replace(work.caller, owner=work.arguments["user_id"])
    found = conversations.ids_of(caller.owner, limit=CONVERSATIONS_AT_ONCE)
    for conversation_id in found:
        _purge(conversation_id, caller=caller, now=work.now)
    done, total = work.done + len(found), work.total or 0
    # Not until none is left: who writes as fast as this would keep the round from its end.
    cursor = state if found and done < total else {**state, "phase": "records"}
    return Step(cursor=cursor, done=done, total=max(done, total))


def _purge(conversation_id: ObjectId, *, caller: Caller, now: datetime) -> None:
    purge_if(
        conversation_id=conversation_id,
        condition=lambda document: odd_field(document) is None,
        caller=caller,
        now=now,
    )
    left = conversations.find(
        conversation_id=conversation_id, user_id=caller.owner, with_pending_events=True
    )
    if left is None:
        return
    is_shell = is_migrated(left) and left.get("status") == Status.PURGED
    if is_shell or odd_field(left) is None:
        harvest(left)
    else:
        conversations.delete_as_read(left)


def _records(work: Work, state: dict[str, Any]) -> Step:
    """Delete what is neither a conversation nor an event."""
    user_id = work.arguments["user_id"]
    idempotency.delete_of_user(user_id)
    jobs.delete_of(user_id)
    return _unchanged(work, {**state, "phase": "log"})


def _log(work: Work, state: dict[str, Any]) -> Step:
    """Empty some of the user's rows in the log."""
    user_id = work.arguments["user_id"]
    partition, after = partition_of(user_id), state["after"]
    rows = log.rows_after(partition=partition, position=after, user_id=user_id, limit=ROWS_AT_ONCE)
    if not rows:
        return _unchanged(work, {**state, "phase": "announce"})
    upto = rows[-1]["position"]
    events.erase(partition=partition, user_id=user_id, after=after, upto=upto, now=work.now)
    # Not those that an earlier erasure has emptied; those that this batch has, if it is repeated.
    # Nor what this one has announced.
    new = sum(
        row.get("erased_at", work.now) >= state["since"]
        and row["event"].get("trace_id") != work.caller.trace_id
        for row in rows
    )
    erased = _sum(state["erased"], {"events": new})
    return _unchanged(work, {**state, "after": upto, "erased": erased})


def _announce(work: Work, state: dict[str, Any]) -> Step:
    """Tell consumers, then make sure that nothing has come meanwhile."""
    user_id = work.arguments["user_id"]
    partition = partition_of(user_id)
    # The same in every repeat, so that the log has it once for each round.
    event_id = uuid.uuid5(uuid.NAMESPACE_OID, f"{work.job_id} {state['round']}").hex
    event = user_erased(event_id=event_id, user_id=user_id, caller=work.caller, now=work.now)
    events.append(partition=partition, events=[event])
    dependencies.get().event_written(event)
    dependencies.get().nudge(partition)
    if not conversations.ids_of(user_id, limit=1):
        # What a worker did before it died was erased without being counted as done.
        done = max(work.done, work.total or 0)
        return Step(done=done, total=done, result=_receipt(state, now=work.now))
    if state["round"] == MOST_ROUNDS:
        detail = "The user keeps writing: revoke the user's tokens, then ask for the erasure again."
        raise JobFailed(code="still_written", detail=detail)
    return _unchanged(work, {**state, "phase": "count", "round": state["round"] + 1})


def _receipt(state: dict[str, Any], *, now: datetime) -> dict[str, Any]:
    return {
        "receipt_id": uuid.uuid4().hex,
        "erased_at": timestamp(now),
        "erased": state["erased"],
    }


def _unchanged(work: Work, cursor: dict[str, Any]) -> Step:
    return Step(cursor=cursor, done=work.done, total=work.total)


_FIRST_ROUND: dict[str, Any] = {
    "phase": "count",
    "round": 1,
    "after": 0,
    "erased": {"conversations": 0, "events": 0, "idempotency_keys": 0, "jobs": 0},
}
_PHASES: dict[str, Callable[[Work, dict[str, Any]], Step]] = {
    "count": _count,
    "conversations": _conversations,
    "records": _records,
    "log": _log,
    "announce": _announce,
}
