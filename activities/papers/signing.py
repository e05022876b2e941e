"""Signs a PDF (PAdES, ETSI EN 319 142-1, level B-B) and validates what was signed, down to the last byte.

The signature certifies the file: nothing may be added to it. Signing the same bytes with the same key at
the same business time gives the same bytes again (RSA PKCS#1 v1.5, or ECDSA by RFC 6979), so that a crash
between file and record leaves no second version. With a time-stamp authority the level is B-T, and each
signing gives new bytes.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import fields, signers, timestamps
from pyhanko.sign.signers.pdf_signer import PdfSigningSession
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from activities.papers.container import asn1_of, is_exact
from activities.papers.keys import PrivateKey, SigningKey

logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
# What is wrong with a file is the answer of `verify`; a traceback beside it helps nobody.

FIELD = "Signature1"
RESERVED = 16_384
"""Hex digits kept free for the signature: certificate, attributes and, at level B-T, the time stamp."""


class _KeySigner(signers.Signer):
    """Signs with a key that is loaded and checked once; pyHanko's own signer checks it at each signature."""

    def __init__(self, key: SigningKey) -> None:
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        store.register_multiple([asn1_of(certificate) for certificate in key.above])
        super().__init__(signing_cert=asn1_of(key.certificate), cert_registry=store)
        self._key: PrivateKey = key.key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: ARG002
        assert digest_algorithm == "sha256"
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return self._key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))
        return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())


class _PdfSigner(signers.PdfSigner):
    """Signs at a business time that is given, not at the clock's."""

    at: datetime

    def init_signing_session(self, *args: Any, **kwargs: Any) -> PdfSigningSession:
        session = super().init_signing_session(*args, **kwargs)
        session.system_time = self.at
        return session


class _Writer(IncrementalPdfFileWriter):
    """Adds the signature and nothing else: no random name of the file, no clock among its metadata."""

    def _update_meta(self) -> None:
        """The metadata stay as the form made them, dated at business time."""

    @classmethod
    def _handle_id(cls, prev: PdfFileReader) -> generic.ArrayObject:
        prev.stream.seek(0)
        name = hashlib.sha256(prev.stream.read()).digest()
        first, _ = prev.trailer["/ID"]
        return generic.ArrayObject([first, generic.ByteStringObject(name[:16])])


class PaperSigner:
    """Signs papers with one key. `timestamp_url`: an RFC 3161 authority, for level B-T."""

    def __init__(self, key: SigningKey, timestamp_url: str | None = None) -> None:
        self.key = key
        self._signer = _KeySigner(key)
        self._authority = timestamps.HTTPTimeStamper(timestamp_url) if timestamp_url else None

    def sign(self, pdf: bytes, at: datetime, reason: str) -> bytes:
        """The signed file. `at` is business time. Takes CPU (at level B-T the network too): use a thread."""
        name = self.key.certificate.subject.rfc4514_string()
        metadata = signers.PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
            certify=True,
            docmdp_permissions=fields.MDPPerm.NO_CHANGES,
            reason=reason,
            name=name,
        )
        signer = _PdfSigner(metadata, self._signer, timestamper=self._authority)
        signer.at = at
        out = asyncio.run(signer.async_sign_pdf(_Writer(BytesIO(pdf)), bytes_reserved=RESERVED))
        signed: bytes = out.getvalue()
        return signed


@dataclass(frozen=True)
class Signed:
    """What became of a signature: whole and trusted, or why not (`fault`, in English)."""

    intact: bool
    trusted: bool
    signer: str | None = None
    signed_at: datetime | None = None
    fault: str | None = None

    @property
    def valid(self) -> bool:
        """Every byte is as it was signed, by a key that is trusted."""
        return self.intact and self.trusted


def verify(pdf: bytes, roots: Sequence[x509.Certificate]) -> Signed:
    """Validates the one signature of a paper against the trusted roots. Raises nothing, needs no network.

    Call it in a thread: it takes some tens of milliseconds and runs an event loop of its own.

    The signer's certificate must have been valid at the time that the signature gives.

    Stricter than PDF asks for: one signature that certifies the whole file, its container in canonical
    form, so that no byte can differ; anything appended, even an innocent update, is a fault.
    """
    return asyncio.run(_answer(pdf, roots))


async def _answer(pdf: bytes, roots: Sequence[x509.Certificate]) -> Signed:
    try:
        return await _verify(pdf, roots)
    except Exception as error:  # a damaged file can fail anywhere in its parser
        return Signed(False, False, fault=f"cannot be read as a signed PDF ({type(error).__name__})")


async def _verify(pdf: bytes, roots: Sequence[x509.Certificate]) -> Signed:
    reader = PdfFileReader(BytesIO(pdf))
    found = reader.embedded_signatures
    if len(found) != 1:
        return Signed(False, False, fault=f"holds {len(found)} signatures instead of one")
    signature = found[0]
    if not is_exact(pdf, list(map(int, signature.sig_object["/ByteRange"])), roots):
        return Signed(False, False, fault="the signature's container was changed, or the file was added to")
    signed_at = signature.self_reported_timestamp
    context = ValidationContext(
        trust_roots=[asn1_of(root) for root in roots], allow_fetching=False, moment=signed_at
    )
    status = await async_validate_pdf_signature(signature, context)
    whole = (
        status.intact
        and status.valid
        and status.coverage is SignatureCoverageLevel.ENTIRE_FILE
        and status.docmdp_ok is True
    )
    return Signed(
        intact=whole,
        trusted=status.trusted,
        signer=status.signing_cert.subject.human_friendly,
        signed_at=signed_at,
        fault=None if status.bottom_line and whole else status.summary(),
    )
