"""What a call looks like as a ladder: the drawings below are the tests."""

from switch.trace.ladder import ladder
from switch.trace.ring import STRAND_MESSAGES
from switch.trace.row import MessageRow, row
from switch.trace.summary import Tone
from tests.switch.trace.wire import CARRIER, PHONE, SDP, STREAM, Wire, request, response, seen


def hunt() -> list[MessageRow]:
    """A call that was busy at one agent and answered by the next; its first answer got lost."""
    wire = Wire()
    ring = wire.ring()
    ring.claim("CALL", "leg-1", "caller carrier")
    wire.show("in", request(body=SDP))
    wire.show("in", request(body=SDP), CARRIER, 0.5)
    wire.show("out", response("100 Trying"))
    ring.claim("CALL", "leg-2", "agent 1001")
    wire.show("out", request("INVITE", "leg-2", "1001", body=SDP), PHONE)
    wire.show("in", response("180 Ringing", "INVITE", "leg-2"), PHONE)
    wire.show("in", response("486 Busy Here", "INVITE", "leg-2", "Reason: Q.850;cause=17"), PHONE)
    ring.claim("CALL", "leg-3", "agent 1002")
    wire.show("out", request("INVITE", "leg-3", "1002", body=SDP), STREAM, 5.0)
    wire.show("in", response("200 OK", "INVITE", "leg-3", body=SDP), STREAM)
    wire.show("out", response("200 OK", body=SDP))
    wire.show("in", request("ACK"))
    wire.show("in", request("BYE", cseq=2).replace(b"2.1>\r", b"2.1>;tag=b\r"), CARRIER, 60.0)
    wire.show("out", response("200 OK", "BYE"))
    return [row(message) for message in seen(ring.call("CALL"))]


def drawn(rows: list[MessageRow], width: int) -> str:
    lines = [line.text for line in ladder(rows, width)]
    assert all(len(line) <= max(width, 60) for line in lines)
    return "\n".join(lines)


WIDE = """\
2027-01-15 08:00:00.001000 UTC, 12 messages, times in ms
A  203.0.113.9:5060 udp  caller carrier
B  192.0.2.21:5062 udp  agent 1001
C  192.0.2.22:40000 tcp  agent 1002

            A                       centralita                        B                            C
       0.0  |-- INVITE +34911000000 ---->|                            |                            |
            |   203.0.113.9:4000 PCMA P..|                            |                            |
     500.0  |.. INVITE +34911.. (again) >|                            |                            |
     501.0  |<-- 100 Trying -------------|                            |                            |
     502.0  |                            |-- INVITE 1001 ------------>|                            |
            |                            |   203.0.113.9:4000 PCMA P..|                            |
     503.0  |                            |<-- 180 Ringing ------------|                            |
     504.0  |                            |<-- 486 Busy Here cause=17 -|                            |
    5504.0  |                            |-- INVITE 1002 ----------------------------------------->|
            |                            |   203.0.113.9:4000 PCMA PCMU                            |
    5505.0  |                            |<-- 200 OK ----------------------------------------------|
            |                            |   203.0.113.9:4000 PCMA PCMU                            |
    5506.0  |<-- 200 OK -----------------|                            |                            |
            |   203.0.113.9:4000 PCMA P..|                            |                            |
    5507.0  |-- ACK -------------------->|                            |                            |
   65507.0  |-- BYE -------------------->|                            |                            |
   65508.0  |<-- 200 OK (BYE) -----------|                            |                            |"""
NARROW = """\
2027-01-15 08:00:00.001000 UTC, 12 messages, times in ms
A  203.0.113.9:5060 udp  caller carrier
B  192.0.2.21:5062 udp  agent 1001
C  192.0.2.22:40000 tcp  agent 1002

            A                centralita                 B                     C
       0.0  |-- INVITE +349110.. >|                     |                     |
            |   203.0.113.9:4000..|                     |                     |
     500.0  |.. INVITE.. (again) >|                     |                     |
     501.0  |<-- 100 Trying ------|                     |                     |
     502.0  |                     |-- INVITE 1001 ----->|                     |
            |                     |   203.0.113.9:4000..|                     |
     503.0  |                     |<-- 180 Ringing -----|                     |
     504.0  |                     |<-- 486 Busy Here .. |                     |
    5504.0  |                     |-- INVITE 1002 --------------------------->|
            |                     |   203.0.113.9:4000 PCMA PCMU              |
    5505.0  |                     |<-- 200 OK --------------------------------|
            |                     |   203.0.113.9:4000 PCMA PCMU              |
    5506.0  |<-- 200 OK ----------|                     |                     |
            |   203.0.113.9:4000..|                     |                     |
    5507.0  |-- ACK ------------->|                     |                     |
   65507.0  |-- BYE ------------->|                     |                     |
   65508.0  |<-- 200 OK (BYE) ----|                     |                     |"""
