"""Where papers are kept, who signs them, and where they are verified: what an operator decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509

    from activities.papers.keys import SigningKey

VERIFICATION_URL = "https://zhicheng.example/verify"
"""A placeholder until the operator gives the address of the public pages."""


@dataclass(frozen=True)
class PaperConfig:
    """`folder` is the data directory. Without a key file one is made, where `may_make_key` allows it."""

    folder: Path
    verification_url: str = VERIFICATION_URL
    key_file: Path | None = None
    certificate_file: Path | None = None
    passphrase: str | None = field(default=None, repr=False)
    timestamp_url: str | None = None
    may_make_key: bool = False

    def key(self) -> SigningKey:
        """The key that signs. Raises `SigningKeyError`; making one takes about a second, once."""
        # Cryptography takes a quarter of a second to load, and every command line reads its settings.
        from activities.papers.keys import SigningKeyError, load_key, rehearsal_key

        if self.key_file is not None and self.certificate_file is not None:
            return load_key(self.key_file, self.certificate_file, self.passphrase)
        if not self.may_make_key:
            raise SigningKeyError(
                "ZHICHENG_SIGNING_KEY_FILE: papers cannot be signed without a key. Remedy: give it and "
                "ZHICHENG_SIGNING_CERTIFICATE_FILE, or set ZHICHENG_REHEARSAL=true to have one made for "
                "rehearsals."
            )
        return rehearsal_key(self.folder)

    def roots(self) -> list[x509.Certificate]:
        """The certificates that a signature must lead to: the topmost one given, or the made one."""
        from cryptography import x509

        from activities.papers.keys import CERTIFICATE_FILE

        file = self.certificate_file or self.folder / CERTIFICATE_FILE
        try:
            return x509.load_pem_x509_certificates(file.read_bytes())[-1:]
        except (OSError, ValueError):
            return []
