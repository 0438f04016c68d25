"""Names are looked up in the background, and what was found holds until it is found again."""

import asyncio

from sip.aio.resolver import Found, LookupFailed
from sip.location import Destination, Place, Server
from switch.trunks.directory import Directory
from tests.switch.stage import Stage

NAME = Destination("carrier.example")


def servers(*addresses: str) -> tuple[Server, ...]:
    return tuple(Server((Place("udp", address, 5060, NAME.host),)) for address in addresses)


class Dns:
    """Answers after a second, in turn: servers, or None for no answer at all. The last one stays."""

    def __init__(self, *answers: tuple[Server, ...] | Found | None, ttl_s: float = 60.0) -> None:
        self.answers = list(answers)
        self.ttl_s = ttl_s
        self.asked_at: list[float] = []

    async def locate(self, destination: Destination) -> Found:
        self.asked_at.append(asyncio.get_running_loop().time())
        await asyncio.sleep(1)
        found = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if found is None:
            raise LookupFailed(destination.host)
        return found if isinstance(found, Found) else Found(found, self.ttl_s)


class Watch:
    """A directory and what it told."""

    def __init__(self, stage: Stage, dns: Dns) -> None:
        self.changes = 0
        self.began = stage.loop.time()
        self.dns = dns
        self.directory = Directory(dns, stage.loop, self._changed)

    def _changed(self) -> None:
        self.changes += 1

    def known(self) -> list[str]:
        return [server.places[0].address for server in self.directory.servers(NAME)]

    def asked(self) -> list[int]:
        return [round(at - self.began) for at in self.dns.asked_at]


async def test_an_address_is_known_at_once_and_nobody_is_asked(stage: Stage) -> None:
    watch = Watch(stage, Dns(None))
    number = Destination("192.0.2.1", 5070, "tcp")
    watch.directory.watch([number])
    assert watch.directory.servers(number) == (Server((Place("tcp", "192.0.2.1", 5070, "192.0.2.1"),)),)
    assert not watch.dns.asked_at
    assert watch.changes == 0


async def test_a_name_is_known_once_dns_has_answered_and_asked_again_before_its_ttl_ends(
    stage: Stage,
) -> None:
    watch = Watch(stage, Dns(servers("192.0.2.1"), servers("192.0.2.1"), servers("192.0.2.2")))
    watch.directory.watch([NAME])
    assert watch.known() == [], "dialling does not wait"
    await stage.pass_by(1.5)
    assert watch.known() == ["192.0.2.1"]
    await stage.pass_by(60)
    assert (watch.known(), watch.changes) == (["192.0.2.1"], 1), "the same is no change"
    await stage.pass_by(60)
    assert (watch.known(), watch.changes) == (["192.0.2.2"], 2)
    assert watch.asked() == [0, 55, 110]
    watch.directory.close()


async def test_what_was_known_holds_while_no_name_server_answers(stage: Stage) -> None:
    watch = Watch(stage, Dns(servers("192.0.2.1"), None, None, servers("192.0.2.3")))
    watch.directory.watch([NAME])
    await stage.pass_by(70)
    assert watch.known() == ["192.0.2.1"]
    assert watch.asked() == [0, 55, 66]
    await stage.pass_by(10)
    assert watch.known() == ["192.0.2.3"]
    watch.directory.close()


async def test_addresses_in_place_of_missing_srv_records_count_only_while_nothing_better_is_known(
    stage: Stage,
) -> None:
    guess, better = Found(servers("192.0.2.80"), 60.0, guessed=True), servers("192.0.2.1")
    watch = Watch(stage, Dns(guess, Found(servers("192.0.2.81"), 60.0, guessed=True), better, guess, guess))
    watch.directory.watch([NAME])
    known = []
    for _ in range(5):
        await stage.pass_by(55)
        known += watch.known()
    assert known == ["192.0.2.80", "192.0.2.81", "192.0.2.1", "192.0.2.1", "192.0.2.1"]
    watch.directory.close()


async def test_nonsense_of_a_name_server_does_not_end_the_asking(stage: Stage) -> None:
    class Nonsense(Dns):
        async def locate(self, destination: Destination) -> Found:
            found = await super().locate(destination)
            if len(self.asked_at) == 1:
                raise UnicodeDecodeError("idna", b"", 0, 1, "no such name could be")
            return found

    watch = Watch(stage, Nonsense(servers("192.0.2.1")))
    watch.directory.watch([NAME])
    await stage.pass_by(12.5)
    assert watch.known() == ["192.0.2.1"]
    watch.directory.close()


async def test_a_ttl_of_nothing_does_not_make_us_ask_all_the_time(stage: Stage) -> None:
    watch = Watch(stage, Dns(servers("192.0.2.1"), ttl_s=0.0))
    watch.directory.watch([NAME])
    await stage.pass_by(20)
    assert watch.asked() == [0, 6, 12, 18]
    watch.directory.close()


async def test_what_is_watched_no_more_is_forgotten_and_asked_for_no_more(stage: Stage) -> None:
    watch = Watch(stage, Dns(servers("192.0.2.1")))
    watch.directory.watch([NAME])
    await stage.pass_by(2)
    watch.directory.watch([NAME])
    assert watch.known() == ["192.0.2.1"], "it goes on as it was"
    watch.directory.watch([])
    await stage.pass_by(600)
    assert watch.known() == []
    assert watch.asked() == [0]


async def test_what_is_dropped_as_its_answer_comes_is_asked_for_no_more(stage: Stage) -> None:
    watch = Watch(stage, Dns(servers("192.0.2.1")))
    watch.directory.watch([NAME])
    forget = watch.directory.close

    def changed() -> None:
        stage.loop.call_soon(forget)

    watch.directory._on_change = changed
    await stage.pass_by(600)
    assert watch.asked() == [0]