NARROWEST = """\
2027-01-15 08:00:00.001000 UTC, 12 messages, times in ms
A  203.0.113.9:5060 udp  caller carrier
B  192.0.2.21:5062 udp  agent 1001
C  192.0.2.22:40000 tcp  agent 1002

            A                centralita                B,C
       0.0  |-- INVITE +349110.. >|                     |
            |   203.0.113.9:4000..|                     |
     500.0  |.. INVITE.. (again) >|                     |
     501.0  |<-- 100 Trying ------|                     |
     502.0  |                     |-- B: INVITE 1001 -->|
            |                     |   203.0.113.9:4000..|
     503.0  |                     |<-- B: 180 Ringing --|
     504.0  |                     |<-- B: 486 Busy He.. |
    5504.0  |                     |-- C: INVITE 1002 -->|
            |                     |   203.0.113.9:4000..|
    5505.0  |                     |<-- C: 200 OK -------|
            |                     |   203.0.113.9:4000..|
    5506.0  |<-- 200 OK ----------|                     |
            |   203.0.113.9:4000..|                     |
    5507.0  |-- ACK ------------->|                     |
   65507.0  |-- BYE ------------->|                     |
   65508.0  |<-- 200 OK (BYE) ----|                     |"""


def test_with_room_for_all() -> None:
    assert drawn(hunt(), 110) == WIDE


def test_on_a_terminal_of_eighty_columns() -> None:
    assert drawn(hunt(), 80) == NARROW


def test_those_without_room_share_the_last_line() -> None:
    assert drawn(hunt(), 40) == NARROWEST


def test_a_carrier_at_both_ends_stands_there_twice() -> None:
    wire = Wire()
    ring = wire.ring()
    ring.claim("CALL", "leg-1", "caller carrier")
    ring.claim("CALL", "leg-2", "callee carrier")
    wire.show("in", request())
    wire.show("out", request("INVITE", "leg-2", "600"))
    found = drawn([row(message) for message in seen(ring.call("CALL"))], 80).splitlines()
    assert found[1:3] == [
        "A  203.0.113.9:5060 udp  caller carrier",
        "B  203.0.113.9:5060 udp  callee carrier",
    ]
    assert found[-1].endswith("|-- INVITE 600 ------------->|")


def test_what_was_too_much_to_keep_is_said() -> None:
    wire = Wire()
    ring = wire.ring()
    ring.claim("CALL", "leg-1")
    for number in range(STRAND_MESSAGES + 7):
        wire.show("in", request("OPTIONS", cseq=number))
    lines = drawn([row(message) for message in seen(ring.call("CALL"))], 80).splitlines()
    assert [line.strip() for line in lines if "..." in line] == ["... 7 messages that were too many to keep"]


def test_each_kind_of_message_has_its_tone() -> None:
    tones = [line.tone for line in ladder(hunt(), 80) if "--" in line.text]
    request_, success = Tone.REQUEST, Tone.SUCCESS
    assert tones == [
        *(request_, Tone.PROVISIONAL, request_, Tone.PROVISIONAL, Tone.FAILURE, request_, success, success),
        *(request_, request_, success),
    ]


def test_of_more_than_a_few_peers_each_has_a_letter() -> None:
    wire = Wire()
    ring = wire.ring()
    for number in range(30):
        ring.claim("CALL", f"leg-{number}", f"agent {number}")
        wire.show("out", request("INVITE", f"leg-{number}", str(number)), PHONE)
    text = drawn([row(message) for message in seen(ring.call("CALL"))], 100)
    assert "AD  192.0.2.21:5062 udp  agent 29" in text
    assert "-- AD: INVITE 29 -" in text


def test_no_messages_draw_nothing() -> None:
    assert ladder([], 80) == []
