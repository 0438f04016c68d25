"""TLS between two shells: names, client certificates, reload, and peers that cannot or will not."""

import asyncio
import socket
import ssl
import time
from pathlib import Path

import pytest

from sip.aio.closing import Closed
from sip.aio.listener import Listener
from sip.aio.shell import Listen
from sip.aio.tls import Tls, TlsFiles
from sip.events import Acked, Answered, IncomingInvite, IncomingRequest, OutgoingRequest, ResponseReceived
from sip.flow import Address, Flow, Transport
from tests.peers.certificates import Authority, Issued
from tests.sip.aio.loops import Phone, on_each_loop
from tests.sip.aio.test_shell import invite

ALICE: list[Listen] = [("tls", "127.0.13.1", 0)]
BOB: list[Listen] = [("tls", "127.0.13.2", 0)]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls"))


def files(authority: Authority, issued: Issued, *, asks: bool = True) -> TlsFiles:
    return TlsFiles(
        issued.certificate,
        issued.private_key,
        authority.certificate if asks else None,
        authority.certificate,
    )


def ask(phone: Phone, flow: Flow) -> None:
    """OPTIONS; its answer, or that there is none, is heard later."""
    request = OutgoingRequest("OPTIONS", "sip:bob@127.0.13.2", flow, "<sip:a@x>", "<sip:b@y>")
    phone.endpoint.request(request, time.monotonic())
    phone.shell.flush()


