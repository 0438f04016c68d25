"""Snom D7xx: folded headers, a contact of its own for each line, early media, one codec in the end."""

from tests.peers.makers.maker import WITH_LISTS, Hold, Maker, Package

SNOM = Maker(
    name="snom",
    user_agent="snomD785/10.1.169.16",
    display="Ñandú",
    folded=("Allow", "Supported", "Contact"),
    user_phone=True,
    algorithm="SHA-256",
    expires_s=600,
    expires_in_contact=True,
    contact_params=(
        ';reg-id=1;q=1.0;+sip.instance="<urn:uuid:{uuid}>";audio;mobility="fixed";duplex="full"'
        ';description="snomD785";actor="principal";events="dialog";methods="INVITE,ACK,CANCEL,BYE,REFER"'
    ),
    keepalive="options",
    headers=(
        ("Allow-Events", "talk, hold, refer, call-info"),
        ("Supported", "timer, replaces, from-change"),
    ),
    invite_headers=(("P-Key-Flags", 'resolution="31x13", keys="4"'), ("X-Serialnumber", "000413A23B4C")),
    formats=(
        (9, "G722/8000"),
        (0, "PCMU/8000"),
        (8, "PCMA/8000"),
        (3, "GSM/8000"),
        (99, "G726-32/8000"),
        (112, "AAL2-G726-32/8000"),
        (18, "G729/8000"),
    ),
    event_type=96,
    session_name="call",
    origin="root",
    early_media=True,
    session_expires_s=3600,
    refresh_by="UPDATE",
    locks_codec=True,
    holds=(Hold.SENDONLY, Hold.INACTIVE, Hold.ZERO_INACTIVE),
    refer_headers=(("Referred-By", "<sip:{user}@{domain}>"),),
    semi_attended="replaces",
    leaves="at-202",
    packages={
        "dialog": Package(WITH_LISTS, 3600, (("Supported", "eventlist"),)),
        "message-summary": Package("application/simple-message-summary", 3600),
        "presence": Package("application/pidf+xml", 3600),
        "ua-profile": Package("application/url", 3600),
        "call-info": Package("application/x-broadworks-call-info+xml", 3600),
    },
    answers_at_once=(("Alert-Info", "info=alert-autoanswer"), ("Call-Info", "answer-after=0")),
)
