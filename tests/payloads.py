"""Every payload inside a message of the server: what a search through histories looks at."""

from __future__ import annotations

from collections.abc import Iterator

from temporalio.api.common.v1 import Payload


def each_payload(message: object) -> Iterator[Payload]:
    """Every payload inside a protobuf message."""
    if isinstance(message, Payload):
        yield message
        return
    for descriptor, value in message.ListFields():  # type: ignore[attr-defined]
        if descriptor.type != descriptor.TYPE_MESSAGE:
            continue
        if descriptor.message_type.GetOptions().map_entry:
            held = [value[key] for key in value]
        else:
            held = list(value) if descriptor.is_repeated else [value]
        for inner in held:
            if hasattr(inner, "ListFields"):
                yield from each_payload(inner)


def payloads_of(message: object) -> list[bytes]:
    """The data and metadata of every payload inside a protobuf message, as raw bytes."""
    return [raw for one in each_payload(message) for raw in (one.data, *one.metadata.values())]
