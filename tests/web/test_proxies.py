"""Forwarded headers count only from the operator's own proxies."""

from __future__ import annotations

from typing import Any

import pytest

from service.web.proxies import TrustedProxies

PROXY, OTHER_PROXY, READER, LIAR = "10.0.0.1", "10.0.0.2", "192.0.2.77", "198.51.100.9"


def seen(peer: str, forwarded: str | None, trusted: tuple[str, ...] = ("10.0.0.0/8", "::1/128")) -> str:
    """The REMOTE_ADDR that the application is given."""
    given: list[str] = []

    def app(environ: dict[str, Any], _: object) -> list[bytes]:
        given.append(environ["REMOTE_ADDR"])
        return []

    environ = {"REMOTE_ADDR": peer} | ({"HTTP_X_FORWARDED_FOR": forwarded} if forwarded is not None else {})
    TrustedProxies(app, trusted)(environ, lambda *_: None)
    return given[0]


@pytest.mark.parametrize(
    ("peer", "forwarded", "reader"),
    [
        (PROXY, READER, READER),
        (PROXY, f"{READER}, {OTHER_PROXY}", READER),
        (PROXY, f"{LIAR}, {READER}", READER),
        (PROXY, f"[2001:db8::1]:4711, {OTHER_PROXY}", "2001:db8::1"),
        (PROXY, f"{READER}:4711", READER),
        ("::1", READER, READER),
        (PROXY, None, PROXY),
        (PROXY, "", PROXY),
        (PROXY, "unknown", PROXY),
        (PROXY, f"{READER}, nonsense", PROXY),
        (PROXY, ",".join([LIAR] * 5000), LIAR),
        (READER, LIAR, READER),
        ("", LIAR, ""),
    ],
)
def test_the_nearest_address_that_is_no_proxy_of_ours_counts(
    peer: str, forwarded: str | None, reader: str
) -> None:
    """The near end of the chain is believed as far as our own proxies wrote it, and no further."""
    assert seen(peer, forwarded) == reader


def test_without_trusted_proxies_no_header_counts() -> None:
    """By default the connection's own address is the reader's."""
    assert seen("127.0.0.1", READER, trusted=()) == "127.0.0.1"
