"""Documents of a collection, some at a time by `_id`, and writes bound to what was read of them."""

from collections.abc import Iterable, Sequence
from typing import Any

from bson import ObjectId
from bson.codec_options import DatetimeConversion
from pymongo import UpdateOne
from pymongo.collection import Collection
from pymongo.errors import BulkWriteError

from conversations.repository.database import Document, collection

FIRST_ID = ObjectId(b"\0" * 12)


def read_page(*, name: str, fields: Iterable[str], after: ObjectId, limit: int) -> list[Document]:
    """Return the next documents by `_id`, with these fields only.

    The index on `_id` serves it on every server and shard, and it reads no more than it returns.
    """
    found = tolerant(name).find(
        {"_id": {"$gt": after}},
        _projection(fields),
        sort=[("_id", 1)],
        limit=limit,
        batch_size=limit + 1,  # all in the first answer
    )
    return list(found)


def read_again(*, name: str, fields: Iterable[str], ids: Sequence[ObjectId]) -> list[Document]:
    """Return documents as they are now, those that are still there."""
    found = tolerant(name).find({"_id": {"$in": ids}}, _projection(fields))
    return list(found)


def estimated_count(name: str) -> int:
    """Return about how many documents a collection has."""
    return collection(name).estimated_document_count()


def is_any(*, name: str, query: Document) -> bool:
    """Whether a collection has such a document. It may read all of it, on the server."""
    return tolerant(name).find_one(query, {"_id": 1}) is not None


def write_all(
    *, name: str, fields: Sequence[str], writes: Sequence[tuple[Document, Document]]
) -> tuple[int, dict[ObjectId, str]]:
    """Set fields of documents, of each only if all `fields` are as they were read, in one command.

    `writes` are pairs of a document as read and what to set. Returns how many were written, and
    the server's error code for each that it refused; the rest has changed meanwhile, or is gone.
    """
    updates = [
        UpdateOne(_as_read(document, fields), {"$set": changes}) for document, changes in writes
    ]
    try:
        return tolerant(name).bulk_write(updates, ordered=False).matched_count, {}
    except BulkWriteError as error:
        refused = {
            writes[each["index"]][0]["_id"]: f"database_{each['code']}"
            for each in error.details["writeErrors"]
        }
        return error.details["nMatched"], refused


def _as_read(document: Document, fields: Sequence[str]) -> Document:
    return {"_id": document["_id"], **{name: _equal(document, name) for name in fields}}


def _equal(document: Document, name: str) -> Any:
    # Not the bare value: a regular expression or a subdocument of operators would mean something.
    return {"$eq": document[name]} if name in document else {"$exists": False}


def _projection(fields: Iterable[str]) -> Document:
    return dict.fromkeys(fields, 1)


def tolerant(name: str) -> Collection[Document]:
    """Return a collection from which dates that Python cannot hold, and broken texts, are read."""
    found = collection(name)
    options = found.codec_options.with_options(
        datetime_conversion=DatetimeConversion.DATETIME_AUTO,
        unicode_decode_error_handler="replace",
    )
    return found.with_options(codec_options=options)
