"""Reads a Dockerfile: the instructions that ours uses, and no others.

What is not known here cannot be tried by run.py, so it is an error and not passed over: whoever needs another instruction, or
another form of one, teaches it to this file and to image.py.
"""

import dataclasses
import json
import re

from trouble import Trouble


class Unknown(Trouble):
    """An instruction, or a form of one, that is not understood."""


@dataclasses.dataclass
class Copy:
    sources: list
    target: str
    stage: str | None


@dataclasses.dataclass
class Run:
    line: str


@dataclasses.dataclass
class Workdir:
    path: str


@dataclasses.dataclass
class Stage:
    """One FROM and what follows it. Steps are in order; all else is what the image says about itself."""

    base: str
    name: str | None
    steps: list = dataclasses.field(default_factory=list)
    environment: dict = dataclasses.field(default_factory=dict)
    ports: list = dataclasses.field(default_factory=list)
    user: str | None = None
    entry: list | None = None
    health: list | None = None
    health_options: dict = dataclasses.field(default_factory=dict)


def logical_lines(text):
    """The lines with their numbers, comments left out, those that end in a backslash joined."""
    number, joined = 0, ""
    for index, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or (not joined and not line.strip()):
            continue
        number = number if joined else index
        if line.endswith("\\"):
            joined += line[:-1] + " "
            continue
        yield number, (joined + line).strip()
        joined = ""
    if joined:
        raise Unknown(f"line {number}: it ends in a backslash, and so does the file")


def words_in_json(text):
    """The words of the form that no shell reads."""
    try:
        words = json.loads(text)
    except ValueError:
        words = None
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise Unknown(f'expected words like ["/bin/true", "-x"], found {text}')
    return words


def parse(text):
    """The stages, in order."""
    stages = []
    for number, line in logical_lines(text):
        keyword, _, rest = line.partition(" ")
        reader = READERS.get(keyword.upper())
        try:
            if reader is None:
                raise Unknown(f"the instruction {keyword} is not known here")
            if keyword.upper() != "FROM" and not stages:
                raise Unknown(f"{keyword} before any FROM")
            reader(stages, rest.strip())
        except Unknown as problem:
            raise Unknown(f"Dockerfile, line {number}: {problem}") from None
    if not stages:
        raise Unknown("Dockerfile: there is no FROM")
    return stages


def read_from(stages, rest):
    match = re.fullmatch(r"(\S+)(?:\s+[Aa][Ss]\s+([a-z][a-z0-9_-]*))?", rest)
    if not match:
        raise Unknown(f"expected FROM IMAGE [AS NAME], found {rest}")
    stages.append(Stage(match[1], match[2]))


def read_run(stages, rest):
    if rest.startswith(("[", "--", "<<")):
        raise Unknown("only RUN with a line for the shell is known here")
    stages[-1].steps.append(Run(rest))


def read_workdir(stages, rest):
    if not rest.startswith("/"):
        raise Unknown("WORKDIR wants an absolute path")
    stages[-1].steps.append(Workdir(rest))


def read_copy(stages, rest):
    stage = None
    words = rest.split()
    while words and words[0].startswith("--"):
        option, _, value = words.pop(0).partition("=")
        if option != "--from" or value not in [known.name for known in stages[:-1]]:
            raise Unknown(f"COPY knows --from=STAGE, of a stage before this one; found {option}={value}")
        stage = value
    if len(words) < 2 or words[0].startswith("[") or any(character in rest for character in '*?$"'):
        raise Unknown("COPY wants plain names, at least two")
    *sources, target = words
    if len(sources) > 1 and not target.endswith("/"):
        raise Unknown("COPY of several wants a folder, with a slash at its end")
    stages[-1].steps.append(Copy(sources, target, stage))


def read_env(stages, rest):
    for word in rest.split():
        name, mark, value = word.partition("=")
        if not mark or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name) or any(character in value for character in "\"'$\\"):
            raise Unknown(f"ENV wants NAME=value, without quotes; found {word}")
        stages[-1].environment[name] = value


def read_expose(stages, rest):
    if not re.fullmatch(r"[0-9]{1,5}", rest):
        raise Unknown(f"EXPOSE wants one TCP port, found {rest}")
    stages[-1].ports.append(int(rest))


def read_user(stages, rest):
    if not re.fullmatch(r"[1-9][0-9]*:[1-9][0-9]*", rest):
        raise Unknown(f"USER wants two numbers, neither of them root's; found {rest}")
    stages[-1].user = rest


def read_healthcheck(stages, rest):
    while match := re.match(r"--(interval|timeout|start-period|retries)=([0-9]+s?)\s+", rest):
        stages[-1].health_options[match[1]] = match[2]
        rest = rest[match.end() :]
    if not rest.startswith("CMD "):
        raise Unknown(f'expected HEALTHCHECK [OPTIONS] CMD ["words"], found {rest}')
    stages[-1].health = words_in_json(rest[4:].strip())


def read_entrypoint(stages, rest):
    stages[-1].entry = words_in_json(rest)


READERS = {
    "FROM": read_from,
    "RUN": read_run,
    "WORKDIR": read_workdir,
    "COPY": read_copy,
    "ENV": read_env,
    "EXPOSE": read_expose,
    "USER": read_user,
    "HEALTHCHECK": read_healthcheck,
    "ENTRYPOINT": read_entrypoint,
}
