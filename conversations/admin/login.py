"""The login form, which lets nobody try one password after the other."""

import hashlib
from ipaddress import ip_address, ip_network
from typing import Any

import structlog
from django.conf import settings
from django.contrib import admin
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError
from unfold.forms import AuthenticationForm

ATTEMPTS = 5
MINUTES = 15
log = structlog.get_logger(__name__)


class ThrottledLogin(AuthenticationForm):  # type: ignore[misc]  # unfold has no types
    """Looks at ATTEMPTS passwords for an account from an address in MINUTES from the first.

    They are counted before they are looked at, so that many at once gain nothing; a right one ends
    the count. While Redis is away nobody counts, and staff still get in.
    """

    def clean(self) -> Any:
        """Return the cleaned data; raises ValidationError."""
        key = _key(self.request, self.cleaned_data.get("username", ""))
        if _count(key) > ATTEMPTS:
            log.warning("login throttled", address=client_address(self.request))
            raise ValidationError(
                f"Too many attempts. Try again in {MINUTES} minutes at the latest.",
                code="throttled",
            )
        cleaned = super().clean()
        _forget(key)
        return cleaned


# Not by unfold's setting: it would import this package before there is the site to register with.
admin.site.login_form = ThrottledLogin


def client_address(request: HttpRequest) -> str:
    """Return where a request comes from: the last address on its way that is no trusted proxy's.

    On a socket there is none but the front, which adds the address that it was connected from.
    """
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    address: str = request.META.get("REMOTE_ADDR", "")
    while (not address or _is_trusted(address)) and hops and hops[-1]:
        address = hops.pop()
    return address


def _is_trusted(address: str) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    trusted = settings.CONFIG.trusted_proxies
    return any(parsed in ip_network(network, strict=False) for network in trusted)


def _key(request: HttpRequest, username: str) -> str:
    who = f"{username.casefold()}|{client_address(request)}"
    return f"login:{hashlib.sha256(who.encode()).hexdigest()}"


def _count(key: str) -> int:
    """Return the number of this attempt, 0 while nobody can tell."""
    try:
        cache.add(key, 0, timeout=MINUTES * 60)
        return int(cache.incr(key))
    except ValueError:  # it ran out between the two
        return 1
    except (ConnectionInterrupted, RedisError) as error:
        log.warning("logins are not counted", reason=type(error).__name__)
        return 0


def _forget(key: str) -> None:
    try:
        cache.delete(key)
    except (ConnectionInterrupted, RedisError):
        return
