"""A queues.conf becomes a configuration that `check` accepts, and what is lost is named by its line."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from switch.asterisk.conf import ConfError, read
from switch.asterisk.convert import Converted, convert
from switch.asterisk.options import OPTIONS, STRATEGIES
from switch.cli.app import app
from switch.config.choices import OnNoAnswer
from switch.config.load import load
from switch.config.schema import Config

CENTRE = """\
[general]
persistentmembers = yes
shared_lastcall = no          ; wrap-up of each queue by itself
;-- a remark
over lines --;
[voice](!)
musicclass = sales-music
timeout = 20
wrapuptime=15
#include members.d/*.conf

[600](voice)
strategy = rrmemory
member => PJSIP/1001,0,Ana Ruiz
member => PJSIP/1002,2,Luis Gil
member => DAHDI/g0/5550199
maxlen = 40
servicelevel = 30
autopause = yes
joinempty = paused,inuse
reportholdtime = yes
announce = custom/sales-call
weight = 10
announce-position = yes
queue-youarenext = my-own-next

[support](voice)
strategy = leastrecent
member => SIP/1001
member => Local/44@agents/n,1
timeout = 0
colour = green
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "queues.conf"
    path.write_text(CENTRE)
    (tmp_path / "members.d").mkdir()
    (tmp_path / "members.d" / "more.conf").write_text("retry = 5\n")
    return path


def loaded(made: Converted, folder: Path) -> Config:
    """As `check` reads it, with secrets for the phones."""
    path = folder / "centralita.yaml"
    path.write_text(made.text("queues.conf"))
    return load(path, {f"PHONE_{phone}": "s3cret" for phone in made.sections["phones"]})


def test_what_has_a_counterpart_is_carried_over(file: Path, tmp_path: Path) -> None:
    config = loaded(convert(file), tmp_path)
    assert list(config.phones) == ["1001", "1002"]
    assert {name: (agent.phone, agent.skills) for name, agent in config.agents.items()} == {
        "Ana Ruiz": ("1001", {"queue-600": 10, "support": 10}),
        "Luis Gil": ("1002", {"queue-600": 8}),
    }
    sales, support = config.queues["600"], config.queues["support"]
    assert (sales.strategy, support.strategy) == ("best-skill", "longest-idle")
    assert (sales.requires, support.requires) == ("queue-600 >= 1", "support >= 1")
    assert (sales.music, sales.ring_timeout, sales.wrap_up, sales.max_waiting) == ("sales-music", 20, 15, 40)
    assert sales.service_level.within == 30
    assert (sales.on_no_answer, support.on_no_answer) == (OnNoAnswer.PAUSE, OnNoAnswer.RETRY)
    assert (sales.no_agents, support.no_agents) == ("overflow", "wait")
    assert sales.announce_to_agent == ("{wait}", "sales-call")
    assert (sales.record, support.max_waiting) == (False, 10_000)


def test_what_is_lost_is_named_by_its_line(file: Path) -> None:
    said = convert(file).warnings
    assert len(said) == len(set(said))

    def about(line: int) -> str:
        (one,) = [warning for warning in said if warning.startswith(f"{file}:{line}: ")]
        return one.split(": ", 1)[1]

    assert about(3).startswith("shared_lastcall = no: not so here: wrap-up is the agent's")
    assert about(16) == (
        "member => DAHDI/g0/5550199: DAHDI/g0/5550199 is no SIP phone: "
        "give its agent one (agents.NAME.phone), or let him log in at any"
    )
    assert "here nobody is there when no agent" in about(20)
    assert about(23).startswith("weight = 10: not carried over: queues have no weight")
    assert about(24).startswith("announce-position = yes: not carried over: not yet")
    assert about(25).startswith("queue-youarenext = my-own-next: not carried over: our prompts are sets")
    assert "idle clock starts when an agent becomes available" in about(28)
    assert about(32) == "colour = green: not carried over: no option of Asterisk's that is known here"
    assert any(one.startswith("queue 600: penalties became levels") for one in said)
    (retried,) = (one for one in said if "retry = 5" in one)
    assert "more.conf:1: " in retried


