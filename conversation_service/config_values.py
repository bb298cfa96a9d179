"""What the values of environment variables may be; each refuses others without echoing them."""

import re
from collections.abc import Callable
from ipaddress import ip_network
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode
from pymongo.errors import PyMongoError
from pymongo.uri_parser import parse_uri, split_options
from redis.connection import parse_url as parse_redis_url
from urllib3.util import parse_url as parse_http_url

from integrations.resilience.rate import Rate

_VISIBLE = re.compile(r"[!-~]*")  # all that a URL is written in, RFC 3986
_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\[\]:_-]+")
# Of a name no more than Django takes in a Host header: it has no underscore.
_HOST = re.compile(r"\*|\.?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*|\[[0-9A-Fa-f:.]+\]")
_REDIS_PATH = re.compile(r"/{0,2}[0-9]*")  # the number of a database, as redis-py and kombu read it


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _split_commas(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _rate(value: object) -> object:
    return Rate.parse(value) if isinstance(value, str) else value


def _lines(value: str) -> str:
    return value.replace("\\n", "\n").strip()  # a variable often has no room for lines


def _url(check: Callable[[str], bool], *, expected: str) -> Callable[[str], str]:
    """Return a validator of URLs; what a parser says of one would echo it, and is not told."""

    def checked(value: str) -> str:
        if value and not (_VISIBLE.fullmatch(value) and _succeeds(check, value)):
            raise ValueError(f"must be a URL {expected}")
        return value

    return checked


def _succeeds(check: Callable[[str], bool], value: str) -> bool:
    try:
        return check(value)
    except (ValueError, PyMongoError, OSError):  # OSError: a file of certificates is not there
        return False


def _is_http(value: str) -> bool:
    parts = parse_http_url(value)  # as the client that calls it
    return parts.scheme in ("http", "https") and bool(parts.host) and "#" not in value


def _is_http_base(value: str) -> bool:
    return _is_http(value) and "?" not in value


def _is_mongodb(value: str) -> bool:
    parts = urlsplit(value)
    if parts.scheme == "mongodb+srv":  # parse_uri would ask the DNS
        if parts.query:
            split_options(parts.query)  # raises what parse_uri would
        return bool(parts.hostname) and parts.port is None and "," not in parts.netloc
    return parts.scheme == "mongodb" and bool(parse_uri(value))


def _is_redis(value: str) -> bool:
    parts = urlsplit(value)
    parse_redis_url(value)  # type: ignore[no-untyped-call]  # it raises ValueError
    if parts.scheme == "unix":
        return bool(parts.path)
    return _has_address(parts) and bool(_REDIS_PATH.fullmatch(parts.path))


def _is_broker(value: str) -> bool:
    if value.startswith(("redis:", "rediss:")):
        return _is_redis(value)
    # Celery takes several, separated by semicolons.
    return all(_is_amqp(each) for each in value.split(";"))


def _is_amqp(value: str) -> bool:
    parts = urlsplit(value)
    return parts.scheme in ("amqp", "amqps") and _has_address(parts)


def _has_address(parts: SplitResult) -> bool:
    return bool(parts.hostname) and parts.port != 0  # reading the port raises ValueError


def _without_slash(value: str) -> str:
    return value.rstrip("/")


def _origins(value: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_ORIGIN.fullmatch(origin) and _succeeds(_is_http, origin) for origin in value):
        raise ValueError("must be origins such as https://app.example, separated by commas")
    return value


def _hosts(value: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_HOST.fullmatch(host) for host in value):
        raise ValueError("must be host names, addresses or *, separated by commas")
    return value


def _networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for network in value:
        try:
            ip_network(network, strict=False)
        except ValueError:
            detail = "must be addresses or networks such as 10.0.0.0/8, separated by commas"
            raise ValueError(detail) from None
    return value


LogLevel = Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)]
PemKey = Annotated[str, AfterValidator(_lines)]
MaybeRate = Annotated[Rate | None, NoDecode, BeforeValidator(_rate)]

CommaSeparated = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split_commas)]
Origins = Annotated[CommaSeparated, AfterValidator(_origins)]
Hosts = Annotated[CommaSeparated, AfterValidator(_hosts)]
Networks = Annotated[CommaSeparated, AfterValidator(_networks)]

_http_base = _url(_is_http_base, expected="http(s)://host[:port][/path], without query or fragment")
_key_set = _url(_is_http, expected="http(s)://host[:port][/path][?query], without fragment")
_mongodb = _url(_is_mongodb, expected="mongodb[+srv]://host[:port] with options of the driver's")
_redis = _url(_is_redis, expected="redis[s]://host[:port][/number] or unix:///path")
_broker = _url(
    _is_broker, expected="redis[s]://host[:port][/number] or amqp[s]://host[:port][/vhost]"
)

HttpUrl = Annotated[str, AfterValidator(_http_base), AfterValidator(_without_slash)]
KeySetUrl = Annotated[str, AfterValidator(_key_set), AfterValidator(_without_slash)]
MongoDBUrl = Annotated[str, AfterValidator(_mongodb)]
RedisUrl = Annotated[str, AfterValidator(_redis)]
BrokerUrl = Annotated[str, AfterValidator(_broker)]
