"""The one HTTP client: a request goes out, a checked JSON reply comes back, in bounded time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy

import orjson
import requests
from requests import exceptions as failures
from urllib3 import Timeout
from urllib3 import exceptions as wire

from integrations.errors import Reason
from integrations.resilience.deadline import Deadline
from integrations.resilience.outcome import AttemptFailed, CutShort
from integrations.transport import BoundedAdapter

LARGEST_BODY = 256 * 1024
LONGEST_CONNECT = 2.0  # seconds; between neighbours a connection takes milliseconds
_CHUNK = 16 * 1024
_CLOSE = 0.05  # seconds from the deadline at which a timer set for it may go off
_LONGEST_WAIT_ASKED_FOR = 3600  # seconds

HeaderProvider = Callable[[], Mapping[str, str]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One call: a path below the upstream's URL, already quoted, and a JSON body for a POST."""

    path: str
    body: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer of the upstream: 200 with its JSON object, or a 4xx with an empty one."""

    status: int
    content: Mapping[str, object]


class HttpClient:
    """A pooled session for one upstream.

    Redirects are not followed, cookies not kept, proxies and netrc of the environment not used:
    what leaves is exactly what is written here, and it goes exactly where the setting says.
    """

    def __init__(self, *, base_url: str, pool_size: int, headers: HeaderProvider) -> None:
        self._base_url = base_url.rstrip("/")
        self._headers = headers
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = BoundedAdapter(size=pool_size)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)

    def send(self, request: Request, *, timeout: float, deadline: Deadline) -> Reply:
        """Make one attempt, within `timeout` seconds and the deadline.

        Raises AttemptFailed, or CutShort when it was the deadline that ended it.
        """
        left = deadline.remaining()
        if not left:
            raise CutShort
        try:
            return self._exchange(request, budget=min(timeout, left))
        except AttemptFailed as failure:
            if failure.reason == "timeout" and left < timeout and deadline.remaining() < _CLOSE:
                raise CutShort from failure
            raise

    def reachable(self, *, path: str, timeout: float) -> bool:
        """Say whether the upstream answers at all, with anything but a 5xx."""
        try:
            with self._open(Request(path=path), budget=timeout) as response:
                return response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
        except AttemptFailed:
            return False

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def _exchange(self, request: Request, *, budget: float) -> Reply:
        ends = Deadline.after(budget)
        with self._open(request, budget=budget) as response:
            status = response.status_code
            _refuse_failure(response)
            if status >= HTTPStatus.BAD_REQUEST:
                return Reply(status=status, content={})
            body = _read(response, ends=ends)
            return Reply(status=status, content=_json_object(response, body=body))

    def _open(self, request: Request, *, budget: float) -> requests.Response:
        timeout = Timeout(connect=min(budget, LONGEST_CONNECT), total=budget)
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", **self._headers()}
        try:
            return self._session.request(
                "GET" if request.body is None else "POST",
                self._base_url + request.path,
                json=request.body,
                headers=headers,
                timeout=timeout,  # type: ignore[arg-type]
                allow_redirects=False,
                stream=True,
            )
        except failures.Timeout as error:
            raise AttemptFailed(reason="timeout") from error
        except failures.ConnectionError as error:
            raise AttemptFailed(reason=_why_no_reply(error)) from error
        except (failures.RequestException, wire.HTTPError, ValueError) as error:
            raise AttemptFailed(reason="bad_response") from error


def _why_no_reply(error: failures.ConnectionError) -> Reason:
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    return "refused" if isinstance(reason, wire.NewConnectionError) else "bad_response"


def _refuse_failure(response: requests.Response) -> None:
    """Raise AttemptFailed unless the status is a 200 or a 4xx that answers the question."""
    status = response.status_code
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise AttemptFailed(reason="status_5xx", retry_after=_retry_after(response))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise AttemptFailed(reason="throttled", retry_after=_retry_after(response))
    if status < HTTPStatus.BAD_REQUEST and status != HTTPStatus.OK:
        raise AttemptFailed(reason="bad_response")


def _retry_after(response: requests.Response) -> int | None:
    """Return Retry-After in seconds (RFC 9110, 10.2.3); the form with a date is not used here."""
    text = response.headers.get("Retry-After", "")
    if not (text.isascii() and text.isdigit()):
        return None
    return min(int(text[:10]), _LONGEST_WAIT_ASKED_FOR)


def _read(response: requests.Response, *, ends: Deadline) -> bytes:
    body = bytearray()
    try:
        for chunk in response.raw.stream(_CHUNK, decode_content=False):
            body += chunk
            if len(body) > LARGEST_BODY:
                raise AttemptFailed(reason="bad_response")
            if ends.expired:
                raise AttemptFailed(reason="timeout")
    except wire.ReadTimeoutError as error:
        raise AttemptFailed(reason="timeout") from error
    except wire.HTTPError as error:
        raise AttemptFailed(reason="bad_response") from error
    return bytes(body)


def _json_object(response: requests.Response, *, body: bytes) -> Mapping[str, object]:
    media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    encoded = response.headers.get("Content-Encoding", "identity").lower() != "identity"
    if encoded or not (media_type == "application/json" or media_type.endswith("+json")):
        raise AttemptFailed(reason="bad_response")
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise AttemptFailed(reason="bad_response") from error
    if not isinstance(content, dict):
        raise AttemptFailed(reason="bad_response")
    return content
