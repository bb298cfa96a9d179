"""The configuration: typed, complete, and one clear line for what is wrong."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from conversation_service.config import Config, ConfigError, load_config
from integrations.resilience.rate import Rate

ROOT = Path(__file__).resolve().parents[3]
PRODUCTION = {
    "ENVIRONMENT": "production",
    "JWT_SECRET_KEY": "k" * 32,
    "MONGODB_URL": "mongodb://db.example",
    "REDIS_URL": "redis://cache.example",
    "CELERY_BROKER_URL": "amqp://broker.example",
    "AUTH_SERVICE_URL": "http://auth.example",
    "CHARACTERS_SERVICE_URL": "http://characters.example",
    "PUBLIC_URL": "https://conversations.example/",
    "ALLOWED_HOSTS": "conversations.example, 10.0.0.1",
}

FLOATS = [name.upper() for name, field in Config.model_fields.items() if field.annotation is float]
WHOLE = [
    name.upper()
    for name, field in Config.model_fields.items()
    if field.annotation is int and not name.endswith(("port", "hours"))
]
SCHEMES = {
    "mongodb_url": "mongodb",
    "redis_url": "redis",
    "celery_broker_url": "amqp",
    "events_broker_url": "rediss",
}


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable of the test run's own, and no .env file."""
    for name in Config.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def test_it_needs_nothing_in_development() -> None:
    """Every default holds together."""
    config = load_config()
    assert (config.environment, config.port) == ("development", 8003)
    assert config.base_url == "http://127.0.0.1:8003"
    assert config.auth_degraded_mode == "local"


def test_waiters_and_calls_that_hang_leave_a_thread() -> None:
    """By default: whoever changes one of these numbers looks at the others."""
    config = load_config()
    hanging = config.auth_max_concurrency + config.characters_max_concurrency
    assert 0 < config.feed_waiters < config.web_threads - hanging


def test_production_takes_what_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    """With everything named it starts, strict."""
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    config = load_config()
    assert config.allowed_hosts == ("conversations.example", "10.0.0.1")
    assert config.base_url == "https://conversations.example"
    assert config.auth_degraded_mode == "deny"


