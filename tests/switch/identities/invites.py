"""INVITEs of carriers, as the switch reads them."""

from sip.syntax.message import Request, parse


def invite(
    *headers: str,
    from_: str = '"Eva" <sip:+34600111222@carrier.example>;tag=1',
    to: str = "<sip:+34911000000@pbx.example>",
    uri: str = "sip:+34911000000@pbx.example",
) -> Request:
    lines = [
        f"INVITE {uri} SIP/2.0",
        "Via: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bK1",
        f"From: {from_}",
        f"To: {to}",
        "Call-ID: 1",
        "CSeq: 1 INVITE",
        *headers,
    ]
    message = parse("\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape"))
    assert isinstance(message, Request)
    return message
