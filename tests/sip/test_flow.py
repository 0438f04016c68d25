"""Flows, and whose addresses count as one."""

import pytest

from sip.flow import neighbourhood


@pytest.mark.parametrize(
    ("host", "whose"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:DB8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
    ],
)
def test_an_ipv4_address_is_one_customer_and_so_is_an_ipv6_64(host: str, whose: str) -> None:
    assert neighbourhood(host) == whose
