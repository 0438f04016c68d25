# cython: language_level=3
"""The kernels of the SIP message layer, compiled. Pure twin and contract: sip/syntax/scanner.py."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeUTF8, PyUnicode_Substring
from libc.string cimport memchr

# The limits of sip/syntax/limits.py; tests/sip/syntax/test_scanner.py holds both twins to each of them.
cdef Py_ssize_t MAX_HEADERS = 256
cdef Py_ssize_t MAX_HEADER_CHARS = 8192
cdef Py_ssize_t MAX_LIST_ITEMS = 128
cdef Py_ssize_t MAX_PARAMETERS = 64

cdef unsigned char[128] TOKEN
cdef Py_ssize_t _letter
for _letter in range(128):
    TOKEN[_letter] = chr(_letter).isalnum() or chr(_letter) in "-.!%*_+`'~"


cdef inline bint is_token(Py_UCS4 letter) noexcept nogil:
    return letter < 128 and TOKEN[letter]


cdef inline bint is_blank(Py_UCS4 letter) noexcept nogil:
    return letter == c" " or letter == c"\t"


cdef enum:
    PLAIN = 0
    CONTROL = 1
    FEED = 2
    RETURN = 3

cdef unsigned char[256] KIND
for _letter in range(256):
    KIND[_letter] = CONTROL if (_letter < 32 and _letter != 9) or _letter == 127 else PLAIN
KIND[10] = FEED
KIND[13] = RETURN


cdef inline bint is_control(unsigned char letter) noexcept nogil:
    """Neither a blank nor part of a line end."""
    return KIND[letter] == CONTROL


def scan(bytes message not None, dict names not None):
    """Split a message into (start line, header names, header values, offset of the body)."""
    cdef bint folded = False
    cdef bint folded_name = False
    cdef Py_ssize_t end = find_end(message, &folded)
    cdef bytes head = unfold(message[:end], &folded_name) if folded else message
    cdef Py_ssize_t length = PyBytes_GET_SIZE(head) if folded else end
    cdef const char *text = PyBytes_AS_STRING(head)
    cdef Py_ssize_t position = start_length(text, length)
    cdef str start = PyUnicode_DecodeUTF8(text, position, "surrogateescape")
    cdef list keys = []
    cdef list values = []
    # The faults of a line wait: too many lines, then a long start line come first.
    cdef Py_ssize_t lines = 0
    cdef bint malformed = folded_name
    cdef bint control = False
    cdef bint suspect = False
    cdef bint long_value = False
    cdef Py_ssize_t stop
    look(text, 0, position, &lines, &malformed, &control)
    while position < length:
        position += 2
        lines += 1
        stop = position + start_length(text + position, length - position)
        suspect = False
        look(text, position, stop, &lines, &malformed, &suspect)
        if lines > MAX_HEADERS:
            raise OverflowError("Too Many Headers")
        if not malformed:
            malformed = not split_field(text, position, stop, names, keys, values)
            if suspect and not malformed:
                control |= has_control(text, position, stop)
                values[len(values) - 1] = without_controls(values[len(values) - 1])
            long_value |= not malformed and len(<str>values[len(values) - 1]) > MAX_HEADER_CHARS
        position = stop
    if lines > MAX_HEADERS:
        raise OverflowError("Too Many Headers")
    if len(start) > MAX_HEADER_CHARS:
        raise OverflowError("Start Line Too Long")
    if malformed:
        raise ValueError("Malformed Header Line")
    if control:
        raise ValueError("Control Character In Header")
    if long_value:
        raise OverflowError("Header Too Long")
    return start, keys, values, end + 4


cdef Py_ssize_t find_end(bytes message, bint *folded) except -1:
    """Where the empty line begins; says on the way whether any header is folded."""
    cdef const char *text = PyBytes_AS_STRING(message)
    cdef Py_ssize_t length = PyBytes_GET_SIZE(message)
    cdef Py_ssize_t position = 0
    cdef Py_ssize_t first = -1
    cdef const char *found
    while True:
        found = <const char *>memchr(text + position, c"\r", length - position)
        if found == NULL or found - text > length - 4:
            raise ValueError("Headers Not Ended")
        position = found - text
        if found[1] == c"\n":
            if found[2] == c"\r" and found[3] == c"\n":
                break
            if is_blank(found[2]):
                if first < 0:
                    first = -2
                folded[0] = True
            elif first == -1:
                first = position
        position += 1
    if first == -2:
        raise ValueError("Folded Start Line")
    return position


cdef bytes unfold(bytes head, bint *folded_name):
    """Each line end that blanks follow becomes, with them, one space; says whether one comes before a colon."""
    cdef bytearray result = bytearray(PyBytes_GET_SIZE(head))
    cdef unsigned char[::1] out = result
    cdef const char *text = PyBytes_AS_STRING(head)
    cdef Py_ssize_t length = PyBytes_GET_SIZE(head)
    cdef Py_ssize_t position = 0
    cdef Py_ssize_t written = 0
    cdef bint named = False
    while position < length:
        out[written] = text[position]
        if text[position] == c":":
            named = True
        elif text[position] == c"\n":
            named = False
        if text[position] == c"\r" and length - position > 2 and text[position + 1] == c"\n" \
                and is_blank(text[position + 2]):
            folded_name[0] |= not named
            out[written] = c" "
            position += 2
            while position < length and is_blank(text[position]):
                position += 1
        else:
            position += 1
        written += 1
    return bytes(result[:written])


cdef Py_ssize_t start_length(const char *text, Py_ssize_t length) noexcept nogil:
    """Up to the first line end, or all of it."""
    cdef Py_ssize_t position = 0
    cdef const char *found
    while True:
        found = <const char *>memchr(text + position, c"\r", length - position)
        if found == NULL or found - text > length - 2:
            return length
        if found[1] == c"\n":
            return found - text
        position = found - text + 1


cdef bint has_control(const char *text, Py_ssize_t position, Py_ssize_t stop) noexcept nogil:
    """Whether there is a control character that is not escaped in a quoted string."""
    cdef Py_ssize_t closed
    while position < stop:
        if text[position] == c'"':
            closed = controlled_quote_end(text, position, stop)
            position = closed if closed >= 0 else position + 1
        elif is_control(text[position]):
            return True
        else:
            position += 1
    return False


cdef str without_controls(str value):
    """The value without its escaped control characters."""
    cdef list kept = []
    cdef Py_ssize_t position = 0
    cdef Py_ssize_t length = len(value)
    while position < length:
        if value[position] == c"\\" and position + 1 < length and value[position + 1] < 128 \
                and is_control(value[position + 1]):
            position += 2
        else:
            kept.append(value[position])
            position += 1
    return "".join(kept)


cdef Py_ssize_t controlled_quote_end(const char *text, Py_ssize_t position, Py_ssize_t stop) noexcept nogil:
    """Behind the quoted string that begins here, -1 when it does not end or holds a bare control character."""
    cdef unsigned char letter
    position += 1
    while position < stop:
        letter = text[position]
        if letter == c'"':
            return position + 1
        if is_control(letter):
            return -1
        if letter == c"\\":
            if position + 1 == stop or <unsigned char>text[position + 1] > 127:
                return -1
            position += 1
        position += 1
    return -1


cdef void look(
    const char *text, Py_ssize_t position, Py_ssize_t stop, Py_ssize_t *lines, bint *malformed, bint *control
) noexcept nogil:
    """One line: a carriage return or line feed alone is counted and makes it malformed; other controls."""
    cdef unsigned char kind
    while position < stop:
        kind = KIND[<unsigned char>text[position]]
        if kind:
            if kind == CONTROL:
                control[0] = True
            else:
                malformed[0] = True
                lines[0] += kind == FEED
        position += 1


cdef bint split_field(
    const char *text, Py_ssize_t position, Py_ssize_t stop, dict names, list keys, list values
) except -1:
    """Append one header's name and value; False when it has no name or no colon."""
    cdef Py_ssize_t start = position
    cdef str name
    while position < stop and is_token(<unsigned char>text[position]):
        position += 1
    if position == start:
        return False
    name = PyUnicode_DecodeUTF8(text + start, position - start, NULL)
    while position < stop and is_blank(text[position]):
        position += 1
    if position == stop or text[position] != c":":
        return False
    position += 1
    while position < stop and is_blank(text[position]):
        position += 1
    while stop > position and is_blank(text[stop - 1]):
        stop -= 1
    keys.append(names.get(name) or names.get(name.lower()) or name.title())
    values.append(PyUnicode_DecodeUTF8(text + position, stop - position, "surrogateescape"))
    return True


