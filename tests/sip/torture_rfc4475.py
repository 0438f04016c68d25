"""RFC 4475, torture test messages: every case by its section, told in our own messages, with its verdict."""

from sip.syntax.malformed import Fault
from tests.sip.torture import ASKED, DROPPED, INVITED, SDP, Verdict, build, malformed, refused, unreadable

WSINV = (
    b"INVITE sip:callee@example.com;unknownparam SIP/2.0\r\n"
    b"TO :\r\n sip:callee@example.com ;  tag    = 42\r\n"
    b'from   : "J \\\\\\""       <sip:j@example.com>\r\n  ;\r\n  tag = 43\r\n'
    b"MaX-fOrWaRdS: 0068\r\n"
    b"Call-ID: ws.1@192.0.2.1\r\nContent-Length   : 4\r\ncseq: 0009\r\n  INVITE\r\n"
    b"Via  : SIP  /   2.0\r\n /UDP\r\n    192.0.2.2;branch=390skdjuw\r\n"
    b"s :\r\nNewStrange:   new value\r\n continued new value\r\nOddValue: ;;,,;;,;\r\n"
    b"Content-Type: application/sdp\r\n"
    b"Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>\r\n"
    b"v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9  ,\r\n"
    b" SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK3\r\n"
    b'm:"Quoted string \\"\\"" <sip:j@example.com> ; newparam =\r\n      newvalue ;\r\n'
    b"  secondparam ; q = 0.33\r\n\r\nv=0\n"
)
INTMETH = (
    b"!odd-Method0123456789_*+`.%indeed'~ "
    b"sip:1_odd.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com"
    b" SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP host1.example.com;branch=z9hG4bK-.!%66*_+`'~\r\n"
    b'To: "BEL:\\\x07 NUL:\\\x00 DEL:\\\x7f" '
    b"<sip:1_odd.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>\r\n"
    b"From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>"
    b";fromParam''~+*_!.-%=\"\xd1\x80\xd0\xb0\xd0\xb1\xd0\xbe\xd1\x82\xd0\xb0\xd1\x8e\xd1\x89\xd0\xb8\xd0\xb9\""
    b";tag=_token~1'+`*%!-.\r\n"
    b"Call-ID: odd.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{\r\n"
    b"CSeq: 139122385 !odd-Method0123456789_*+`.%indeed'~\r\n"
    b"Max-Forwards: 255\r\n"
    b"extensionHeader-!.%*+_`'~:\xef\xbb\xbf\xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb\r\n"
    b"Content-Length: 0\r\n\r\n"
)
MPART01 = (
    b"--7a9cbec02ceef655\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\nHello\r\n"
    b"--7a9cbec02ceef655\r\n"
    b"Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    b"0\x82\x01R\x06\x09*\x86\r\nH\x86\xf7\x0d\x01\x07\x02\xa0\x00\x00\x82\x01\r\n"
    b"--7a9cbec02ceef655--"
)

