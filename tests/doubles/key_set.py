"""An issuer of tokens signed with keys of its own, and the server that publishes the key set."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, RSAAlgorithm


class Signer:
    """One key pair; `kid` is its id in the key set."""

    def __init__(self, *, algorithm: str, kid: str) -> None:
        self.algorithm, self.kid = algorithm, kid
        self._key: Any = (
            rsa.generate_private_key(public_exponent=65537, key_size=2048)
            if algorithm == "RS256"
            else ec.generate_private_key(ec.SECP256R1())
        )

    def token(self, user_id: str, **claims: Any) -> str:
        """Return a token; a claim that is None is left out."""
        payload = {"user_id": user_id, "exp": int(time.time()) + 600, **claims}
        kept = {name: value for name, value in payload.items() if value is not None}
        return jwt.encode(kept, self._key, algorithm=self.algorithm, headers={"kid": self.kid})

    @property
    def pem(self) -> str:
        """The public key."""
        encoded: bytes = self._key.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        return encoded.decode()

    @property
    def jwk(self) -> dict[str, Any]:
        """The public key as a member of a key set (RFC 7517)."""
        kind = RSAAlgorithm if self.algorithm == "RS256" else ECAlgorithm
        described: dict[str, Any] = kind.to_jwk(self._key.public_key(), as_dict=True)
        return {**described, "kid": self.kid, "use": "sig", "alg": self.algorithm}


class KeySet:
    """Publishes the keys of `signers`, which may change."""

    def __init__(self) -> None:
        self.signers: list[Signer] = []
        self.url = ""
        self.requests = 0

    def document(self) -> bytes:
        """Return the key set, and count that somebody asked."""
        self.requests += 1
        return json.dumps({"keys": [signer.jwk for signer in self.signers]}).encode()


@contextmanager
def key_set() -> Iterator[KeySet]:
    """Serve a key set until the block ends."""
    published = KeySet()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = published.document()
            self.send_response(200)
            self.send_header("Content-Type", "application/jwk-set+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        published.url = f"http://127.0.0.1:{server.server_port}/keys.json"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield published
        server.shutdown()
        thread.join()
