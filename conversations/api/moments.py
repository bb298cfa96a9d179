"""Datetimes of the API: RFC 3339 in; UTC without an offset, in milliseconds, out."""

import re
from datetime import UTC, datetime, time, timedelta

_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,38})?([Zz]|[+-]\d\d:[0-5]\d)\Z", re.ASCII
)
LONGEST_MOMENT = 64  # characters
EXPECTED = "Must be an RFC 3339 datetime with an offset, such as 2026-11-24T10:00:00Z."


def parse_moment(text: str) -> datetime:
    """Return the moment in UTC, cut to milliseconds; raises ValueError if it is not RFC 3339."""
    match = _RFC_3339.match(text)
    if not match:
        raise ValueError(EXPECTED)
    fraction = match[1] or ""
    whole = text.replace(fraction, "", 1).upper() if fraction else text.upper()
    # A leap second (the last of a day in UTC) is the first of the next, as POSIX time counts it.
    leap = whole[17:19] == "60"
    try:
        moment = datetime.fromisoformat(f"{whole[:17]}59{whole[19:]}" if leap else whole)
        moment = moment.astimezone(UTC).replace(tzinfo=None) + timedelta(seconds=leap)
    except (OverflowError, ValueError):
        raise ValueError(EXPECTED) from None
    if leap and moment.time() != time.min:
        raise ValueError(EXPECTED)
    return moment.replace(microsecond=int(fraction[1:4].ljust(3, "0") or 0) * 1000)
