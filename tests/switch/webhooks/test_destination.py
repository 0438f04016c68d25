"""Whom a webhook may speak to."""

import pytest

from switch.webhooks.destination import Forbidden, NotThere, destination, is_public


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1::1"])
def test_anybody_may_be_there(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1"),
        *("::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::", "2001:0:a00:1::"),
    ],
)
def test_only_we_are_there(address: str) -> None:
    assert not is_public(address)


async def test_a_name_of_ours_is_refused_unless_it_is_meant() -> None:
    with pytest.raises(Forbidden, match="private: true"):
        await destination("https://localhost:8443/in", private=False)
    with pytest.raises(Forbidden):
        await destination("https://2130706433/in", private=False)  # 127.0.0.1, in one number
    where = await destination("http://127.0.0.1:8443/in?x=1", private=True)
    assert where == ("http://127.0.0.1:8443/in?x=1", "127.0.0.1:8443", "127.0.0.1")


async def test_a_name_that_leads_nowhere() -> None:
    with pytest.raises(NotThere, match="nowhere"):
        await destination("https://nowhere.invalid/", private=False)
