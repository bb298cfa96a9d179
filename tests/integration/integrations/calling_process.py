"""One of several processes that call the same upstream: `python -m … SETTINGS REDIS_URL THREADS`.

It prints "ready" once its breaker is half-open, waits for a line on its standard input, calls from
all threads at once and prints the outcome of each call as it comes.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed

from integrations.build import Clients, build_clients
from integrations.errors import UpstreamUnavailable
from integrations.resilience.deadline import Deadline
from integrations.resilience.shared import SharedMemory, connect_redis
from tests.integration.integrations.conftest import Settings, until


def ask(clients: Clients, character_id: str) -> str:
    try:
        clients.characters.get(character_id=character_id, deadline=Deadline.after(30))
    except UpstreamUnavailable as error:
        return error.reason
    return "ok"


def main(settings: str, redis_url: str, threads: str) -> None:
    shared = SharedMemory(redis=connect_redis(redis_url))
    clients = build_clients(config=Settings(**json.loads(settings)), shared=shared)
    assert until(lambda: clients.characters.health()["breaker"] == "half_open", seconds=30)
    print("ready", flush=True)  # noqa: T201  # its standard output is how it reports
    sys.stdin.readline()
    with ThreadPoolExecutor(max_workers=int(threads)) as pool:
        calls = [pool.submit(ask, clients, f"c{number}") for number in range(int(threads))]
        for call in as_completed(calls):
            print(call.result(), flush=True)  # noqa: T201  # see above
    clients.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
