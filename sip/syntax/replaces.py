"""Which dialog is meant, in words (Replaces, RFC 3891 section 6.1; Target-Dialog, RFC 4538 section 7)."""

from dataclasses import dataclass

from sip.syntax.malformed import Fault, Malformed


@dataclass(frozen=True, slots=True)
class DialogName:
    """A dialog's Call-ID and its two tags, `local_tag` that of who reads this.

    `early_only`: only while it is not answered.
    """

    call_id: str
    local_tag: str
    remote_tag: str
    early_only: bool = False

    @classmethod
    def of_replaces(cls, text: str) -> "DialogName":
        """Read a Replaces header; raises Malformed(400)."""
        return cls._parse(text, "to-tag", "from-tag")

    @classmethod
    def of_target_dialog(cls, text: str) -> "DialogName":
        """Read a Target-Dialog header, whose sender calls his own tag local; raises Malformed(400)."""
        return cls._parse(text, "remote-tag", "local-tag")

    @classmethod
    def _parse(cls, text: str, ours: str, theirs: str) -> "DialogName":
        call_id, *rest = (part.strip() for part in text.split(";"))
        params: dict[str, str] = {}
        for part in rest:
            name, _, value = part.partition("=")
            if params.setdefault(name.strip().lower(), value.strip()) != value.strip():
                raise Malformed(400, Fault.MALFORMED_REPLACES)
        if not call_id or not params.get(ours) or not params.get(theirs) or "," in text:
            raise Malformed(400, Fault.MALFORMED_REPLACES)
        return cls(call_id, params[ours], params[theirs], "early-only" in params)
