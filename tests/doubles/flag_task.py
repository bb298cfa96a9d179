"""A task for a real worker: `celery -A … worker -I tests.doubles.flag_task`."""

from celery import shared_task
from django.conf import settings

from conversations.flags import Flag, is_enabled
from integrations.resilience.shared import connect_redis


@shared_task  # type: ignore[untyped-decorator]  # celery has no types
def tell_flag(flag: str, key: str) -> None:
    """Append to a list in Redis whether a feature is on."""
    with connect_redis(settings.CONFIG.redis_url) as redis:
        redis.rpush(key, int(is_enabled(Flag(flag))))
