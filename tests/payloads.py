"""Every payload inside a message of the server, as raw bytes: what a search through histories looks at."""

from __future__ import annotations

from temporalio.api.common.v1 import Payload


def payloads_of(message: object) -> list[bytes]:
    """The data of every payload inside a protobuf message."""
    if isinstance(message, Payload):
        return [message.data, *(value for value in message.metadata.values())]
    found: list[bytes] = []
    for descriptor, value in message.ListFields():  # type: ignore[attr-defined]
        if descriptor.type != descriptor.TYPE_MESSAGE:
            continue
        if descriptor.message_type.GetOptions().map_entry:
            held = [value[key] for key in value]
        else:
            held = list(value) if descriptor.is_repeated else [value]
        for inner in held:
            if hasattr(inner, "ListFields"):
                found += payloads_of(inner)
    return found