def test_the_last_of_two_counts_and_nothing_is_recorded_by_the_way(tmp_path: Path) -> None:
    file = tmp_path / "queues.conf"
    file.write_text(
        "[t](!)\nannounce = one\nmonitor-type = MixMonitor\nmonitor-format =\n[q](t)\nannounce = two\n"
        "timeout = 0\ndefaultrule = patient\nmember => PJSIP/1001,0,Ana,,yes,,1\n"
    )
    made = convert(file)
    queue = loaded(made, tmp_path).queues["q"]
    assert (queue.announce_to_agent, queue.record, queue.max_wait) == (("two",), False, 86_400)
    said = [warning.partition(": ")[2] for warning in made.warnings]
    assert "timeout = 0: each phone rings for ring_timeout here" in said
    assert any(one.startswith("defaultrule = patient: not carried over") for one in said)
    assert [one.rpartition(": ")[2] for one in said if one.startswith("member")] == [
        "an agent in a call is never offered another",
        "centralita agent pause NAME",
    ]


def test_a_file_that_is_not_utf_8_keeps_its_names(tmp_path: Path) -> None:
    file = tmp_path / "queues.conf"
    file.write_bytes("[q]\nmember => PJSIP/1001,0,Iñaki Peña\n".encode("latin-1"))
    assert list(loaded(convert(file), tmp_path).agents) == ["Iñaki Peña"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_is_one_of_ours(strategy: str, tmp_path: Path) -> None:
    file = tmp_path / "queues.conf"
    file.write_text(f"[q]\nstrategy={strategy}\nmember => PJSIP/1001\n")
    config = loaded(convert(file), tmp_path)
    assert config.queues["q"].strategy == STRATEGIES[strategy][0]


@pytest.mark.parametrize("value", ["yes", "no", "3", "0", "strict", "nonsense,maybe"])
def test_no_value_of_any_option_makes_a_file_that_check_refuses(value: str, tmp_path: Path) -> None:
    file = tmp_path / "queues.conf"
    rows = "\n".join(f"{name} = {value}" for name in OPTIONS if "music" not in name and name != "announce")
    file.write_text(f"[q]\n{rows}\nmember => PJSIP/1001\n")
    made = convert(file)
    assert loaded(made, tmp_path).queues.keys() == {"q"}
    named = {line.split(": ")[1].split(" = ")[0] for line in made.warnings if line.startswith(str(file))}
    assert named >= {name for name, fate in OPTIONS.items() if type(fate).__name__ == "Lost"}


def test_many_penalties_become_levels_in_their_order(tmp_path: Path) -> None:
    file = tmp_path / "queues.conf"
    file.write_text("[q]\n" + "".join(f"member => SIP/{100 + i},{i * 7}\n" for i in range(12)))
    agents: dict[str, Any] = convert(file).sections["agents"]
    levels = [agent["skills"]["q"] for agent in agents.values()]
    assert levels == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1, 1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("timeout = 5\n", ":1: timeout stands before the first [section]"),
        ("[q]\nnonsense\n", ":2: neither [section] nor name = value: nonsense"),
        ("[q](none)\n", ":1: the template none does not stand above [q]"),
        ("[q](+)\n", ":1: [q](+) adds to a section that does not stand above it"),
        ("#include gone.conf\n", "gone.conf is not there; copy it beside queues.conf, or take the line out"),
    ],
)
def test_what_asterisk_would_not_read_is_refused_by_its_line(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "queues.conf"
    file.write_text(text)
    with pytest.raises(ConfError) as error:
        convert(file)
    assert str(error.value).startswith(f"{file}:1") or message in str(error.value)
    assert str(error.value).endswith(message)


def test_comments_and_sections_that_go_on(tmp_path: Path) -> None:
    file = tmp_path / "queues.conf"
    file.write_text(
        "[a]\nx = 1;2\ny = 1\\;2 ; of two\n[b]\n;-- \nz = 0\n --;z = 3\n[a](+)\nx => 5\n#tryinclude no.conf\n"
    )
    a, b = read(file)
    assert [(one.name, one.value) for one in a.settings] == [("x", "1"), ("y", "1;2"), ("x", "5")]
    assert [(one.name, one.value) for one in b.settings] == [("z", "3")]


def test_the_command_writes_a_file_and_overwrites_none(file: Path, tmp_path: Path) -> None:
    target = tmp_path / "made.yaml"
    done = CliRunner().invoke(app, ["convert", str(file), "--output", str(target)])
    assert done.exit_code == 0
    assert done.stdout == ""
    assert done.stderr.splitlines() == convert(file).warnings
    assert yaml.safe_load(target.read_text()) == convert(file).sections
    again = CliRunner().invoke(app, ["convert", str(file), "--output", str(target)])
    assert (again.exit_code, again.stderr) == (2, f"{target} exists: it is not overwritten\n")
    missing = CliRunner().invoke(app, ["convert", str(tmp_path / "no.conf")])
    assert (missing.exit_code, missing.stderr) == (2, f"{tmp_path / 'no.conf'}: No such file or directory\n")
