"""The one part of a signed PDF that its signature does not cover: the digits of the signature itself.

A CMS container has bytes that nothing protects: versions, repeated names of algorithms, certificates, and
the zeros that fill it up. Here it must be, digit for digit, the container that this service builds around
the signed attributes; the certificates in it must be the signer's, by the hash among those attributes, and
those above it, each signed by another that is trusted or stands beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding

SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.47"
"""The attribute with the hash of the signer's certificate (RFC 5035)."""


def is_exact(pdf: bytes, byte_range: Sequence[int], roots: Sequence[x509.Certificate]) -> bool:
    """True when the container stands where the byte range leaves room, to the end of the file, unchanged.

    A time stamp (level B-T) is taken as it is: it belongs to its authority. Raises whatever a parser raises
    on a container that is none.
    """
    start, first, second, rest = byte_range
    if start != 0 or second + rest != len(pdf):
        return False
    container = pdf[first:second]
    if container[:1] != b"<" or container[-1:] != b">":
        return False
    given = cms.ContentInfo.load(bytes.fromhex(container[1:-1].decode()))["content"]
    der = _rebuilt(given, roots)
    if der is None:
        return False
    expected = b"<" + der.hex().upper().encode().ljust(len(container) - 2, b"0") + b">"
    return container == expected


def asn1_of(certificate: x509.Certificate) -> asn1_x509.Certificate:
    """The certificate as pyHanko wants it."""
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _rebuilt(given: cms.SignedData, roots: Sequence[x509.Certificate]) -> bytes | None:
    """The container around the signed attributes and the signature; None when a certificate is not proven."""
    info = given["signer_infos"][0]
    signer_hash = _signer_hash(info["signed_attrs"])
    ders = [certificate.chosen.dump() for certificate in given["certificates"]]
    signers = [der for der in ders if hashlib.sha256(der).digest() == signer_hash]
    if len(signers) != 1 or not _proven([der for der in ders if der != signers[0]], roots):
        return None
    signer = asn1_x509.Certificate.load(signers[0])
    sid = cms.IssuerAndSerialNumber({"issuer": signer.issuer, "serial_number": signer.serial_number})
    kind = {"rsa": "sha256_rsa", "ec": "sha256_ecdsa"}[signer.public_key.algorithm]
    parts = {
        "version": "v1",
        "sid": cms.SignerIdentifier({"issuer_and_serial_number": sid}),
        "digest_algorithm": {"algorithm": "sha256"},
        "signed_attrs": info["signed_attrs"],
        "signature_algorithm": {"algorithm": kind},
        "signature": info["signature"],
    }
    if info["unsigned_attrs"].native is not None:
        parts["unsigned_attrs"] = info["unsigned_attrs"]
    content = {
        "version": "v1",
        "digest_algorithms": [{"algorithm": "sha256"}],
        "encap_content_info": {"content_type": "data"},
        "certificates": given["certificates"],
        "signer_infos": [cms.SignerInfo(parts)],
    }
    der: bytes = cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(content)}).dump()
    return der


def _signer_hash(attributes: cms.CMSAttributes) -> bytes | None:
    """The sha-256 of the signer's certificate among the signed attributes."""
    for attribute in attributes:
        if attribute["type"].dotted == SIGNING_CERTIFICATE:
            found: bytes = attribute["values"][0]["certs"][0]["cert_hash"].native
            return found
    return None


def _proven(ders: Sequence[bytes], roots: Sequence[x509.Certificate]) -> bool:
    """Each of these is a trusted one, or was signed by a trusted one or another of these."""
    found = [x509.load_der_x509_certificate(der) for der in ders]
    return all(one in roots or any(_issued(one, by) for by in (*roots, *found)) for one in found)


def _issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(by)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
