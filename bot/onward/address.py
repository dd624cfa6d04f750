"""Addresses that a webhook may go to: https, by the name that the deployment file writes; loopback only where named."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

LOCAL_NAMES = frozenset({"localhost"})


def refuse_unsafe(url: str) -> None:
    """Refuse an address that no webhook may have.

    Raises:
        ValueError: it is none of https, or holds a user, or names a link-local or unspecified address.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(f"{url!r} is no address") from None
    if not host or parts.username is not None or parts.password is not None:
        raise ValueError("write https://host/path; secrets are named by secret and token, and stay in the environment")
    if parts.scheme == "http" and is_loopback(host):
        return
    if parts.scheme != "https":
        raise ValueError(f"{parts.scheme or 'no scheme'} is not https; only a loopback address may do without")
    if (address := _address(host)) and (address.is_link_local or address.is_unspecified or address.is_multicast):
        raise ValueError(f"{host} is an address that no webhook goes to")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, by its name or number."""
    address = _address(host)
    return host.lower() in LOCAL_NAMES or (address is not None and address.is_loopback)


def may_be(host: str, address: str) -> bool:
    """Whether a host may have that address: a name of the outside never leads to this machine or its metadata."""
    found = _address(address)
    if found is None:
        return False
    if is_loopback(host):
        return found.is_loopback
    return not (found.is_loopback or found.is_link_local or found.is_unspecified or found.is_multicast)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped or found