CASES: dict[str, tuple[bytes, Verdict]] = {
    # 3.1.1 Valid messages
    "3.1.1.1 a short tortuous INVITE": (WSINV, refused(481)),  # its To tag names no dialog of ours
    "3.1.1.2 wide range of valid characters": (INTMETH, refused(501)),
    "3.1.1.3 valid use of the % escaping mechanism": (
        build(
            "INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0",
            SDP,
            To="sip:%75se%72@example.com",
            From="<sip:I%20have%20spaces@example.net>;tag=938",
            Contact="<sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>",
        ),
        INVITED,
    ),
    "3.1.1.4 escaped nulls in URIs": (
        build(
            "REGISTER sip:example.com SIP/2.0",
            To="sip:null-%00-null@example.com",
            From="sip:null-%00-null@example.com;tag=839923423",
            Contact="<sip:%00@host5.example.com>, <sip:%00%00@host5.example.com>",
        ),
        ASKED,
    ),
    "3.1.1.5 use of % when it is not an escape": (
        build(
            "RE%47IST%45R sip:registrar.example.com SIP/2.0",
            To='"%Z%45" <sip:resource@example.com>',
            From='"%Z%45" <sip:resource@example.com>;tag=f232jadfj23',
            Contact="<sip:alias1@host1.example.com>, <sip:alias2@host2.example.com>",
        ),
        refused(501),
    ),
    "3.1.1.6 no blank between display name and <": (
        build(From="caller<sip:caller@example.com>;tag=323"),
        ASKED,
    ),
    "3.1.1.7 long values in header fields": (
        build(
            "INVITE sip:user@example.com SIP/2.0",
            SDP,
            To=f'"I have a user name of {"extreme" * 10} proportion" '
            f"<sip:user@example.com:6000;unknownparam1={'very' * 20}value;longparam{'name' * 6}=shortvalue;"
            f"very{'long' * 12}ParameterNameWithNoValue>",
            From=f"sip:{'amazinglylong' * 5}callername@example.net;tag=12982{'982' * 50}424"
            f";unknownheaderparam{'name' * 20}=unknowheaderparam{'value' * 15}"
            f";unknownValueless{'param' * 10}",
            Call_ID=f"longreq.one{'really' * 20}longcallid",
            Contact=f"<sip:{'amazinglylong' * 5}callername@host5.example.net>",
            Via=f"SIP/2.0/UDP sip33.example.com;branch=z9hG4bK-{'x' * 200}, "
            + ", ".join(f"SIP/2.0/TCP sip{number}.example.com" for number in range(33)),
            **{
                f"Unknown-{'Long' * 20}-Name": f"unknown-{'long' * 20}-value;"
                f" unknown-{'long' * 20}-parameter-name"
            },
        ),
        INVITED,
    ),
    "3.1.1.8 extra octets in a datagram": (
        build("REGISTER sip:example.com SIP/2.0", Content_Length="0")
        + build("INVITE sip:joe@example.com SIP/2.0", SDP, Content_Length=str(len(SDP))),
        ASKED,
    ),
    "3.1.1.9 semicolon-separated parameters in the user part": (
        build("OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0"),
        ASKED,
    ),
    "3.1.1.10 varied and unknown transports": (
        build(
            Via="SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw\r\n"
            "Via: SIP/2.0/SCTP t2.example.com;branch=a\r\n"
            "Via: SIP/2.0/TLS t3.example.com;branch=b\r\nVia: SIP/2.0/UNKNOWN t4.example.com;branch=c\r\n"
            "Via: SIP/2.0/TCP t5.example.com;branch=d"
        ),
        ASKED,
    ),
    "3.1.1.11 multipart MIME message": (
        build(
            "MESSAGE sip:kumiko@example.org SIP/2.0",
            Content_Type="multipart/mixed;boundary=7a9cbec02ceef655",
            Content_Transfer_Encoding="binary",
            Content_Length=str(len(MPART01)),
        )
        + MPART01,
        refused(405),
    ),
    "3.1.1.12 unusual reason phrase": (
        build(
            "SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое",
            CSeq="35 INVITE",
            To="<sip:b@c>;tag=2",
        ),
        DROPPED,
    ),
    "3.1.1.13 empty reason phrase": (build("SIP/2.0 100 ", CSeq="35 INVITE"), DROPPED),
    # 3.1.2 Invalid messages
    "3.1.2.1 extraneous separators in Via": (
        build("INVITE sip:user@example.com SIP/2.0", SDP, Via="SIP/2.0/UDP 192.0.2.15;;,;,,"),
        malformed(Fault.EMPTY_VALUE),
    ),
    "3.1.2.1 extraneous separators in Contact": (
        build("INVITE sip:user@example.com SIP/2.0", SDP, Contact='"Joe" <sip:joe@example.org>;;;;'),
        malformed(Fault.MALFORMED_PARAMETER),
    ),
    "3.1.2.2 content length larger than the message": (
        build("INVITE sip:user@example.com SIP/2.0", SDP, Content_Length="9999"),
        malformed(Fault.BODY_TOO_SHORT),
    ),
    "3.1.2.3 negative content length": (
        build("INVITE sip:user@example.com SIP/2.0", SDP, Content_Length="-999"),
        malformed(Fault.MALFORMED_CONTENT_LENGTH),
    ),
    "3.1.2.4 request scalars too large: CSeq": (
        build("REGISTER sip:example.com SIP/2.0", CSeq="36893488147419103232 REGISTER"),
        malformed(Fault.MALFORMED_CSEQ),
    ),
    "3.1.2.4 request scalars too large: Max-Forwards": (
        build("REGISTER sip:example.com SIP/2.0", Max_Forwards="300"),
        malformed(Fault.MALFORMED_MAX_FORWARDS),
    ),
    "3.1.2.4 request scalars too large: expiry, which is cut to the largest": (
        build(
            "REGISTER sip:example.com SIP/2.0",
            Expires="1" + "0" * 100,
            Contact="<sip:user@host129.example.com>;expires=280297596632815",
        ),
        ASKED,
    ),
    "3.1.2.5 response scalars too large": (
        build(
            "SIP/2.0 503 Service Unavailable",
            CSeq="9292394834772304023312 OPTIONS",
            Retry_After="949302838503028349304023988",
            Warning='1812 overture "In Progress"',
        ),
        unreadable(Fault.MALFORMED_CSEQ),
    ),
    "3.1.2.6 unterminated quoted string in a display name": (
        build("INVITE sip:user@example.com SIP/2.0", SDP, To='"Mr. J. User <sip:j.user@example.com>'),
        malformed(Fault.MALFORMED_ADDRESS),
    ),
    "3.1.2.7 <> around the Request-URI": (
        build("INVITE <sip:user@example.com> SIP/2.0", SDP),
        malformed(Fault.MALFORMED_START_LINE),
    ),
    "3.1.2.8 blank in the Request-URI": (
        build("INVITE sip:user@example.com; lr SIP/2.0", SDP),
        malformed(Fault.MALFORMED_START_LINE),
    ),
    "3.1.2.9 several blanks in the request line": (
        build("INVITE  sip:user@example.com  SIP/2.0", SDP),
        malformed(Fault.MALFORMED_START_LINE),
    ),
    "3.1.2.10 blanks at the end of the request line": (
        build("OPTIONS sip:remote-target@example.com SIP/2.0  "),
        malformed(Fault.MALFORMED_START_LINE),
    ),
    "3.1.2.11 escaped headers in the Request-URI": (
        build("INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0", SDP),
        malformed(Fault.HEADERS_IN_REQUEST_URI),
    ),
    # Nothing here reads Date, and then its fault should not matter, the RFC says.
    "3.1.2.12 invalid time zone in Date": (
        build("INVITE sip:user@example.com SIP/2.0", SDP, Date="Fri, 01 Jan 2010 16:00:00 EST"),
        INVITED,
    ),
    "3.1.2.13 a name-addr without its <>": (
        build(
            "REGISTER sip:example.com SIP/2.0",
            Contact="sip:user@example.com?Route=%3Csip:sip.example.com%3E",
        ),
        malformed(Fault.MALFORMED_ADDRESS),
    ),
    "3.1.2.14 blanks within the addr-spec": (
        build(To='"Watson, Thomas" < sip:t.watson@example.org >'),
        malformed(Fault.MALFORMED_URI),
    ),
    "3.1.2.15 characters of no token in a display name": (
        build(
            From="Bell, Alexander <sip:a.g.bell@example.com>;tag=43",
            To="Watson, Thomas <sip:t.watson@example.org>",
        ),
        malformed(Fault.MALFORMED_ADDRESS),
    ),
    "3.1.2.16 unknown protocol version": (
        build(
            "OPTIONS sip:t.watson@example.org SIP/7.0", Via="SIP/7.0/UDP c.example.com;branch=z9hG4bKkdjuw"
        ),
        malformed(Fault.VERSION_NOT_SUPPORTED, 505),
    ),
    "3.1.2.17 start line and CSeq of different methods": (
        build(CSeq="8 INVITE"),
        malformed(Fault.CSEQ_OF_ANOTHER_METHOD),
    ),
    "3.1.2.18 an unknown method, and another in CSeq": (
        build("NEWMETHOD sip:user@example.com SIP/2.0", CSeq="8 INVITE"),
        malformed(Fault.CSEQ_OF_ANOTHER_METHOD),
    ),
    "3.1.2.19 response code too large": (
        build("SIP/2.0 4294967301 better not break the receiver", CSeq="353494 INVITE"),
        unreadable(Fault.MALFORMED_START_LINE),
    ),
    # 3.2 Transaction layer semantics
    "3.2.1 missing transaction identifier": (build(Via="SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK"), ASKED),
    # 3.3 Application layer semantics
    "3.3.1 required header fields missing": (
        build("INVITE sip:user@example.com SIP/2.0", SDP, From=None, To=None, Call_ID=None),
        malformed(Fault.FROM_MISSING),
    ),
    "3.3.2 Request-URI with an unknown scheme": (
        build("OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0"),
        malformed(Fault.UNSUPPORTED_SCHEME, 416),
    ),
    "3.3.3 Request-URI with a known scheme that is not for SIP": (
        build("OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0"),
        malformed(Fault.UNSUPPORTED_SCHEME, 416),
    ),
    "3.3.4 unknown schemes in header fields": (
        build(
            "REGISTER sip:example.com SIP/2.0",
            To="isbn:2983792873",
            From="<http://www.example.com>;tag=3234233",
            Contact="<name:John_Smith>",
        ),
        ASKED,
    ),
    "3.3.5 Proxy-Require and Require": (
        build(Require="nothingSupportsThis, nothingSupportsThisEither", Proxy_Require="noProxiesSupportThis"),
        refused(420),
    ),
    "3.3.6 unknown content type": (
        build("INVITE sip:user@example.com SIP/2.0", "<audio/>", Content_Type="application/unknownformat"),
        refused(415),
    ),
    "3.3.7 unknown authorization scheme": (
        build("REGISTER sip:example.com SIP/2.0", Authorization="NoOneKnowsThisScheme opaque-data=here"),
        refused(401),
    ),
    "3.3.8 several values where one is required": (
        build(
            "INVITE sip:user@example.com SIP/2.0",
            SDP,
            CSeq="5 INVITE\r\nCSeq: 59 INVITE",
            Call_ID="multi01.98asdh@192.0.2.1\r\nCall-ID: multi01.98asdh@192.0.2.2",
            Max_Forwards="70\r\nMax-Forwards: 5",
            From="sip:caller@example.com;tag=3413415\r\nFrom: sip:caller@example.net;tag=2923420123",
            To="sip:user@example.com\r\nTo: sip:other@example.net",
        ),
        malformed(Fault.REPEATED_HEADER),
    ),
    "3.3.9 several content lengths": (
        build(
            body="There is no way to know how many octets belong here.",
            Content_Length="13\r\nContent-Length: 5",
        ),
        malformed(Fault.REPEATED_HEADER),
    ),
    "3.3.10 200 with a broadcast address in Via": (
        build(
            "SIP/2.0 200 OK",
            SDP,
            CSeq="35 INVITE",
            To="<sip:user@example.edu>;tag=2229",
            Via="SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1\r\nVia: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK2",
        ),
        DROPPED,
    ),
    "3.3.11 Max-Forwards of zero": (build(Max_Forwards="0"), ASKED),
    "3.3.12 REGISTER with a parameter of the Contact": (
        build("REGISTER sip:example.com SIP/2.0", Contact="sip:+19725552222@gw1.example.net;unknownparam"),
        ASKED,
    ),
    "3.3.13 REGISTER with a parameter of the URI": (
        build("REGISTER sip:example.com SIP/2.0", Contact="<sip:+19725552222@gw1.example.net;unknownparam>"),
        ASKED,
    ),
    "3.3.14 REGISTER with an escaped header": (
        build(
            "REGISTER sip:example.com SIP/2.0",
            Contact="<sip:user@example.com?Route=%3Csip:sip.example.com%3E>",
        ),
        ASKED,
    ),
    "3.3.15 unacceptable Accept": (
        build("INVITE sip:user@example.com SIP/2.0", SDP, Accept="text/nobodyKnowsThis"),
        refused(406),
    ),
    # 3.4 Backward compatibility
    "3.4.1 INVITE with RFC 2543 syntax": (
        build(
            "INVITE sip:UserB@example.com SIP/2.0",
            SDP,
            Via="SIP/2.0/UDP iftgw.example.com",
            From="<sip:+13035551111@ift.client.example.net;user=phone>",
            Record_Route="<sip:UserB@example.com;maddr=ss1.example.com>",
            To="sip:+16505552222@ss1.example.net;user=phone",
            Max_Forwards=None,
            Contact=None,
        ),
        INVITED,
    ),
}

SECTIONS = [
    *(f"3.1.1.{number}" for number in range(1, 14)),
    *(f"3.1.2.{number}" for number in range(1, 20)),
    "3.2.1",
    *(f"3.3.{number}" for number in range(1, 16)),
    "3.4.1",
]
