"""What is no mistake, but will not do as it stands."""

from pathlib import Path

import pytest

from switch.config.load import load

BOTH = "[udp:0.0.0.0:5060, 'udp:[::]:5060']"


@pytest.mark.parametrize(
    ("sip", "media", "said"),
    [
        ("[udp:0.0.0.0:5060]", "0.0.0.0", []),
        ("['udp:[::1]:5060']", "'::1'", []),
        (BOTH, "'::'", []),
        (
            BOTH,
            "0.0.0.0",
            [
                "1:34: sip.listen[1]: warning: no call by IPv6 can have media, for media.listen is 0.0.0.0; "
                "write media.listen: '::', which is IPv4 and IPv6"
            ],
        ),
        (
            BOTH,
            "'2001:db8::1'",
            [
                "1:16: sip.listen[0]: warning: no call by IPv4 can have media, for media.listen is "
                "2001:db8::1; write media.listen: '::', which is IPv4 and IPv6"
            ],
        ),
    ],
)
def test_every_family_of_sip_needs_media(tmp_path: Path, sip: str, media: str, said: list[str]) -> None:
    path = tmp_path / "test.yaml"
    path.write_text(f"sip: {{listen: {sip}}}\nmedia: {{listen: {media}}}\n")
    doubts: list[str] = []
    load(path, {}, warn=lambda doubt: doubts.append(str(doubt).removeprefix(f"{path}:")))
    assert doubts == said


PAUSES = (
    "1:30: queues.support.strategy: warning: with {0} a call that nobody answers within ring_timeout pauses "
    "everybody whom it rang; write on_no_answer: retry"
)
ANSWERS = (
    "1:30: queues.support.strategy: warning: with {0} phones that answer by themselves all answer, and all "
    "but one are hung up on; write auto_answer: false"
)


@pytest.mark.parametrize(
    ("strategy", "more", "said"),
    [
        ("ring-all", "", [PAUSES]),
        ("ring-progressively", "", [PAUSES]),
        ("ring-all", ", on_no_answer: retry", []),
        ("ring-all", ", on_no_answer: retry, auto_answer: true", [ANSWERS]),
        ("longest-idle", ", auto_answer: true", []),
    ],
)
def test_several_phones_that_ring_for_one_caller(
    tmp_path: Path, strategy: str, more: str, said: list[str]
) -> None:
    path = tmp_path / "test.yaml"
    path.write_text(f"queues: {{support: {{strategy: {strategy}{more}}}}}\n")
    doubts: list[str] = []
    load(path, {}, warn=lambda doubt: doubts.append(str(doubt).removeprefix(f"{path}:")))
    assert doubts == [line.format(strategy) for line in said]


@pytest.mark.parametrize(
    ("matching", "strategy", "doubted"),
    [
        ("optimal", "linear", True),
        ("optimal", "longest-idle", False),
        ("greedy", "linear", False),
    ],
)
def test_a_strategy_has_no_say_where_the_least_cost_decides(
    tmp_path: Path, matching: str, strategy: str, doubted: bool
) -> None:
    path = tmp_path / "test.yaml"
    path.write_text(f"routing: {{matching: {matching}}}\nqueues: {{q: {{strategy: {strategy}}}}}\n")
    doubts: list[str] = []
    load(path, {}, warn=lambda doubt: doubts.append(str(doubt).removeprefix(f"{path}:")))
    said = [
        "2:24: queues.q.strategy: warning: by routing.matching: optimal agents are chosen at the least cost, "
        "hardly ever by linear; leave it out, or write routing.matching: greedy"
    ]
    assert doubts == (said if doubted else [])
