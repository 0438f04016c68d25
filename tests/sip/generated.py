"""Messages and their parts as hypothesis makes them up: everything that the grammar has, at random."""

from dataclasses import replace

from hypothesis import strategies as st

from sip.syntax.headers import CSeq, NameAddr, Via
from sip.syntax.message import Headers, Request, Response
from sip.syntax.sdp import MediaDescription, Origin, SessionDescription
from sip.syntax.uri import Uri

TOKEN = "abcxyzABCXYZ0189-.!%*_+`'~"
WORD = TOKEN + '()<>:\\"/[]?{}'

tokens = st.text(TOKEN, min_size=1, max_size=12)
texts = st.text(
    st.just("\t") | st.characters(min_codepoint=32, codec="utf-8", exclude_characters="\x7f"), max_size=16
)
"""What may stand in quotes."""
lines = texts.map(lambda text: text.strip(" \t"))
"""What may stand anywhere in a header."""
hostile = st.text(st.sampled_from('\r\n\0 \t",;:<>@\\%a1ñ\u2028\u0085') | st.characters(), max_size=16)
"""What somebody might try to have written."""

labels = st.from_regex(r"[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,6}[a-zA-Z0-9_])?", fullmatch=True)
top_labels = st.from_regex(r"[a-zA-Z]([a-zA-Z0-9-]{0,6}[a-zA-Z0-9])?", fullmatch=True)
names = st.builds(lambda start, top: ".".join([*start, top]), st.lists(labels, max_size=3), top_labels)
addresses = st.ip_addresses(v=4).map(str) | st.ip_addresses(v=6).map(str)
hosts = names | addresses
ports = st.none() | st.integers(1, 65535)

anything = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
parameter_names = st.text("abcxyz0-", min_size=1, max_size=6)
uri_parameters = st.dictionaries(parameter_names, st.none() | anything, max_size=4)
uri_headers = st.dictionaries(parameter_names, anything, max_size=3)
sip_uris = st.builds(
    Uri, st.sampled_from(["sip", "sips"]), st.none() | anything, st.none(), hosts, ports, uri_parameters
) | st.builds(Uri, st.just("sip"), anything, st.none() | anything, hosts, ports, uri_parameters, uri_headers)
tel_uris = st.builds(
    lambda number, params: Uri("tel", number, params=params),
    st.from_regex(r"\+[0-9][0-9.()-]{0,12}|[0-9A-F*#][0-9A-F*#.-]{0,8}", fullmatch=True),
    uri_parameters,
)
opaque_uris = st.builds(
    lambda scheme, rest: Uri(scheme, opaque=rest),
    st.sampled_from(["urn", "http", "isbn", "soap.beep"]),
    st.text("abc019/:?;@&=+$,-_.!~*'()", min_size=1, max_size=16),
)
uris = sip_uris | tel_uris | opaque_uris
targets = st.builds(Uri, st.just("sip"), st.none() | anything, st.none(), hosts, ports, uri_parameters).map(
    lambda uri: uri.target
)

extensions = st.dictionaries(
    parameter_names.filter(lambda name: name not in ("tag", "branch", "ttl", "rport")),
    st.none() | texts,
    max_size=3,
)
name_addrs = st.builds(NameAddr, texts.map(lambda text: text.strip(" \t")), uris, extensions)
tagged = st.builds(
    lambda address, tag: replace(address, params={**address.params, "tag": tag}), name_addrs, tokens
)
routes = st.builds(NameAddr, st.just(""), targets, extensions)
branches = tokens.map(lambda token: f"z9hG4bK{token}")
vias = st.builds(
    lambda transport, host, port, branch, more: Via(transport, host, port, {"branch": branch, **more}),
    st.sampled_from(["UDP", "TCP", "TLS", "SCTP", "X-Y"]),
    hosts,
    ports,
    branches,
    extensions,
)
methods = st.sampled_from(["INVITE", "OPTIONS", "REGISTER", "BYE", "MESSAGE"]) | tokens
cseq_numbers = st.integers(0, 2**31 - 1)
words = st.text(WORD, min_size=1, max_size=16)
call_ids = words | st.builds(lambda left, right: f"{left}@{right}", words, words)
strange_headers = st.tuples(tokens.map(lambda token: f"X{token}"), lines)
bodies = st.binary(max_size=60)


@st.composite
def _fields(draw: st.DrawFn, method: str, to: st.SearchStrategy[NameAddr]) -> Headers:
    fields = [("Via", str(via)) for via in draw(st.lists(vias, min_size=1, max_size=4))]
    fields += [("From", str(draw(tagged))), ("To", str(draw(to))), ("Call-ID", draw(call_ids))]
    fields.append(("CSeq", str(CSeq(draw(cseq_numbers), method))))
    fields += [("Contact", str(each)) for each in draw(st.lists(name_addrs, max_size=3))]
    fields += [("Record-Route", str(each)) for each in draw(st.lists(routes, max_size=2))]
    fields += draw(st.lists(strange_headers, max_size=3))
    return Headers(draw(st.permutations(fields)))


def _with_length(message: Request | Response) -> Request | Response:
    message.headers.add("Content-Length", str(len(message.body)))
    return message


@st.composite
def requests(draw: st.DrawFn, chosen: st.SearchStrategy[str] = methods) -> Request:
    """A request with all that it needs, well formed, outside of any dialog."""
    method = draw(chosen)
    headers = draw(_fields(method, name_addrs))
    headers.add("Max-Forwards", str(draw(st.integers(0, 255))))
    message = _with_length(Request(method, str(draw(targets)), headers, draw(bodies)))
    assert isinstance(message, Request)
    return message


@st.composite
def responses(draw: st.DrawFn) -> Response:
    """A response with all that it needs, well formed."""
    headers = draw(_fields(draw(methods), tagged))
    reason = draw(lines)
    message = _with_length(Response(draw(st.integers(100, 699)), reason, headers, draw(bodies)))
    assert isinstance(message, Response)
    return message


_origins = st.builds(
    Origin, st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), addresses, st.text("abc-.", min_size=1)
)
_attributes = st.lists(
    st.tuples(
        st.text("abcdxyz-", min_size=1, max_size=8),
        st.none()
        | st.text(st.characters(min_codepoint=32, codec="utf-8"), max_size=20).map(
            lambda text: text.strip(" \t")
        ),
    ),
    max_size=4,
).map(tuple)
_media = st.builds(
    MediaDescription,
    st.sampled_from(["audio", "video", "image", "x"]),
    st.integers(0, 65535),
    st.sampled_from(["RTP/AVP", "RTP/SAVP", "udptl"]),
    st.lists(
        st.integers(0, 127).map(str) | st.text("abc0", min_size=1, max_size=4), min_size=1, max_size=6
    ).map(tuple),
    st.none() | addresses,
    _attributes,
)
descriptions = st.builds(
    SessionDescription,
    _origins,
    st.lists(_media, max_size=3).map(tuple),
    st.none() | addresses,
    lines,
    _attributes,
)
"""Session descriptions as we would write them."""
