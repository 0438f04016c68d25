"""What phones ask for, in the words of several makers; and what is no request at all."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from switch.feature_keys.documents import CSTA
from switch.feature_keys.requests import (
    MAX_BYTES,
    GetAgentState,
    NotARequest,
    Request,
    SetAgentState,
    SetDoNotDisturb,
    SetForwarding,
    SetHoteling,
    Wanted,
    read,
)
from switch.preferences import When

HEAD = '<?xml version="1.0" encoding="ISO-8859-1"?>\r\n'


def service(name: str, content: str, namespace: str = CSTA) -> bytes:
    return f'{HEAD}<{name} xmlns="{namespace}">{content}</{name}>\r\n'.encode("latin-1")


REASON = (
    '<extensions><privateData><private xmlns:pri="http://schema.broadsoft.com/CSTAPrivateData">'
    "<pri:AgentNotReadyReasonValue>3</pri:AgentNotReadyReasonValue></private></privateData></extensions>"
)
STATE = (
    "<device></device><requestedAgentState>{}</requestedAgentState>{}"
    "<agentID>{}</agentID><password>{}</password>"
)


@pytest.mark.parametrize(
    ("body", "request_"),
    [
        (
            service("SetDoNotDisturb", "<device>1</device>\n<doNotDisturbOn>true</doNotDisturbOn>"),
            SetDoNotDisturb(True),
        ),
        (service("SetDoNotDisturb", "<doNotDisturbOn>0</doNotDisturbOn>"), SetDoNotDisturb(False)),
        (
            service(
                "SetForwarding",
                "<device/><forwardingType>forwardImmediate</forwardingType>"
                "<activateForward>true</activateForward><forwardDN>2424</forwardDN><ringCount></ringCount>",
            ),
            SetForwarding(When.ALWAYS, True, "2424"),
        ),
        (
            service(
                "SetForwarding",
                "<forwardDN>sip:carol@example.com</forwardDN><forwardingType>forwardNoAns</forwardingType>"
                "<activateForward>true</activateForward><ringCount>4</ringCount>",
            ),
            SetForwarding(When.NO_ANSWER, True, "sip:carol@example.com", 4),
        ),
        (
            service(
                "SetForwarding",
                "<forwardingType>forwardBusy</forwardingType><activateForward>false</activateForward>"
                "<ringCount>0</ringCount>",
                "http://www.ecmainternational.org/standards/ecma-323/csta/ed3",
            ),
            SetForwarding(When.BUSY, False),
        ),
        (
            service("SetAgentState", STATE.format("loggedOn", "", "ana", "1234")),
            SetAgentState(Wanted.LOGGED_ON, "", "ana", "1234"),
        ),
        (
            service("SetAgentState", STATE.format("notReady", REASON, "", "")),
            SetAgentState(Wanted.NOT_READY, "3"),
        ),
        (
            service("SetAgentState", STATE.format("workingAfterCall", "", "", "")),
            SetAgentState(Wanted.WORKING_AFTER_CALL),
        ),
        (service("GetAgentState", "<device>1</device>"), GetAgentState()),
        (
            service(
                "SetHoteling", "<guestAddress>José</guestAddress>", "http://schema.broadsoft.com/hoteling"
            ),
            SetHoteling("José"),
        ),
        (
            service(
                "SetHoteling",
                "<guestAddress>ana</guestAddress><authenticationData><nonce>n</nonce>"
                "<algorithm>MD5</algorithm><response>r</response></authenticationData>",
            ),
            SetHoteling("ana", "n", "r"),
        ),
        (service("SetHoteling", "<guestAddress/>"), SetHoteling("")),
        (b"<SetHoteling><guestAddress/></SetHoteling>", SetHoteling("")),
    ],
)
def test_what_phones_ask_for(body: bytes, request_: Request) -> None:
    assert read(body) == request_


BOMB = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not xml",
        b"<SetDoNotDisturb>",
        b"<SetDoNotDisturb/>",
        b"<Sing/>",
        service("SetDoNotDisturb", "<doNotDisturbOn>perhaps</doNotDisturbOn>"),
        service("SetForwarding", "<forwardingType>forwardDND</forwardingType>"),
        service(
            "SetForwarding",
            "<forwardingType>forwardNoAns</forwardingType><activateForward>true</activateForward>"
            "<ringCount>-1</ringCount>",
        ),
        service("SetAgentState", "<requestedAgentState>asleep</requestedAgentState>"),
        service("SetHoteling", ""),
        service("SetHoteling", f"<guestAddress>{'a' * 129}</guestAddress>"),
        service("SetHoteling", "<guestAddress>a&#7;b</guestAddress>"),
        service("SetHoteling", "<guestAddress>a\nb</guestAddress>"),
        BOMB.encode() + b"<SetHoteling><guestAddress>&b;</guestAddress></SetHoteling>",
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><SetHoteling><guestAddress/></SetHoteling>',
        b'<?xml version="1.0" encoding="utf-7"?><SetHoteling><guestAddress/></SetHoteling>',
        b'<?xml version="1.0" encoding="nothing"?><SetHoteling><guestAddress/></SetHoteling>',
        b"<a>" * 2000,
        b"<SetHoteling><guestAddress/></SetHoteling>" + b" " * MAX_BYTES,
    ],
)
def test_what_is_no_request(body: bytes) -> None:
    with pytest.raises(NotARequest):
        read(body)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(body: bytes) -> None:
    with pytest.raises(NotARequest):
        read(body)


@given(
    name=st.sampled_from(
        ["SetDoNotDisturb", "SetForwarding", "SetAgentState", "SetHoteling", "GetAgentState"]
    ),
    values=st.dictionaries(
        st.sampled_from(["doNotDisturbOn", "forwardingType", "activateForward", "ringCount", "guestAddress"]),
        st.sampled_from(["true", "forwardNoAns", "7", "٣", "²", "", "0", "loggedOn"]),
    ),
)
def test_no_values_break_the_reader(name: str, values: dict[str, str]) -> None:
    content = "".join(f"<{key}>{value}</{key}>" for key, value in values.items())
    with contextlib.suppress(NotARequest):
        read(f'<{name} xmlns="{CSTA}">{content}</{name}>'.encode())
