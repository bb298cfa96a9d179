import threading
import time

from integrations.resilience.local import RecentAnswers


def test_it_returns_what_was_put() -> None:
    """An answer is there until its time is over."""
    answers: RecentAnswers[str, int] = RecentAnswers(size=10)
    answers.put("a", 1, seconds=60)

    assert answers.get("a") == 1
    assert answers.get("b") is None


def test_it_forgets_in_time() -> None:
    """An answer whose time is over is not returned."""
    answers: RecentAnswers[str, int] = RecentAnswers(size=10)
    answers.put("a", 1, seconds=0.05)
    answers.put("b", 1, seconds=0)
    answers.put("c", 1, seconds=-1)
    time.sleep(0.1)

    assert [answers.get(key) for key in "abc"] == [None, None, None]


def test_it_is_bounded_and_drops_what_was_not_used() -> None:
    """When it is full, the answer that was not asked for longest goes."""
    answers: RecentAnswers[int, int] = RecentAnswers(size=3)
    for key in (1, 2, 3):
        answers.put(key, key, seconds=60)
    answers.get(1)

    answers.put(4, 4, seconds=60)

    assert [answers.get(key) for key in (1, 2, 3, 4)] == [1, None, 3, 4]


def test_threads_may_share_it() -> None:
    """Reading while others put and push out never fails, and never gives another key's answer."""
    answers: RecentAnswers[int, int] = RecentAnswers(size=5)
    wrong: list[object] = []
    ends = time.monotonic() + 0.5

    def use(first: int) -> None:
        try:
            while time.monotonic() < ends:
                for key in range(first, first + 20):
                    answers.put(key, key, seconds=60)
                    if answers.get(key) not in {key, None}:
                        wrong.append(key)
        except Exception as error:  # noqa: BLE001  # whatever it is, it is the finding
            wrong.append(error)

    threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []
