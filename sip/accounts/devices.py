"""In which order the bindings of a user are tried (RFC 3261 section 16.6, RFC 5626 section 7)."""

from collections.abc import Iterable

from sip.accounts.binding import Binding


def devices(bindings: Iterable[Binding]) -> list[list[list[Binding]]]:
    """Groups of equal q, which are tried one after another; in each its devices, which are tried at once; of
    each device its flows, which are tried one after another. `bindings` come with the best first.
    """
    flows: dict[str, list[Binding]] = {}
    groups: dict[float, list[list[Binding]]] = {}
    for binding in bindings:
        name = binding.instance if binding.reg_id else binding.key
        if name not in flows:
            flows[name] = []
            groups.setdefault(binding.q, []).append(flows[name])
        flows[name].append(binding)
    return list(groups.values())
