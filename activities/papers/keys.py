"""The key that signs the papers: given by settings, or for rehearsals made once under the data directory.

A made key says so in its certificate and on every paper that it signs: it has no legal effect.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from activities.papers.storage import write_once

KEY_FILE, CERTIFICATE_FILE = "signing/rehearsal-key.pem", "signing/rehearsal-certificate.pem"
"""Where a made key lies, under the data directory; the key is readable by its owner only."""

BITS = 3072
REHEARSAL_NAME = "zhicheng rehearsal, no legal effect (演练，无效力)"

PrivateKey = RSAPrivateKey | EllipticCurvePrivateKey


class SigningKeyError(ValueError):
    """The key or its certificate cannot be used; the words name the setting and the remedy."""


@dataclass(frozen=True)
class SigningKey:
    """A private key (RSA or elliptic curve), its certificate, and the certificates above it.

    `rehearsal`: made by the service itself.
    """

    key: PrivateKey
    certificate: x509.Certificate
    above: tuple[x509.Certificate, ...] = ()
    rehearsal: bool = False

    @property
    def subject(self) -> str:
        """Who signs, as the certificate names it."""
        return self.certificate.subject.rfc4514_string()


def load_key(key_file: Path, certificate_file: Path, passphrase: str | None = None) -> SigningKey:
    """Reads PEM files: a private key, and its certificate followed by those above it.

    Raises `SigningKeyError`; no message holds the passphrase or the key.
    """
    try:
        key = load_pem_private_key(key_file.read_bytes(), passphrase.encode() if passphrase else None)
    except (OSError, ValueError, TypeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not a PEM private key under this passphrase"
        raise SigningKeyError(
            f"ZHICHENG_SIGNING_KEY_FILE: {key_file} cannot be read ({why}). Remedy: give a PEM file with an "
            "RSA or elliptic-curve key, and its passphrase in ZHICHENG_SIGNING_KEY_PASSPHRASE."
        ) from None
    if not isinstance(key, (RSAPrivateKey, EllipticCurvePrivateKey)):
        raise SigningKeyError("ZHICHENG_SIGNING_KEY_FILE: must be an RSA or elliptic-curve key.")
    try:
        first, *above = x509.load_pem_x509_certificates(certificate_file.read_bytes())
    except (OSError, ValueError):
        raise SigningKeyError(
            f"ZHICHENG_SIGNING_CERTIFICATE_FILE: {certificate_file} cannot be read. Remedy: give a PEM file "
            "with the certificate of the key, followed by the certificates above it."
        ) from None
    if first.public_key() != key.public_key():
        raise SigningKeyError(
            "ZHICHENG_SIGNING_CERTIFICATE_FILE: its first certificate is not that of the key in "
            "ZHICHENG_SIGNING_KEY_FILE. Remedy: give the two that belong together."
        )
    return SigningKey(key, first, tuple(above))


def rehearsal_key(data_dir: Path) -> SigningKey:
    """The key made for rehearsals under `data_dir`, made now if there is none; two processes get the same."""
    key_file, certificate_file = data_dir / KEY_FILE, data_dir / CERTIFICATE_FILE
    if not key_file.exists():
        made = rsa.generate_private_key(65537, BITS)
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_once(key_file, pem, mode=0o600)
    if not certificate_file.exists():
        key = load_pem_private_key(key_file.read_bytes(), None)
        assert isinstance(key, RSAPrivateKey)
        write_once(certificate_file, _certificate_of(key).public_bytes(Encoding.PEM))
    if os.name == "posix" and key_file.stat().st_mode & 0o077:
        raise SigningKeyError(f"{key_file} may be read by others. Remedy: chmod 600 {key_file}")
    found = load_key(key_file, certificate_file)
    return SigningKey(found.key, found.certificate, rehearsal=True)


def _certificate_of(key: RSAPrivateKey) -> x509.Certificate:
    """A certificate of the key by itself, the same each time: valid for any business time of a rehearsal."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, REHEARSAL_NAME)])
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key()).digest
    signs = x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(identifier[:8]) | 1)
        .not_valid_before(datetime(2000, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2099, 12, 31, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(signs, critical=True)
        .sign(key, hashes.SHA256())
    )
