"""Follows the ledger in the history, page by page: the loop runs between."""

import asyncio

from acd.why import Finding, Kept, Verifier
from switch.history.reader import ChainPlace, Reader
from switch.why.rows import FindingRow, LedgerRow

_MOST = 100


async def follow(reader: Reader) -> LedgerRow:
    """All of it. Each machine has a chain of its own."""
    verifier = Verifier()
    found: list[FindingRow] = []
    place: ChainPlace | None = None
    while page := await reader.chain(place):
        chains: dict[str, list[Kept]] = {}
        for (node, *_), kept in page:
            chains.setdefault(node, []).append(kept)
        for node, chain in chains.items():
            if place is None or place[0] != node:
                verifier.begin()
            seen = len(verifier.findings)
            await asyncio.to_thread(verifier.follow, chain)
            found += [_row(node, one) for one in verifier.findings[seen:]]
        place = page[-1][0]
    return LedgerRow(
        decisions=verifier.count,
        whole=not found,
        seal=None if place is None else place[3],
        findings=tuple(found[:_MOST]),
        findings_left_out=max(0, len(found) - _MOST),
    )


def _row(node: str, finding: Finding) -> FindingRow:
    return FindingRow(
        fault=finding.fault.value, number=finding.number, offer=finding.offer, seal=finding.seal, node=node
    )