def split_list(str text not None):
    """The values of a comma list."""
    if "," not in text:
        text = text.strip(" \t")
        return [text] if text else []
    cdef list items = []
    cdef Py_ssize_t length = len(text)
    cdef Py_ssize_t position = 0
    cdef Py_ssize_t stop
    cdef str item
    while True:
        stop = item_end(text, position, length)
        item = strip(text, position, stop)
        if not item:
            raise ValueError("Empty Value In List")
        if len(items) == MAX_LIST_ITEMS:
            raise OverflowError("Too Many Values In List")
        items.append(item)
        if stop == length:
            return items
        if text[stop] != c",":
            raise ValueError("Quote Or Bracket Not Closed")
        position = stop + 1


cdef Py_ssize_t item_end(str text, Py_ssize_t position, Py_ssize_t length) noexcept:
    """Up to a comma, or to a quote or bracket that is never closed."""
    cdef Py_UCS4 letter
    cdef Py_ssize_t closed
    while position < length:
        letter = text[position]
        if letter == c",":
            return position
        closed = position + 1
        if letter == c'"':
            closed = quote_end(text, position, length)
        elif letter == c"<":
            while closed < length and text[closed] != c">":
                closed += 1
            closed = closed + 1 if closed < length else -1
        if closed < 0:
            return position
        position = closed
    return length


