"""Values of older documents, made what today's rules allow: cut, cleaned, or given up."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from conversations.rules import (
    LANGUAGE_TAG,
    MAX_TOKENS_MAX,
    MODEL_MAX,
    SYSTEM_PROMPT_MAX,
    TAG_MAX,
    TAGS_MAX,
    TEMPERATURE_MAX,
    distinct_tags,
    fitted,
    storable_fault,
)

_FROM_HERE_ON_MILLISECONDS = 1e11  # as seconds that is the year 5138
_COUNT_MAX = 2**31 - 1


def moment(value: Any) -> datetime | None:
    """Return a time as documents hold it, or None: of a date, seconds or milliseconds, ISO 8601.

    What names no offset is UTC.
    """
    try:
        found = _read_moment(value)
    except (ValueError, OverflowError, OSError):
        return None
    return found and found.replace(microsecond=found.microsecond // 1000 * 1000)


def _read_moment(value: Any) -> datetime | None:
    if isinstance(value, str):
        seconds = number(value)
        found = datetime.fromisoformat(value.strip()) if seconds is None else _since_epoch(seconds)
    elif isinstance(value, datetime):
        found = value
    else:
        seconds = number(value)
        if seconds is None:
            return None
        found = _since_epoch(seconds)
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def _since_epoch(value: float) -> datetime:
    seconds = value / 1000 if abs(value) >= _FROM_HERE_ON_MILLISECONDS else value
    return datetime.fromtimestamp(seconds, tz=UTC)


def number(value: Any) -> float | None:
    """Return a finite number, also of a string; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def count(value: Any) -> int:
    """Return a whole number, none below 0; 0 if it is no number."""
    found = number(value)
    return 0 if found is None else min(_COUNT_MAX, max(0, int(found)))


def title(value: Any) -> str | None:
    """Return a title, or None if nothing is left of it."""
    return fitted(" ".join(value.split())) if isinstance(value, str) else None


def tags(value: Any) -> list[str]:
    """Return the tags of a list, or of a single one."""
    items = value if isinstance(value, list) else [value]
    found = [_tag(item) for item in items if isinstance(item, str)]
    return distinct_tags([tag for tag in found if tag is not None])[:TAGS_MAX]


def _tag(value: str) -> str | None:
    return fitted(" ".join(value.split()), longest=TAG_MAX, also_refused="/")


def settings(value: Any) -> dict[str, Any]:
    """Return the settings that the service knows, without those that break a rule."""
    if not isinstance(value, Mapping):
        return {}
    found = {name: read(value.get(name)) for name, read in _SETTINGS.items()}
    return {name: kept for name, kept in found.items() if kept is not None}


def _model(value: Any) -> str | None:
    text = value.strip() if isinstance(value, str) else ""
    return text if text and storable_fault(text, longest=MODEL_MAX) is None else None


def _temperature(value: Any) -> float | None:
    found = number(value)
    return found if found is not None and 0 <= found <= TEMPERATURE_MAX else None


def _max_tokens(value: Any) -> int | None:
    found = number(value)
    return int(found) if found is not None and 1 <= found <= MAX_TOKENS_MAX else None


def _language(value: Any) -> str | None:
    text = value.strip().replace("_", "-") if isinstance(value, str) else ""
    return text if LANGUAGE_TAG.match(text) else None


def _system_prompt(value: Any) -> str | None:
    text = value.replace("\0", "").strip()[:SYSTEM_PROMPT_MAX] if isinstance(value, str) else ""
    return text or None


_SETTINGS: Mapping[str, Callable[[Any], Any]] = {
    "model": _model,
    "temperature": _temperature,
    "max_tokens": _max_tokens,
    "language": _language,
    "system_prompt": _system_prompt,
}
