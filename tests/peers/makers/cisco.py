"""Cisco SPA and multiplatform phones: compact headers, late offers, what it is said elsewhere to be."""

from tests.peers.makers.maker import WITH_LISTS, Hold, Maker, Package

CISCO = Maker(
    name="cisco",
    user_agent="Cisco-CP-8841-3PCC/11.3.7",
    display="8841",
    compact=True,
    dials_tel=True,
    algorithm="MD5",
    expires_s=3600,
    contact_params=';+sip.instance="<urn:uuid:{uuid}>";+u.sip!model.ccm.cisco.com="683";q=0.5',
    second_contact="<sip:{user}@{here};x-line=2>;q=0.1",
    keepalive="notify",
    headers=(
        ("Supported", "replaces, sec-agree, record-aware, norefersub"),
        ("Allow-Events", "hold,talk,conference"),
    ),
    invite_headers=(
        ("Remote-Party-ID", '"8841" <sip:{user}@{domain}>;screen=yes;party=calling'),
        ("P-Asserted-Identity", '"Director" <sip:9999@{domain}>'),
        ("Diversion", "<sip:1099@{domain}>;reason=unconditional"),
        ("History-Info", "<sip:1099@{domain}>;index=1, <sip:1098@{domain}>;index=1.1"),
    ),
    attached=(
        "application/x-cisco-remotecc-request+xml",
        "<x-cisco-remotecc-request><optionsind/></x-cisco-remotecc-request>",
    ),
    formats=(
        (0, "PCMU/8000"),
        (8, "PCMA/8000"),
        (116, "iLBC/8000"),
        (9, "G722/8000"),
    ),
    event_type=97,
    session_name="SIP Call",
    origin="Cisco-SIPUA",
    late_offer=True,
    holds=(Hold.ZERO, Hold.INACTIVE, Hold.SENDONLY, Hold.ZERO_INACTIVE),
    late_resume=True,
    refer_headers=(("Referred-By", '"8841" <sip:{user}@{domain}>'),),
    refer_sub=False,
    semi_attended="replaces",
    leaves="waits",
    packages={
        "message-summary": Package("application/simple-message-summary", 3600),
        "dialog": Package(WITH_LISTS, 1800, (("Supported", "eventlist"),)),
        "as-feature-event": Package("application/x-as-feature-event+xml", 2600),
        "x-broadworks-hoteling": Package("application/x-broadworks-hoteling+xml", 3600),
    },
    xml_prefix="csta:",
    answers_at_once=(("Call-Info", "answer-after=0"),),
)
