"""What the values of environment variables may be; each refuses others without echoing them."""

import re
from collections.abc import Callable
from ipaddress import ip_network
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

from integrations.resilience.rate import Rate

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.\[\]:_-]+\Z")
_HOST = re.compile(r"\*\Z|\.?[A-Za-z0-9_.-]+\Z|\[[0-9A-Fa-f:.]+\]\Z")


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


def _url(*schemes: str) -> Callable[[str], str]:
    def check(value: str) -> str:
        parts = urlsplit(value)
        if value and (parts.scheme not in schemes or not (parts.netloc or parts.path)):
            raise ValueError(f"must be a URL with scheme {' or '.join(schemes)}")
        return value

    return check


def _without_slash(value: str) -> str:
    return value.rstrip("/")


def _public(value: str) -> str:
    parts = urlsplit(value)
    if value and (parts.query or parts.fragment):
        raise ValueError("must be a URL without query or fragment")
    return value


def _origins(value: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_ORIGIN.match(origin) for origin in value):
        raise ValueError("must be origins such as https://app.example, separated by commas")
    return value


def _hosts(value: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_HOST.match(host) for host in value):
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

HttpUrl = Annotated[str, AfterValidator(_url("http", "https")), AfterValidator(_without_slash)]
PublicUrl = Annotated[HttpUrl, AfterValidator(_public)]
MongoDBUrl = Annotated[str, AfterValidator(_url("mongodb", "mongodb+srv"))]
RedisUrl = Annotated[str, AfterValidator(_url("redis", "rediss", "unix"))]
BrokerUrl = Annotated[str, AfterValidator(_url("redis", "rediss", "amqp", "amqps"))]
