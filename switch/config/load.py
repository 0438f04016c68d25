"""Reads a configuration file: all of it right, or every mistake at once."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import SecretStr

from switch.config import document, sounds
from switch.config.changes import compare
from switch.config.checks import Finding, findings
from switch.config.desk import A_PIN, is_pin
from switch.config.document import Document, NotADocument, Position, Problem
from switch.config.doubts import doubts
from switch.config.errors import ConfigError, ConfigErrors
from switch.config.queue import Queue
from switch.config.reading import Tree, typed
from switch.config.reports import Mail
from switch.config.schema import Agent, Config, Phone
from switch.config.trunk import Credentials, Digest, Trunk
from switch.config.values import Text
from switch.config.webhook import Webhook

MAX_BYTES = 16 * 1024 * 1024
_MAX_SECRET_BYTES = 4096


Warn = Callable[[ConfigError], None]


def load(
    path: str | Path,
    environment: Mapping[str, str] | None = None,
    running: Config | None = None,
    warn: Warn = lambda doubt: None,
    thorough: bool = False,
) -> Config:
    """The configuration in the file at `path`; raises `ConfigErrors` with everything that is wrong.

    `${NAME}` is looked up in `environment` (default: that of the process). With `running`, the
    configuration of a switch that is to change over without a restart, what only a restart can change is an
    error too. `warn` is told what is no mistake but will not do (`switch.config.doubts`). `thorough`, sounds
    that are missing or cannot be read are errors too.

    Reading is pure Python, some 0.4 s for each thousand phones with their agents: a running switch does it in
    a child process.
    """
    try:
        text = _text(Path(path))
        read = document.read(text, os.environ if environment is None else environment)
        tree = Tree(read)
        config, problems = _read(read, tree, running)
        if thorough and config is not None:
            problems += [_problem(tree, fault) for fault in sounds.faults(config)]
    except NotADocument as error:
        config, problems = None, [error.problem]
    if config is None or problems:
        raise ConfigErrors([_error(str(path), problem) for problem in problems])
    for doubt in doubts(config):
        warn(_error(str(path), _problem(tree, doubt)))
    return config


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise _whole_file(f"cannot be read: {error.strerror or error}") from None
    if len(content) > MAX_BYTES:
        raise _whole_file(f"is larger than {MAX_BYTES // 1024 // 1024} MiB")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8-sig")) + 1
        raise _whole_file("is not UTF-8", before.count(b"\n") + 1, column) from None


def _whole_file(message: str, line: int = 1, column: int = 1) -> NotADocument:
    return NotADocument(Problem(Position(line, column), (), message))


def _read(read: Document, tree: Tree, running: Config | None) -> tuple[Config | None, list[Problem]]:
    config, problems = typed(tree)
    problems = read.problems + problems
    if config is None:
        return None, problems
    found = list(findings(config, tree, read))
    phones, unreadable = _secrets(config)
    found += unreadable
    trunks, unreadable = _trunk_secrets(config)
    found += unreadable
    agents, unreadable = _agents(config)
    found += unreadable
    queues, unreadable = _queues(config)
    found += unreadable
    webhooks, unreadable = _webhooks(config)
    found += unreadable
    mail, unreadable = _mail(config)
    found += unreadable
    if running is not None:
        found += _fixed(running, config)
    problems += [_problem(tree, finding) for finding in found]
    return config.model_copy(
        update={
            "trunks": trunks,
            "phones": phones,
            "agents": agents,
            "queues": queues,
            "webhooks": webhooks,
            "mail": mail,
        }
    ), problems


def _problem(tree: Tree, finding: Finding) -> Problem:
    node = tree.node(finding.path)
    line, column = node.key if finding.at_key else node.value
    if finding.offset is not None and isinstance(node.content, Text) and node.content.is_verbatim:
        column += len(node.content.quote) + finding.offset
    return Problem(Position(line, column), node.path, finding.message)


def _error(file: str, problem: Problem) -> ConfigError:
    return ConfigError(file, *problem.position, document.dotted(problem.path), problem.message)


def _fixed(running: Config, config: Config) -> list[Finding]:
    message = "a running switch cannot change this; restart it, or take the change back"
    return [Finding(path, message) for path in compare(running, config).restart]


def _secrets(config: Config) -> tuple[dict[str, Phone], list[Finding]]:
    """The phones with the secrets of their files put in."""
    phones: dict[str, Phone] = {}
    found: list[Finding] = []
    for name, phone in config.phones.items():
        phones[name] = phone
        if phone.secret_file is None:
            continue
        try:
            secret = _secret(config.path(phone.secret_file))
        except ValueError as error:
            found.append(Finding(("phones", name, "secret_file"), str(error)))
        else:
            phones[name] = phone.model_copy(update={"secret": SecretStr(secret)})
    return phones, found


def _agents(config: Config) -> tuple[dict[str, Agent], list[Finding]]:
    """The agents with their names and the PINs of their files put in."""
    agents: dict[str, Agent] = {}
    found: list[Finding] = []
    for name, agent in config.agents.items():
        agents[name] = agent = agent.model_copy(update={"name": agent.name or name})
        if agent.pin_file is None:
            continue
        try:
            pin = _secret(config.path(agent.pin_file))
            if not is_pin(pin):
                raise ValueError(f"{config.path(agent.pin_file)} must hold {A_PIN}")
        except ValueError as error:
            found.append(Finding(("agents", name, "pin_file"), str(error)))
        else:
            agents[name] = agent.model_copy(update={"pin": SecretStr(pin)})
    return agents, found


def _trunk_secrets(config: Config) -> tuple[dict[str, Trunk], list[Finding]]:
    """Likewise the trunks: who we are to them, and who they are to us."""
    trunks: dict[str, Trunk] = {}
    found: list[Finding] = []
    for name, trunk in config.trunks.items():
        read: dict[str, Credentials | Digest] = {}
        for key, who in (("credentials", trunk.credentials), ("accept_digest", trunk.accept_digest)):
            if who is None or who.secret_file is None:
                continue
            try:
                secret = SecretStr(_secret(config.path(who.secret_file)))
            except ValueError as error:
                found.append(Finding(("trunks", name, key, "secret_file"), str(error)))
            else:
                read[key] = who.model_copy(update={"secret": secret})
        trunks[name] = trunk.model_copy(update=read) if read else trunk
    return trunks, found


def _queues(config: Config) -> tuple[dict[str, Queue], list[Finding]]:
    """The queues with the secrets of their outside programs put in."""
    queues: dict[str, Queue] = {}
    found: list[Finding] = []
    for name, queue in config.queues.items():
        queues[name] = queue
        hook = queue.decision
        if hook is None or hook.secret_file is None:
            continue
        try:
            secret = SecretStr(_secret(config.path(hook.secret_file)))
        except ValueError as error:
            found.append(Finding(("queues", name, "decision", "secret_file"), str(error)))
        else:
            signing = hook.model_copy(update={"secret": secret})
            queues[name] = queue.model_copy(update={"decision": signing})
    return queues, found


def _webhooks(config: Config) -> tuple[dict[str, Webhook], list[Finding]]:
    """The webhooks with the secrets of their files put in."""
    webhooks: dict[str, Webhook] = {}
    found: list[Finding] = []
    for name, hook in config.webhooks.items():
        webhooks[name] = hook
        if hook.secret_file is None:
            continue
        try:
            secret = SecretStr(_secret(config.path(hook.secret_file)))
        except ValueError as error:
            found.append(Finding(("webhooks", name, "secret_file"), str(error)))
        else:
            webhooks[name] = hook.model_copy(update={"secret": secret})
    return webhooks, found


def _mail(config: Config) -> tuple[Mail | None, list[Finding]]:
    """The mail server with the password of its file put in."""
    mail = config.mail
    if mail is None or mail.secret_file is None:
        return mail, []
    try:
        secret = SecretStr(_secret(config.path(mail.secret_file)))
    except ValueError as error:
        return mail, [Finding(("mail", "secret_file"), str(error))]
    return mail.model_copy(update={"secret": secret}), []


def _secret(path: Path) -> str:
    """The one line of a file. Who may read the file is up to those who mount it: container engines make it
    0444.
    """
    try:
        with path.open("rb") as file:
            secret = file.read(_MAX_SECRET_BYTES + 1).decode("utf-8")
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8") from None
    secret = secret.removesuffix("\n").removesuffix("\r")
    if not secret or "\n" in secret or len(secret) > _MAX_SECRET_BYTES:
        raise ValueError(f"{path} must hold one line, the secret")
    return secret
