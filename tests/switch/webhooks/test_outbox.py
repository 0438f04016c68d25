"""What waits on disk: in order, across crashes, and no more of it than there is room for."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from switch.webhooks import outbox as outboxes
from switch.webhooks.outbox import Outbox


def event(seq: int, size: int = 0) -> bytes:
    return msgspec.json.encode({"seq": seq, "time": "", "type": "alarm", "data": "x" * size})


def put(outbox: Outbox, *seqs: int) -> None:
    for seq in seqs:
        outbox.append(seq, event(seq))


def take(outbox: Outbox) -> int:
    """The oldest, which is taken; 0 where there is none."""
    line = outbox.first()
    if line is None:
        return 0
    outbox.done(line)
    return line.seq


def test_first_in_first_out(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    put(outbox, 1, 2)
    first = outbox.first()
    assert first == outbox.first()
    assert first is not None
    assert (first.seq, first.type, first.json) == (1, "alarm", event(1))
    assert [take(outbox), take(outbox), take(outbox)] == [1, 2, 0]
    assert (outbox.count, outbox.size) == (0, 0)
    outbox.close()


def test_a_crash_loses_nothing_and_repeats_nothing_that_was_taken(tmp_path: Path) -> None:
    before = Outbox(tmp_path)
    put(before, 1, 2, 3)
    take(before)
    after = Outbox(tmp_path)  # nobody closed the one before
    assert after.count == 2
    put(after, 4)
    assert [take(after), take(after), take(after), take(after)] == [2, 3, 4, 0]
    before.close()
    after.close()


def test_what_a_crash_left_of_a_line_is_cut_off(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    put(outbox, 1, 2)
    outbox.close()
    (segment,) = tmp_path.glob("*.jsonl")
    segment.write_bytes(segment.read_bytes()[:-5])
    outbox = Outbox(tmp_path)
    put(outbox, 3)
    assert [take(outbox), take(outbox), take(outbox)] == [1, 3, 0]
    outbox.close()


def test_what_is_damaged_is_passed_over_and_counted(tmp_path: Path) -> None:
    """A line of a segment, and the cursor: what was taken is told again, and nothing else is lost."""
    outbox = Outbox(tmp_path)
    put(outbox, 1, 2, 3, 4)
    take(outbox)
    outbox.close()
    (segment,) = tmp_path.glob("*.jsonl")
    lines = segment.read_bytes().splitlines(keepends=True)
    lines[1] = b"\x00" * 20 + b"\n"
    segment.write_bytes(b"".join(lines))
    (tmp_path / "cursor").write_bytes(b"\xff" * 21)
    outbox = Outbox(tmp_path)
    assert (outbox.damaged, outbox.count) == (1, 3)
    put(outbox, 5)
    assert [take(outbox) for _ in range(5)] == [1, 3, 4, 5, 0]
    assert (outbox.count, outbox.size) == (0, 0)
    outbox.close()


def test_a_file_that_somebody_cuts_meanwhile_is_passed_over(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path)
    put(outbox, 1, 2)
    (segment,) = tmp_path.glob("*.jsonl")
    segment.write_bytes(b"")
    assert (take(outbox), outbox.damaged, outbox.count) == (0, 2, 0)
    put(outbox, 3)
    assert take(outbox) == 3
    outbox.close()


def test_what_cannot_be_opened_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / f"{1:020d}.jsonl").mkdir()
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(IsADirectoryError):
        Outbox(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_the_oldest_gives_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outboxes, "SEGMENT_BYTES", 500)
    monkeypatch.setattr(outboxes, "MOST_BYTES", 2000)
    outbox = Outbox(tmp_path)
    dropped = sum(outbox.append(seq, event(seq, 100)) for seq in range(1, 31))
    assert dropped == 30 - outbox.count > 0
    assert outbox.size <= 2000
    assert take(outbox) == dropped + 1
    outbox.close()


def test_what_gave_way_while_it_was_told_is_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outboxes, "SEGMENT_BYTES", 1)
    monkeypatch.setattr(outboxes, "MOST_BYTES", 150)
    outbox = Outbox(tmp_path)
    put(outbox, 1)
    line = outbox.first()
    assert line is not None
    put(outbox, 2, 3, 4)
    outbox.done(line)
    rest = outbox.count
    assert 0 < rest < 4
    assert [take(outbox) for _ in range(rest)] == list(range(5 - rest, 5))
    outbox.close()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(["put", "take", "crash"]), max_size=40))
def test_as_a_queue_in_memory(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    folder = tmp_path_factory.mktemp("outbox")
    outboxes.SEGMENT_BYTES, before = 150, outboxes.SEGMENT_BYTES  # type: ignore[misc]
    try:
        outbox, model, seq = Outbox(folder), list[int](), 0
        for step in steps:
            match step:
                case "put":
                    seq += 1
                    put(outbox, seq)
                    model.append(seq)
                case "take":
                    assert take(outbox) == (model.pop(0) if model else 0)
                case _:
                    outbox.close()
                    outbox = Outbox(folder)
            assert outbox.count == len(model)
        outbox.close()
    finally:
        outboxes.SEGMENT_BYTES = before  # type: ignore[misc]
