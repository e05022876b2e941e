"""A token issuer for one machine: the embedded stack and rehearsals. Production has its own OpenID provider.

It keeps one key in the data directory, readable by its owner only, and signs tokens that live some hours.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from jwt.algorithms import ECAlgorithm

from models.roles import Role
from models.visibility import Grant
from workers.key_files import made_once

ISSUER = "urn:zhicheng:local-issuer"
KEY_FILE = "local-issuer.pem"
LONGEST = timedelta(hours=24)
ALGORITHM = "ES256"
UNGRANTABLE = frozenset({Role.SYSTEM, Role.PUBLIC})
"""`system` is the service itself; `public` needs no token."""


class LocalIssuer:
    """The issuer whose key lies in `folder`; made on first use."""

    def __init__(self, folder: Path, audience: str, grants_claim: str, service_claim: str) -> None:
        self._file = folder / KEY_FILE
        self._audience, self._grants_claim, self._service_claim = audience, grants_claim, service_claim

    def mint(self, subject: str, grants: Sequence[Grant], *, life: timedelta, service: bool = False) -> str:
        """A token for this subject. Raises `ValueError`: too long a life, no grant, one nobody may hold."""
        if not timedelta(0) < life <= LONGEST:
            raise ValueError(
                f"a token of the local issuer lives at most {LONGEST.total_seconds() / 3600:g} h"
            )
        if not grants:
            raise ValueError("a token needs at least one role")
        for grant in grants:
            if grant.role in UNGRANTABLE:
                raise ValueError(f"the role '{grant.role.value}' cannot be granted")
            if grant.role is not Role.APPLICANT and grant.organisation is None:
                raise ValueError(f"the role '{grant.role.value}' is held for an organisation: name it")
        now = datetime.now(UTC)
        claims: dict[str, Any] = {
            "iss": ISSUER,
            "aud": self._audience,
            "sub": subject,
            "iat": now,
            "exp": now + life,
            "jti": secrets.token_hex(8),
            self._grants_claim: [grant.model_dump(mode="json", exclude_none=True) for grant in grants],
            self._service_claim: service,
        }
        key = self._key()
        return jwt.encode(claims, key, algorithm=ALGORITHM, headers={"kid": _kid(key)})

    def jwks(self) -> dict[str, Any]:
        """The public key as a JSON Web Key Set."""
        key = self._key()
        public: dict[str, Any] = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
        return {"keys": [{**public, "kid": _kid(key), "use": "sig", "alg": ALGORITHM}]}

    def _key(self) -> ec.EllipticCurvePrivateKey:
        key = load_pem_private_key(made_once(self._file, _new_pem), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key


def _new_pem() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _kid(key: ec.EllipticCurvePrivateKey) -> str:
    public: dict[str, Any] = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    return str(public["x"])[:16]
