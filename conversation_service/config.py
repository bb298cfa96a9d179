"""Every environment variable of the service, typed, in one place.

Values come from, highest first: the environment, `.env`, and, in development, the file in which
a running `make run` names its embedded servers. `.env.example` lists all of them.
"""

import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from conversation_service.config_values import (
    BrokerUrl,
    CommaSeparated,
    Hosts,
    HttpUrl,
    KeySetUrl,
    LogLevel,
    MaybeRate,
    MongoDBUrl,
    Networks,
    Origins,
    PemKey,
    RedisUrl,
)
from conversation_service.public_keys import check_public_key

DEVELOPMENT_SECRET = "development-secret-do-not-use-in-production"  # noqa: S105  # refused in production
MIN_SECRET_LENGTH = 32  # bytes of a SHA-256 key, RFC 7518 section 3.2
LONGEST_RETENTION = 36_500  # days: what lies that far back is still a date
DEFAULT_DATA_DIR = Path("var")


class ConfigError(Exception):
    """A wrong or missing environment variable; the message is one line naming it."""


class Config(BaseSettings):
    """The settings of one process. Durations are in seconds unless the name says otherwise."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, allow_inf_nan=False
    )

    environment: Literal["development", "test", "production"] = "development"
    debug: bool = False
    service_name: str = "conversation-service"
    log_level: LogLevel = "INFO"
    port: int = Field(default=8003, ge=1, le=65535)
    data_dir: Path = DEFAULT_DATA_DIR
    public_url: HttpUrl = ""
    allowed_hosts: Hosts = ("*",)
    trusted_proxies: Networks = ()
    cors_allowed_origins: Origins = ()
    web_workers: int = Field(default=2, ge=1, le=64)
    web_threads: int = Field(default=20, ge=1, le=256)
    worker_metrics_port: int = Field(default=0, ge=0, le=65535)

    secret_key: str = ""
    jwt_secret_key: str = DEVELOPMENT_SECRET
    jwt_algorithm: Literal["HS256", "RS256", "ES256"] = "HS256"
    jwt_public_key: PemKey = ""
    jwt_jwks_url: KeySetUrl = ""
    jwt_issuer: str = ""
    jwt_audience: str = ""
    auth_validation: Literal["remote", "local"] = "remote"
    auth_degraded: Literal["local", "deny"] | None = None

    mongodb_url: MongoDBUrl = "mongodb://127.0.0.1:27017"
    mongodb_database: str = Field(default="conversation_service", pattern=r"^[A-Za-z0-9_-]{1,63}$")
    mongodb_pool_min: int = Field(default=5, ge=0, le=10_000)
    mongodb_pool_max: int = Field(default=20, ge=1, le=10_000)
    redis_url: RedisUrl = "redis://127.0.0.1:6379/0"
    celery_broker_url: BrokerUrl = ""
    events_broker_url: BrokerUrl = ""
    events_stream_retention_hours: int = Field(default=168, ge=1, le=LONGEST_RETENTION * 24)

    auth_service_url: HttpUrl = "http://127.0.0.1:8001"
    characters_service_url: HttpUrl = "http://127.0.0.1:8002"
    message_service_url: HttpUrl = ""
    request_timeout: float = Field(default=30, gt=0, le=600)
    upstream_timeout: float = Field(default=10, gt=0, le=600)
    breaker_failure_threshold: int = Field(default=5, ge=1, le=1_000_000)
    breaker_reset_timeout: float = Field(default=60, gt=0, le=86_400)
    auth_max_concurrency: int = Field(default=10, ge=1, le=10_000)
    characters_max_concurrency: int = Field(default=5, ge=1, le=10_000)

    trash_retention_days: int = Field(default=30, ge=1, le=LONGEST_RETENTION)
    events_retention_days: int = Field(default=90, ge=1, le=LONGEST_RETENTION)
    outbox_max_age: float = Field(default=60, gt=0, le=604_800)
    rate_limit: MaybeRate = None

    otel_exporter_otlp_endpoint: HttpUrl = ""
    otel_traces_sampler_arg: float = Field(default=1, ge=0, le=1)

    plugins: CommaSeparated = ()
    enable_conversation_analytics: bool | None = None
    enable_conversation_templates: bool | None = None
    enable_bulk_operations: bool | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.mongodb_pool_min > self.mongodb_pool_max:
            raise ValueError("MONGODB_POOL_MIN must not be above MONGODB_POOL_MAX")
        if self._asymmetric and not (self.jwt_public_key or self.jwt_jwks_url):
            raise ValueError(f"JWT_PUBLIC_KEY or JWT_JWKS_URL is needed for {self.jwt_algorithm}")
        if self.jwt_algorithm != "HS256" and self.jwt_public_key:
            check_public_key(self.jwt_public_key, algorithm=self.jwt_algorithm)
        if self.environment == "production":
            self._check_production()
        return self

    def _check_production(self) -> None:
        if self.debug:
            raise ValueError("DEBUG must be off in production")
        if DEVELOPMENT_SECRET in (self.secret, self.jwt_secret_key) and not self._asymmetric:
            raise ValueError("JWT_SECRET_KEY must be set in production, not the development secret")
        if self.secret == DEVELOPMENT_SECRET:
            raise ValueError("SECRET_KEY must be set in production when JWT_SECRET_KEY is not")
        enough = f"must have at least {MIN_SECRET_LENGTH} characters in production"
        if not self._asymmetric and len(self.jwt_secret_key) < MIN_SECRET_LENGTH:
            raise ValueError(f"JWT_SECRET_KEY {enough}")
        if len(self.secret) < MIN_SECRET_LENGTH:
            raise ValueError(f"SECRET_KEY {enough}")
        named = self.model_fields_set
        for name in (
            "mongodb_url",
            "redis_url",
            "celery_broker_url",
            "auth_service_url",
            "characters_service_url",
            "public_url",
            "allowed_hosts",
        ):
            if name not in named:
                raise ValueError(f"{name.upper()} must be set in production")

    @property
    def _asymmetric(self) -> bool:
        return self.jwt_algorithm != "HS256"

    @property
    def is_production(self) -> bool:
        """Whether the strict rules of production apply."""
        return self.environment == "production"

    @property
    def secret(self) -> str:
        """What the service's own keys are derived from."""
        return self.secret_key or self.jwt_secret_key

    @property
    def stack_file(self) -> Path:
        """Where a running `make run` names its servers."""
        return self.data_dir / "run" / "stack.env"

    @property
    def base_url(self) -> str:
        """The URL that outsiders use, without a trailing slash: PUBLIC_URL or the local port."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def trace_ratio(self) -> float:
        """The part of the traces that begin here that is recorded; 0 where there is no tracing."""
        return self.otel_traces_sampler_arg if self.otel_exporter_otlp_endpoint else 0.0

    @property
    def _a_fifth_of_threads(self) -> int:
        return max(1, self.web_threads // 5)

    @property
    def exports_at_once(self) -> int:
        """How many exports a web process streams at a time: each holds a thread until its end."""
        return self._a_fifth_of_threads

    @property
    def admin_door_size(self) -> int:
        """How many requests to the admin may wait for a database that does not answer."""
        return self._a_fifth_of_threads

    @property
    def feed_waiters(self) -> int:
        """How many requests of one process may wait for events, each with a thread."""
        return self.web_threads // 5

    @property
    def auth_degraded_mode(self) -> Literal["local", "deny"]:
        """What happens to a valid token while the Auth Service is away."""
        return self.auth_degraded or ("deny" if self.is_production else "local")


def _first_line(error: ValidationError) -> str:
    """One line for the first fault, naming the variable and never echoing its value."""
    fault = error.errors(include_input=False, include_url=False)[0]
    message = fault["msg"].removeprefix("Value error, ")
    if not fault["loc"]:
        return f"configuration: {message}"
    return f"configuration: {str(fault['loc'][0]).upper()}: {message}"


def load_config() -> Config:
    """Read the configuration afresh; raises ConfigError with one line on the first fault."""
    try:
        config = Config(_env_file=".env")
        if config.is_production:
            return config
        return Config(_env_file=(config.stack_file, ".env"))
    except ValidationError as error:
        raise ConfigError(_first_line(error)) from None


@lru_cache(maxsize=1)
def get_config() -> Config:
    """Return this process's configuration, read once.

    A fault ends the process with its one line and EX_CONFIG (78, sysexits.h): nothing can start
    without a configuration.
    """
    try:
        return load_config()
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(os.EX_CONFIG)
