"""Polycom VVX: TCP, reliable ringing, the direction above the media line, events as 127."""

from tests.peers.makers.maker import WITH_LISTS, Hold, Maker, Package

POLYCOM = Maker(
    name="polycom",
    user_agent="PolycomVVX-VVX_450-UA/6.4.3.5018",
    transport="tcp",
    display="VVX 450",
    user_phone=True,
    expires_s=300,
    contact_params=(
        ';methods="INVITE,ACK,BYE,CANCEL,OPTIONS,INFO,MESSAGE,SUBSCRIBE,NOTIFY,PRACK,UPDATE,REFER"'
        ';+sip.instance="<urn:uuid:{uuid}>";reg-id=1'
    ),
    keepalive="ping",
    headers=(
        ("Supported", "replaces, 100rel"),
        ("Allow-Events", "conference,talk,hold"),
        ("Accept-Language", "en"),
    ),
    invite_headers=(("P-Preferred-Identity", '"VVX 450" <sip:{user}@{domain}>'),),
    formats=(
        (9, "G722/8000"),
        (102, "G7221/16000"),
        (0, "PCMU/8000"),
        (8, "PCMA/8000"),
        (18, "G729/8000"),
    ),
    event_type=127,
    direction_at="session",
    session_name="Polycom IP Phone",
    reliable=True,
    holds=(Hold.SENDONLY, Hold.INACTIVE, Hold.ZERO),
    refer_headers=(("Referred-By", "<sip:{user}@{domain}>"), ("Accept-Language", "en")),
    semi_attended="blind",
    leaves="at-200",
    packages={
        "dialog": Package(WITH_LISTS, 3600, (("Supported", "eventlist"),)),
        "message-summary": Package("application/simple-message-summary", 3600),
        "presence": Package("application/pidf+xml, application/xpidf+xml", 300),
        "as-feature-event": Package("application/x-as-feature-event+xml", 3600),
        "x-broadworks-hoteling": Package("application/x-broadworks-hoteling+xml", 3600),
        "call-info": Package("application/x-broadworks-call-info+xml", 3600),
        "line-seize": Package("application/sdp", 15),
    },
    xml_encoding="ISO-8859-1",
    answers_at_once=(("Alert-Info", "Auto Answer"),),
)
