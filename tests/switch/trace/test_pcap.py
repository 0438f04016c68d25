"""A capture is what others read: our own strict reading of the formats, tcpdump, sngrep and tshark."""

import asyncio
from pathlib import Path

from sip.flow import Flow
from switch.trace.pcap import HEADER, Pcap
from tests.switch.trace.packets import packets
from tests.switch.trace.wire import (
    CARRIER,
    SDP,
    SECURE,
    SIX,
    START_US,
    STREAM,
    Wire,
    request,
    response,
    seen,
)

SIX_UDP = Flow("udp", ("2001:db8::1", 5060), ("2001:db8::8", 5060))


def written(*passed: tuple[str, bytes, Flow]) -> bytes:
    """A capture of what passed."""
    wire = Wire()
    ring = wire.ring()
    for way, data, flow in passed:
        wire.show("in" if way == "in" else "out", data, flow)
    pcap = Pcap()
    return HEADER + b"".join(map(pcap.records, seen(ring.strands())))


def one_of_each() -> bytes:
    """A request and its response over each transport, odd and even in length."""
    flows = {"udp": CARRIER, "tcp": STREAM, "tls": SECURE, "six": SIX, "six-udp": SIX_UDP}
    passed = []
    for call_id, flow in flows.items():
        passed.append(("in", request(call_id=call_id, body=SDP), flow))
        passed.append(("out", response("200 OK", call_id=call_id, body=SDP + "a=x\r\n"), flow))
    return written(*passed)


def test_every_packet_is_right_and_has_its_ends() -> None:
    found = list(packets(one_of_each()))
    assert [packet.time_us - START_US for packet in found] == list(range(1000, 10_001, 1000))
    assert [packet.protocol for packet in found] == [17, 17, 6, 6, 6, 6, 6, 6, 17, 17]
    assert (found[0].source, found[0].destination) == (("203.0.113.9", 5060), ("192.0.2.1", 5060))
    assert (found[5].source, found[5].destination) == (("192.0.2.1", 5061), ("192.0.2.23", 40001))
    assert (found[6].source, found[6].destination) == (("2001:db8::9", 5061), ("2001:db8::1", 5061))
    assert found[0].payload == request(call_id="udp", body=SDP)


def test_a_stream_goes_on_where_it_was() -> None:
    first, second = request("OPTIONS", "a"), request("OPTIONS", "a", cseq=2)
    found = list(packets(written(("in", first, STREAM), ("in", second, STREAM), ("in", first, SECURE))))
    assert [packet.sequence for packet in found] == [1, 1 + len(first), 1]


def test_a_message_larger_than_a_packet() -> None:
    large = request("MESSAGE", body="x" * 65_000)
    parts = list(packets(written(("in", large, STREAM))))
    assert len(parts) == 2
    assert b"".join(part.payload for part in parts) == large
    (cut,) = packets(written(("in", large + b"x" * 500, CARRIER)))
    assert (large + b"x" * 500).startswith(cut.payload)
    assert len(cut.payload) == 65_507


def test_the_address_of_a_socket_on_all_of_them_is_the_one_that_the_kernel_takes() -> None:
    found = list(
        packets(
            written(
                ("in", request(), Flow("udp", ("0.0.0.0", 5060), ("203.0.113.9", 5060))),
                ("in", request(), Flow("udp", ("::", 5060), ("2001:db8::8", 5060))),
            )
        )
    )
    assert [packet.destination for packet in found] == [("192.0.2.1", 5060), ("2001:db8::1", 5060)]


def test_a_checksum_of_zero_is_written_as_all_ones() -> None:
    """RFC 768: zero would say that there is none. The last word of a message makes it what we want."""
    plain = b"OPTIONS sip:a@b SIP/2.0\r\n"
    plain += b"x" * (len(plain) % 2)
    checksum = int.from_bytes(written(("in", plain + b"\0\0", CARRIER))[66:68], "big")
    made = written(("in", plain + checksum.to_bytes(2, "big"), CARRIER))
    assert made[66:68] == b"\xff\xff"
    assert len(list(packets(made))) == 1


async def told_by(*command: str) -> str:
    """What a program says about a capture; it must not complain."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, complaint = await process.communicate()
    assert process.returncode == 0, complaint.decode()
    return said.decode()


async def test_tcpdump_opens_it(tmp_path: Path) -> None:
    (tmp_path / "trace.pcap").write_bytes(one_of_each())
    said = await told_by("tcpdump", "-n", "-vv", "-r", str(tmp_path / "trace.pcap"))
    assert said.count("INVITE sip:+34911000000@192.0.2.1 SIP/2.0") == 2
    assert said.count("udp sum ok") == 4
    assert said.count("(correct)") == 6
    assert "incorrect" not in said
    assert "bad" not in said


async def test_sngrep_opens_it(tmp_path: Path) -> None:
    capture, copy = tmp_path / "trace.pcap", tmp_path / "copy.pcap"
    capture.write_bytes(one_of_each())
    await told_by("sngrep", "-N", "-q", "-I", str(capture), "-O", str(copy))
    assert [packet.payload for packet in packets(copy.read_bytes())] == [
        packet.payload for packet in packets(capture.read_bytes())
    ]


async def test_wireshark_reads_sip_in_every_packet(tmp_path: Path) -> None:
    (tmp_path / "trace.pcap").write_bytes(one_of_each())
    checks = [word for name in ("ip", "udp", "tcp") for word in ("-o", f"{name}.check_checksum:TRUE")]
    names = ("sip.Method", "sip.Status-Code", "sip.Call-ID", "sdp.media.port")
    fields = [word for name in names for word in ("-e", name)]
    said = await told_by("tshark", "-r", str(tmp_path / "trace.pcap"), *checks, "-T", "fields", *fields)
    assert [line.split("\t")[:3] for line in said.splitlines()] == [
        each
        for call_id in ("udp", "tcp", "tls", "six", "six-udp")
        for each in (["INVITE", "", call_id], ["", "200", call_id])
    ]
    complaints = await told_by("tshark", "-r", str(tmp_path / "trace.pcap"), *checks, "-Y", "_ws.malformed")
    assert complaints == ""
