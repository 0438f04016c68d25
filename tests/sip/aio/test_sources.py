"""Which address we send from, and which of our sockets that makes fit."""

import pytest

from sip.aio.sources import Sources, unmapped
from sip.flow import Address

HERE, THERE, ANY, SIX, ANY6 = (
    ("127.0.0.1", 5060),
    ("192.0.2.1", 5060),
    ("0.0.0.0", 5060),
    ("::1", 5060),
    ("::", 5060),
)


@pytest.mark.parametrize(
    ("bound", "remote", "fits"),
    [
        ([HERE], "192.0.2.9", HERE),
        ([THERE, HERE], "127.0.0.9", HERE),
        ([HERE, ANY], "127.0.0.9", HERE),
        ([THERE, ANY], "127.0.0.9", ANY),
        ([HERE, SIX], "::1", SIX),
        ([HERE, ANY6, SIX], "::1", SIX),
        ([HERE], "::1", None),
        ([SIX], "127.0.0.1", None),
        ([], "127.0.0.1", None),
    ],
)
def test_the_socket_that_fits(bound: list[Address], remote: str, fits: Address | None) -> None:
    assert Sources().fitting(bound, remote) == fits


def test_the_kernel_is_asked_once_until_routes_may_have_changed() -> None:
    sources = Sources()
    assert sources.towards("127.0.0.1") == "127.0.0.1"
    sources._known["127.0.0.1"] = "192.0.2.1"
    assert sources.towards("127.0.0.1") == "192.0.2.1"
    sources.forget()
    assert sources.towards("127.0.0.1") == "127.0.0.1"


@pytest.mark.parametrize(
    ("host", "plain"),
    [("::ffff:192.0.2.1", "192.0.2.1"), ("2001:db8::1", "2001:db8::1"), ("192.0.2.1", "192.0.2.1")],
)
def test_an_ipv4_address_in_the_clothes_of_ipv6(host: str, plain: str) -> None:
    assert unmapped(host) == plain
