"""JWT_PUBLIC_KEY is checked at the start, not at the first token."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conversation_service.config import Config, ConfigError, load_config

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
SHORT = rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key()  # noqa: S505  # it is to be refused
P256 = ec.generate_private_key(ec.SECP256R1()).public_key()
P384 = ec.generate_private_key(ec.SECP384R1()).public_key()


def pem(key: PublicKeyTypes) -> str:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    """No variable of the test run's own, and no .env file."""
    for name in Config.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(str(tmp_path))


@pytest.mark.parametrize(("algorithm", "key"), [("RS256", RSA), ("ES256", P256)])
@pytest.mark.parametrize("line_end", ["\n", "\\n"])
def test_it_takes_a_key_of_the_algorithm(
    monkeypatch: pytest.MonkeyPatch, algorithm: str, key: PublicKeyTypes, line_end: str
) -> None:
    """In PEM, with real ends of lines or with the two characters that stand for one."""
    monkeypatch.setenv("JWT_ALGORITHM", algorithm)
    monkeypatch.setenv("JWT_PUBLIC_KEY", pem(key).replace("\n", line_end))
    assert load_config().jwt_public_key == pem(key).strip()


@pytest.mark.parametrize(
    ("algorithm", "key"),
    [
        ("RS256", pem(P256)),
        ("RS256", pem(SHORT)),
        ("ES256", pem(RSA)),
        ("ES256", pem(P384)),
        ("RS256", "ssh-rsa AAAA"),
        ("RS256", pem(RSA)[:100]),
    ],
    ids=["of ES256", "short", "of RS256", "another curve", "not PEM", "cut off"],
)
def test_it_refuses_any_other(monkeypatch: pytest.MonkeyPatch, algorithm: str, key: str) -> None:
    """One line that names the variable and does not quote it."""
    monkeypatch.setenv("JWT_ALGORITHM", algorithm)
    monkeypatch.setenv("JWT_PUBLIC_KEY", key)
    with pytest.raises(ConfigError, match=r"^configuration: JWT_PUBLIC_KEY must be .*$") as raised:
        load_config()
    assert "AAAA" not in str(raised.value)
