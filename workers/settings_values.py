"""Forms that several settings share: addresses, and what a host is."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated

from pydantic import AfterValidator

OFF = "127.0.0.1:0"
"""An address with port 0 turns its endpoint off."""


def split_address(address: str) -> tuple[str, int]:
    """Host and port of `host:port` (`[::1]:80` for IPv6). Raises `ValueError` when it is not that."""
    host, colon, port = address.rpartition(":")
    if not colon or not host.strip("[]") or not port.isdecimal() or int(port) > 65535:
        raise ValueError("must be host:port with a port from 0 to 65535")
    return host.strip("[]"), int(port)


def is_this_machine(host: str) -> bool:
    """Whether the name or number of a host is this machine's own, which nobody else reaches."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _host_and_port(address: str) -> str:
    split_address(address)
    return address


HostAndPort = Annotated[str, AfterValidator(_host_and_port)]
"""An address as it is given, `host:port`."""
