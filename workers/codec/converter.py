"""The converter of every client, worker and replayer: pydantic's, and errors that say nothing outside."""

from __future__ import annotations

from typing import Any, NoReturn

from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultFailureConverter,
    DefaultFailureConverterWithEncodedAttributes,
    EncodingPayloadConverter,
    FailureConverter,
    NexusSerializationContext,
    PayloadConverter,
    SerializationContext,
    WithSerializationContext,
)
from temporalio.exceptions import ApplicationError

from workers.codec.codec import DAMAGED, DamagedPayloadError, SealingCodec, is_left_open
from workers.codec.keys import UnknownKeyError


class _Damaged(EncodingPayloadConverter):
    """Reads no payload that was damaged, whatever is expected of it."""

    @property
    def encoding(self) -> str:
        """See base class."""
        return DAMAGED.decode()

    def to_payload(self, value: Any) -> Payload | None:  # noqa: ARG002 - nothing is written like this
        """See base class."""
        return None

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> NoReturn:  # noqa: ARG002
        """Raises `DamagedPayloadError`."""
        raise DamagedPayloadError("a sealed payload was altered, cut, or moved, and cannot be read")


_ENCODINGS = (*PydanticPayloadConverter().converters.values(), _Damaged())
"""Made once: the SDK makes a converter for every task of a workflow, and each of its own would learn anew how
every model is read."""


class ReviewPayloadConverter(CompositePayloadConverter):
    """Pydantic models as JSON."""

    def __init__(self) -> None:
        super().__init__(*_ENCODINGS)


_READABLE = DefaultFailureConverter()


class SealedFailures(DefaultFailureConverterWithEncodedAttributes, WithSerializationContext):
    """Message and stack of an error go where the codec seals them; across a border they stay readable."""

    def to_failure(
        self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure
    ) -> None:
        """See base class. What names a missing key stays readable: it says nothing else."""
        left_open = isinstance(exception, UnknownKeyError) or (
            isinstance(exception, ApplicationError) and any(map(is_left_open, exception.details))
        )
        chosen = _READABLE.to_failure if left_open else super().to_failure
        chosen(exception, payload_converter, failure)

    def with_context(self, context: SerializationContext) -> FailureConverter:  # type: ignore[override]
        """See class."""
        return _READABLE if isinstance(context, NexusSerializationContext) else self


def review_converter(codec: SealingCodec | None) -> DataConverter:
    """The converter; without a codec, or with one that seals nothing, everything is written in plain."""
    seals = codec is not None and codec.seals
    return DataConverter(
        payload_converter_class=ReviewPayloadConverter,
        payload_codec=codec,
        failure_converter_class=SealedFailures if seals else DefaultFailureConverter,
    )