@pytest.mark.parametrize("name", [name for name in PRODUCTION if name != "ENVIRONMENT"])
def test_production_refuses_to_guess(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Each missing variable is named, the development secret among them."""
    for other, value in PRODUCTION.items():
        if other != name:
            monkeypatch.setenv(other, value)
    with pytest.raises(ConfigError, match=name):
        load_config()


@pytest.mark.parametrize("name", ["JWT_SECRET_KEY", "SECRET_KEY"])
def test_production_refuses_a_secret_that_can_be_guessed(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """One that vouches for tokens as one that seals cursors; 32 characters are enough."""
    for other, value in PRODUCTION.items():
        monkeypatch.setenv(other, value)
    monkeypatch.setenv(name, "k" * 31)
    with pytest.raises(ConfigError, match=f"^configuration: {name} must have at least 32 "):
        load_config()
    monkeypatch.setenv(name, "k" * 32)
    load_config()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "http"),
        ("ENVIRONMENT", "prod"),
        ("LOG_LEVEL", "loud"),
        ("MONGODB_URL", "http://db"),
        ("MONGODB_URL", "mongodb://a:b:c"),
        ("MONGODB_URL", "mongodb://h:99999"),
        ("MONGODB_URL", "mongodb://h/?foo=bar"),
        ("MONGODB_URL", "mongodb://h/?tls=true&tlsCAFile=/nowhere.pem"),
        ("MONGODB_URL", "mongodb+srv://h.example.com:27017"),
        ("MONGODB_URL", "mongodb+srv:///?w=1"),
        ("MONGODB_URL", "mongodb+srv://h.example.com/?foo=bar"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "redis://h:abc"),
        ("REDIS_URL", "redis://h/abc"),
        ("REDIS_URL", "redis://h?socket_timeout=x"),
        ("REDIS_URL", "unix://"),
        ("CELERY_BROKER_URL", "kafka://b"),
        ("CELERY_BROKER_URL", "redis://h/abc"),
        ("CELERY_BROKER_URL", "amqp://a;amqp://b:abc"),
        ("EVENTS_BROKER_URL", "amqp://h:99999"),
        ("EVENTS_BROKER_URL", "amqp:"),
        ("EVENTS_BROKER_URL", "rediss://h:abc"),
        ("AUTH_SERVICE_URL", "auth:8001"),
        ("AUTH_SERVICE_URL", "http://127.0.0.1:abc"),
        ("AUTH_SERVICE_URL", "http:/x"),
        ("AUTH_SERVICE_URL", "http://a b"),
        ("AUTH_SERVICE_URL", "http://h?x=1"),
        ("AUTH_SERVICE_URL", "http://h/#f"),
        ("JWT_JWKS_URL", "https://h/keys#f"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://[::1"),
        ("JWT_ALGORITHM", "none"),
        ("JWT_ALGORITHM", "RS256"),
        ("AUTH_VALIDATION", "never"),
        ("REQUEST_TIMEOUT", "-1"),
        *((name, value) for name in FLOATS for value in ("inf", "nan", "1e9")),
        *((name, "1000001") for name in WHOLE),
        ("EVENTS_STREAM_RETENTION_HOURS", "876001"),
        ("MONGODB_POOL_MIN", "21"),
        ("CORS_ALLOWED_ORIGINS", "https://app.example,app.example"),
        ("CORS_ALLOWED_ORIGINS", "https://app.example/path"),
        ("CORS_ALLOWED_ORIGINS", "https://a:xyz"),
        ("CORS_ALLOWED_ORIGINS", "https://a:99999"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,proxy"),
        ("ALLOWED_HOSTS", "a b"),
        ("ALLOWED_HOSTS", "conversation_service"),
        ("ALLOWED_HOSTS", "a.example."),
        ("PUBLIC_URL", "http://x/y?z"),
        ("PUBLIC_URL", "http:"),
        ("PUBLIC_URL", "http://x:99999"),
        ("PUBLIC_URL", "http://x/ y"),
        ("RATE_LIMIT", "600"),
        ("RATE_LIMIT", "0/min"),
        ("RATE_LIMIT", "-1/min"),
        ("RATE_LIMIT", "1.5/s"),
        ("RATE_LIMIT", "٣/s"),
        ("RATE_LIMIT", "10/month"),
        ("RATE_LIMIT", "10/s;600/min"),
        ("RATE_LIMIT", "100001/day"),
        ("TRASH_RETENTION_DAYS", "x"),
        ("ENABLE_BULK_OPERATIONS", "maybe"),
    ],
)
def test_it_tells_in_one_line_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """The variable's name and what it must be."""
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as raised:
        load_config()
    line = str(raised.value)
    assert "\n" not in line
    assert name in line or (name, value) == ("JWT_ALGORITHM", "RS256")


@pytest.mark.parametrize("value", ["http://h:hunter2", "http://[hunter2", "http://h\uff03hunter2"])
@pytest.mark.parametrize("name", [name for name in Config.model_fields if name.endswith("_url")])
def test_it_never_echoes_a_url(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """Which may hold a password."""
    monkeypatch.setenv(name.upper(), value.replace("http", SCHEMES.get(name, "http")))
    with pytest.raises(
        ConfigError, match=rf"^configuration: {name.upper()}: must be a URL "
    ) as raised:
        load_config()
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MONGODB_URL", "mongodb://u:p%40@a:1,b:2/db?replicaSet=rs0&w=majority"),
        ("MONGODB_URL", "mongodb://%2Frun%2Fmongodb.sock"),
        ("MONGODB_URL", "mongodb+srv://u:p@nowhere.example.com/?w=majority"),
        ("REDIS_URL", "rediss://:p@h:1/15?ssl_cert_reqs=required"),
        ("REDIS_URL", "unix:///run/valkey.sock?db=2"),
        ("CELERY_BROKER_URL", "amqp://u:p@a:1//;amqp://u:p@b:2//"),
        ("EVENTS_BROKER_URL", "amqps://u:p@[::1]:5671/conversations"),
        ("AUTH_SERVICE_URL", "http://[::1]:8001/auth"),
        ("AUTH_SERVICE_URL", "http://auth_service:8001"),
        ("JWT_JWKS_URL", "https://login.example/keys?policy=a"),
        ("CORS_ALLOWED_ORIGINS", "https://app.example,http://[::1]:3000"),
        ("ALLOWED_HOSTS", "*,.example.com,[::1],127.0.0.1"),
    ],
)
def test_it_takes_what_the_drivers_take(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """Without asking a server, or the DNS, for it."""
    monkeypatch.setenv(name, value)
    taken = getattr(load_config(), name.lower())
    assert taken == (value if isinstance(taken, str) else tuple(value.split(",")))


@pytest.mark.parametrize(
    ("value", "requests", "seconds"),
    [
        ("10/s", 10, 1),
        ("600/min", 600, 60),
        ("5000/hour", 5000, 3600),
        ("100000/day", 100000, 86400),
    ],
)
def test_a_rate_is_so_many_in_so_long(
    monkeypatch: pytest.MonkeyPatch, value: str, requests: int, seconds: int
) -> None:
    """None at all by default."""
    assert load_config().rate_limit is None
    monkeypatch.setenv("RATE_LIMIT", value)
    assert load_config().rate_limit == Rate(requests=requests, seconds=seconds)


def test_a_wrong_value_stops_the_start(tmp_path: Path) -> None:
    """One line on the standard error, and EX_CONFIG."""
    ran = subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "check"],
        env={**os.environ, "PORT": "none", "DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 78
    assert re.fullmatch(r"configuration: PORT: [^\n]+\n", ran.stderr)


def test_the_example_lists_every_variable() -> None:
    """.env.example has each variable of Config and no other, and its values are the defaults."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    listed = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert sorted(listed) == sorted(name.upper() for name in Config.model_fields)
    (Path.cwd() / ".env").write_text("\n".join(lines))
    assert load_config() == Config()


def test_it_finds_the_servers_of_a_running_stack() -> None:
    """What `make run` wrote comes last; the environment and .env come first."""
    run = Path("var/run")
    run.mkdir(parents=True)
    (run / "stack.env").write_text("REDIS_URL=redis://127.0.0.1:1\nMONGODB_URL=mongodb://stack\n")
    Path(".env").write_text("MONGODB_URL=mongodb://mine\n")
    config = load_config()
    assert (config.redis_url, config.mongodb_url) == ("redis://127.0.0.1:1", "mongodb://mine")
