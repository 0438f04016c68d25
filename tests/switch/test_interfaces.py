"""The addresses of this machine."""

from ipaddress import ip_address

import pytest

from switch.interfaces import Interfaces


@pytest.mark.parametrize(
    ("address", "here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("192.0.2.1", False),
        ("2001:db8::1", False),
        ("255.255.255.255", False),
    ],
)
def test_what_is_here(address: str, here: bool) -> None:
    assert Interfaces().has(ip_address(address)) is here