cdef Py_ssize_t quote_end(str text, Py_ssize_t position, Py_ssize_t length) noexcept:
    """Behind the quoted string that begins here, -1 when there is none."""
    cdef Py_UCS4 letter
    if position >= length or text[position] != c'"':
        return -1
    position += 1
    while position < length:
        letter = text[position]
        if letter == c'"':
            return position + 1
        if letter == c"\\":
            position += 1
            if position < length and text[position] > 127:
                return -1
        position += 1
    return -1


cdef inline Py_ssize_t skip_blanks(str text, Py_ssize_t position, Py_ssize_t length) noexcept:
    while position < length and is_blank(text[position]):
        position += 1
    return position


cdef str strip(str text, Py_ssize_t position, Py_ssize_t stop):
    position = skip_blanks(text, position, stop)
    while stop > position and is_blank(text[stop - 1]):
        stop -= 1
    return PyUnicode_Substring(text, position, stop)


def parameters(str text not None):
    """`;name=value;flag` as a dict."""
    cdef dict found = {}
    cdef Py_ssize_t length = len(text)
    cdef Py_ssize_t position = 0
    cdef Py_ssize_t start
    cdef Py_ssize_t closed
    cdef str name
    cdef object value
    while length > 0 and is_blank(text[length - 1]):
        length -= 1
    while position < length:
        position = skip_blanks(text, position, length)
        if text[position] != c";":
            raise ValueError("Malformed Parameter")
        start = position = skip_blanks(text, position + 1, length)
        while position < length and is_token(text[position]):
            position += 1
        if position == start:
            raise ValueError("Malformed Parameter")
        name = PyUnicode_Substring(text, start, position).lower()
        position = skip_blanks(text, position, length)
        value = None
        if position < length and text[position] == c"=":
            start = position = skip_blanks(text, position + 1, length)
            closed = quote_end(text, start, length)
            if closed >= 0:
                position = closed
                value = unquote(PyUnicode_Substring(text, start, position))
            else:
                while position < length and is_value(text[position]):
                    position += 1
                if position == start:
                    raise ValueError("Malformed Parameter")
                value = PyUnicode_Substring(text, start, position)
            position = skip_blanks(text, position, length)
        if position < length and text[position] != c";":
            raise ValueError("Malformed Parameter")
        if name in found:
            raise ValueError("Duplicate Parameter")
        if len(found) == MAX_PARAMETERS:
            raise OverflowError("Too Many Parameters")
        found[name] = value
    return found


cdef inline bint is_value(Py_UCS4 letter) noexcept nogil:
    """In a token, a host or an IPv6 reference."""
    return is_token(letter) or letter == c":" or letter == c"[" or letter == c"]"


cdef inline bint is_display(Py_UCS4 letter) noexcept nogil:
    """In an unquoted display name."""
    return is_token(letter) or is_blank(letter) or letter > 127


def split_address(str text not None):
    """`"Display" <uri>;params` or `uri;params` as (display, URI, text of the parameters)."""
    cdef Py_ssize_t length = len(text)
    cdef Py_ssize_t start = skip_blanks(text, 0, length)
    cdef Py_ssize_t position = quote_end(text, start, length)
    cdef Py_ssize_t stop
    cdef str display
    if "<" not in text:
        return split_bare(text)
    if position >= 0:
        display = unquote(PyUnicode_Substring(text, start, position))
        position = skip_blanks(text, position, length)
    else:
        position = start
        while position < length and is_display(text[position]):
            position += 1
        display = strip(text, start, position)
    if position >= length or text[position] != c"<":
        raise ValueError("Malformed Address")
    stop = position + 1
    while stop < length and text[stop] != c"<" and text[stop] != c">":
        stop += 1
    if stop >= length or text[stop] != c">":
        raise ValueError("Malformed Address")
    return display, PyUnicode_Substring(text, position + 1, stop), PyUnicode_Substring(text, stop + 1, length)


cdef tuple split_bare(str text):
    cdef str uri, semicolon, rest
    cdef Py_UCS4 letter
    uri, semicolon, rest = text.partition(";")
    uri = uri.strip(" \t")
    for letter in uri:
        if letter == c"?" or letter == c"," or letter == c'"' or letter == c">" or is_blank(letter):
            raise ValueError("Malformed Address")
    if not uri:
        raise ValueError("Malformed Address")
    return "", uri, semicolon + rest


def unquote(str quoted not None):
    """The text of a quoted string, escapes resolved."""
    cdef str inner = PyUnicode_Substring(quoted, 1, len(quoted) - 1) if len(quoted) > 2 else ""
    if "\\" not in inner:
        return inner
    cdef list kept = []
    cdef Py_ssize_t position = 0
    while position < len(inner):
        if inner[position] == c"\\" and position + 1 < len(inner):
            position += 1
        kept.append(inner[position])
        position += 1
    return "".join(kept)
