"""Addresses in place of paths: those of the web, and file: ones, which browsers, terminals and spreadsheets write."""

import os
import re
import socket
import urllib.parse

_LOOPBACK = frozenset(("", "localhost", "localhost.localdomain", "ip6-localhost", "127.0.0.1", "[::1]"))
_DRIVE = re.compile(r"/?[A-Za-z][:|](?=$|[/\\])")


def is_file_address(text: str) -> bool:
    return text[:5].lower() == "file:"


def is_web_address(text: str) -> bool:
    return text[:8].lower().startswith(("http://", "https://"))


def local_path(address: str, windows: bool = os.name == "nt") -> str | None:
    """The path that a file: address means on this computer, byte for byte; None where it means none.

    A host that is this computer is dropped (RFC 8089). Of another one Windows makes a network path, others nothing.
    Looks at no disk and asks no name server.
    """
    if not is_file_address(address):
        return None
    rest = re.split("[?#]", address[5:], maxsplit=1)[0]  # a picture's own # and ? are written %23 and %3F
    host = ""
    if rest[:2] == "//":
        host, slash, path = rest[2:].partition("/")
        rest = slash + path
        if _DRIVE.match(host):  # file://C:/x, which is wrong, and common
            host, rest = "", f"/{host}{rest}"
    named = urllib.parse.unquote(host)
    raw = urllib.parse.unquote_to_bytes(rest.encode("utf-8", "surrogateescape"))
    if b"\0" in raw:
        return None
    if windows:
        return _windows_path(raw.decode("utf-8", "surrogateescape"), named)
    return os.fsdecode(raw) if raw[:1] == b"/" and _is_here(named) else None


def _windows_path(path: str, host: str) -> str | None:
    drive = _DRIVE.match(path)
    if drive is not None:
        return f"{drive[0].strip('/')[0]}:{path[drive.end() :] or '/'}".replace("/", "\\") if _is_here(host) else None
    if host.lower() not in _LOOPBACK:  # this computer's own shares are reached by its name, too
        return f"\\\\{host}{path}".replace("/", "\\")
    return path.replace("/", "\\") if path[:1] == "/" else None


def _is_here(host: str) -> bool:
    """Asking for the full name of this computer may wait for a name server, so the first part of it decides."""
    given, own = host.lower().rstrip("."), socket.gethostname().lower().rstrip(".")
    return given in _LOOPBACK or given == own or given.partition(".")[0] == own.partition(".")[0]
