"""Values that the embedded database does not store, but others do."""

from bson.datetime_ms import DatetimeMS
from bson.int64 import Int64

from conversations.data_migrations import leniency


def test_a_date_beyond_all_years_is_no_moment() -> None:
    """PyMongo hands it over as it is, where it is told to."""
    assert leniency.moment(DatetimeMS(2**60)) is None


def test_a_count_beyond_what_is_stored_is_the_most_that_is() -> None:
    """It still sorts, and adds, as a 32-bit number."""
    assert leniency.count(Int64(2**62)) == 2**31 - 1


def test_a_lone_surrogate_in_a_title_is_dropped() -> None:
    """No database could store it again."""
    assert leniency.title("a\ud800b") == "ab"
