"""Yealink SIP-T4x and T5x, as their administrator's guides and traces show them."""

from tests.peers.makers.maker import WITH_LISTS, Hold, Maker, Package

YEALINK = Maker(
    name="yealink",
    user_agent="Yealink SIP-T46U 108.86.0.20",
    display="Recepción 1ª",
    algorithm="SHA-256",
    expires_s=3600,
    contact_params=';+sip.instance="<urn:uuid:{uuid}>"',
    keepalive="crlf",
    headers=(
        ("Allow-Events", "talk,hold,conference,refer,check-sync"),
        ("Supported", "replaces, timer, norefersub"),
    ),
    formats=(
        (9, "G722/8000"),
        (0, "PCMU/8000"),
        (8, "PCMA/8000"),
        (18, "G729/8000"),
    ),
    event_type=101,
    session_name="SDP data",
    session_expires_s=1800,
    refresh_by="INVITE",
    holds=(Hold.SENDONLY, Hold.INACTIVE, Hold.ZERO),
    refer_headers=(("Referred-By", "<sip:{user}@{domain}>"),),
    semi_attended="replaces",
    leaves="at-200",
    packages={
        "dialog": Package(WITH_LISTS, 30, (("Supported", "eventlist"),)),
        "message-summary": Package("application/simple-message-summary", 3600),
        "as-feature-event": Package("application/x-as-feature-event+xml", 3600),
        "x-broadworks-hoteling": Package("application/x-broadworks-hoteling+xml", 3600),
        "ua-profile": Package(
            "application/url", 600, (("Event", 'ua-profile;profile-type="device";vendor="Yealink"'),)
        ),
    },
    answers_at_once=(("Alert-Info", "info=alert-autoanswer"), ("Call-Info", "answer-after=0")),
)