class TestTls:
    """On both loops."""

    @pytest.fixture(autouse=True)
    def _certificates(self, authority: Authority) -> None:
        self.authority = authority
        self.alice = files(authority, authority.issue("alice.example"))
        self.bob = files(authority, authority.issue("bob.example", "127.0.13.2"))

    def test_a_call(self, loop_kind: str) -> None:
        async def test() -> None:
            async with Phone(*ALICE, tls=self.alice) as alice, Phone(*BOB, tls=self.bob) as bob:
                flow = alice.flow_to(bob, "tls", "bob.example")
                session = invite(alice, flow)
                answered = await alice.hears(Answered)
                arrived = await bob.hears(IncomingInvite)
                await bob.hears(Acked)
                assert arrived.request.top_via.transport == "TLS"
                assert "transport=tls" in answered.response.headers.get("Contact")
                assert bob.shell.peer_names(arrived.flow) == ("alice.example",)
                assert alice.shell.peer_names(flow) == ("bob.example", "127.0.13.2")
                alice.hangup(session)
                await asyncio.gather(alice.quiet(), bob.quiet())
                assert dict(bob.shell.open_connections) == {"tls": 1}

        on_each_loop(test)(loop_kind)

    @pytest.mark.parametrize(
        ("name", "status"), [(None, 200), ("bob.example", 200), ("mallory.example", None), ("example", None)]
    )
    def test_the_server_must_be_who_was_wanted(
        self, loop_kind: str, name: str | None, status: int | None
    ) -> None:
        async def test() -> None:
            async with Phone(*ALICE, tls=self.alice) as alice, Phone(*BOB, tls=self.bob) as bob:
                ask(alice, alice.flow_to(bob, "tls", name))
                assert (await alice.hears(ResponseReceived)).status == status
                assert alice.shell.ended_connections["tls", Closed.CERTIFICATE] == (status is None)

        on_each_loop(test)(loop_kind)

    def test_a_server_of_another_authority_is_refused(self, loop_kind: str, tmp_path: Path) -> None:
        other = Authority(tmp_path, "other")
        stranger = files(other, other.issue("bob.example"))

        async def test() -> None:
            async with Phone(*ALICE, tls=self.alice) as alice, Phone(*BOB, tls=stranger) as bob:
                ask(alice, alice.flow_to(bob, "tls", "bob.example"))
                assert (await alice.hears(ResponseReceived)).status is None
                assert alice.shell.ended_connections["tls", Closed.HANDSHAKE] == 1

        on_each_loop(test)(loop_kind)

    def test_a_client_without_a_certificate_is_nobody_in_particular(self, loop_kind: str) -> None:
        nameless = TlsFiles(server_ca=self.authority.certificate)

        async def test() -> None:
            async with Phone(tls=nameless) as alice, Phone(*BOB, tls=self.bob) as bob:
                ask(alice, alice.flow_to(bob, "tls", "bob.example"))
                arrived = await bob.hears(IncomingRequest)
                assert bob.shell.peer_names(arrived.flow) == ()
                assert (await alice.hears(ResponseReceived)).status == 200

        on_each_loop(test)(loop_kind)

    def test_a_client_certificate_of_another_authority_ends_the_handshake(
        self, loop_kind: str, tmp_path: Path
    ) -> None:
        other = Authority(tmp_path, "other").issue("alice.example")
        forged = TlsFiles(other.certificate, other.private_key, None, self.authority.certificate)

        async def test() -> None:
            async with Phone(*ALICE, tls=forged) as alice, Phone(*BOB, tls=self.bob) as bob:
                ask(alice, alice.flow_to(bob, "tls", "bob.example"))
                assert (await alice.hears(ResponseReceived)).status is None
                await bob.loses_a_connection()
                assert bob.shell.ended_connections["tls", Closed.HANDSHAKE] == 1

        on_each_loop(test)(loop_kind)

    def test_a_reload_changes_new_handshakes_and_leaves_what_is_open(self, loop_kind: str) -> None:
        renewed = files(self.authority, self.authority.issue("renewed.example"))

        async def test() -> None:
            async with Phone(*ALICE, tls=self.alice) as alice, Phone(*BOB, tls=self.bob) as bob:
                before = alice.flow_to(bob, "tls", "bob.example")
                session = invite(alice, before)
                await alice.hears(Answered)
                await bob.shell.reload_tls(renewed)
                after = alice.flow_to(bob, "tls", "renewed.example")
                ask(alice, after)
                assert (await alice.hears(ResponseReceived)).status == 200
                assert alice.shell.peer_names(after) == ("renewed.example",)
                alice.hangup(session)
                await asyncio.gather(alice.quiet(), bob.quiet())
                assert alice.shell.open_connections["tls"] == 2

        on_each_loop(test)(loop_kind)

    def test_a_reload_of_what_cannot_be_read_changes_nothing(self, loop_kind: str) -> None:
        async def test() -> None:
            async with Phone(*ALICE, tls=self.alice) as alice, Phone(*BOB, tls=self.bob) as bob:
                with pytest.raises(OSError):
                    await bob.shell.reload_tls(TlsFiles(Path("/nowhere"), Path("/nowhere")))
                ask(alice, alice.flow_to(bob, "tls", "bob.example"))
                assert (await alice.hears(ResponseReceived)).status == 200

        on_each_loop(test)(loop_kind)

    def test_who_does_not_shake_hands_is_cut_off(
        self, loop_kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sip.aio.listener.HANDSHAKE_S", 0.2)

        async def test() -> None:
            async with Phone(*BOB, tls=self.bob) as bob:
                with socket.create_connection(bob.shell.addresses[0][1]):
                    await bob.loses_a_connection()
                assert bob.shell.ended_connections["tls", Closed.HANDSHAKE] == 1

        on_each_loop(test)(loop_kind)

    def test_a_keep_alive_is_answered(self, loop_kind: str) -> None:
        async def test() -> None:
            async with Phone(*BOB, tls=self.bob) as bob:
                context = self.authority.client()
                reader, writer = await asyncio.open_connection(*bob.shell.addresses[0][1], ssl=context)
                writer.write(b"\r\n\r\n")
                assert await reader.readexactly(2) == b"\r\n"
                writer.close()
                await bob.loses_a_connection()

        on_each_loop(test)(loop_kind)


def test_nothing_below_tls_1_2_and_no_cipher_without_forward_secrecy(authority: Authority) -> None:
    tls = Tls.load(files(authority, authority.issue("bob.example")))
    for context in (tls.server, tls.client):
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2
        names = {cipher["name"] for cipher in context.get_ciphers()}
        assert all(name.startswith(("ECDHE-", "TLS_")) for name in names)
        assert not any(word in name for name in names for word in ("CBC", "SHA1", "RC4", "3DES", "NULL"))


class NoAdmission:
    """Nobody is let in."""

    def admit(self, transport: Transport, local: Address, remote: Address) -> None:
        return None


def test_ipv4_and_ipv6_listen_side_by_side() -> None:
    async def test() -> None:
        async def tls() -> Tls:
            raise AssertionError

        four = Listener("tcp", "0.0.0.0", 0, NoAdmission(), tls)
        six = Listener("tcp", "::", four.address[1], NoAdmission(), tls)
        port = four.address[1]
        for listener, host in ((four, "127.0.13.3"), (six, "::1")):
            with socket.create_connection((host, port), timeout=5.0):
                pass
            listener.close()
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((host, port), timeout=5.0)

    asyncio.run(test())
