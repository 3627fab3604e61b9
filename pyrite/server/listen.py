"""Listening sockets: the addresses of `bind`, IPv4 and IPv6, and the unix socket.

Sockets listen before the process goes into the background, so that whoever starts it is told what is wrong. A unix
socket has its permissions before it listens, so nobody whom they keep out can connect in between.
"""

from __future__ import annotations

import errno
import os
import socket
import stat

from pyrite.server.config.config import Config


class ListenError(Exception):
    """An address can't be listened on; the text says which and why."""


def tcp_sockets(config: Config, notices: list[str]) -> list[socket.socket]:
    """Listening sockets for all addresses of `bind`; what to log about those that were left out goes into `notices`.

    An address with a leading hyphen may be unavailable; any other that fails raises ListenError. Port 0 has no sockets,
    nor has a `bind` of no addresses.
    """
    sockets: list[socket.socket] = []
    if config.port == 0:
        return sockets
    try:
        for address in config.bind:
            made = _optional_tcp(address, config, notices)
            if made is not None:
                sockets.append(made)
    except ListenError:
        close_all(sockets)
        raise
    return sockets


def _optional_tcp(address: str, config: Config, notices: list[str]) -> socket.socket | None:
    optional = address.startswith("-")
    address = address.removeprefix("-")
    try:
        return _tcp(address, config)
    except OSError as error:
        reason = error.strerror or str(error)
        unavailable = error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.ENOPROTOOPT, errno.EPROTONOSUPPORT)
        if optional and unavailable:
            notices.append(f"Not listening on {address}:{config.port}, which this machine does not have: {reason}")
            return None
        raise ListenError(
            f"Could not create server TCP listening socket {address}:{config.port}: bind: {reason}"
        ) from None


def _tcp(address: str, config: Config) -> socket.socket:
    """A listening socket; `*` and `::*` stand for all addresses of IPv4 and of IPv6."""
    host = {"*": "0.0.0.0", "::*": "::"}.get(address, address)  # noqa: S104 - as the user says
    found = socket.getaddrinfo(host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, where = found[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.setblocking(False)
        made.bind(where)
        made.listen(config.tcp_backlog)
    except OSError:
        made.close()
        raise
    return made


def unix_socket(config: Config) -> socket.socket | None:
    """The listening unix socket, its permissions set before anybody can connect; None where none is configured."""
    if not config.unixsocket:
        return None
    path = config.unixsocket
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        made.setblocking(False)
        made.bind(path)
        if config.unixsocketperm:
            os.chmod(path, config.unixsocketperm)
        made.listen(config.tcp_backlog)
    except OSError as error:
        made.close()
        raise ListenError(f"Failed opening Unix socket: {path}: {error.strerror or error}") from None
    return made


def _remove_stale(path: str) -> None:
    """Remove a socket that an earlier server left; anything else at that path stays, and binding then fails."""
    try:
        if stat.S_ISSOCK(os.stat(path).st_mode):
            os.unlink(path)
    except FileNotFoundError:
        pass


def close_all(sockets: list[socket.socket]) -> None:
    """Close sockets that will not be served."""
    for each in sockets:
        each.close()
