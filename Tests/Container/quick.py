"""What can be told of the Dockerfile and render.yaml without root and without a build; seconds, so that every run of the tests does.

The instructions are known, what .dockerignore leaves is all that a build needs, and scad and scactl as they are built here take the
environment and the health check that the image and render.yaml give them.
"""

import argparse
import json
import pathlib
import subprocess
import tempfile
import urllib.request

import blueprint
import context
import dockerfile
from dockerfile import Copy
from programs import Server, run
from trouble import PATIENCE, Trouble, expect, told

SOURCES = pathlib.Path(__file__).resolve().parents[2]


def check(holds, what):
    expect(holds, f"not so: {what}")
    print(f"✓ {what}", flush=True)


def check_context(stages, sent):
    """The build is sent what it copies, and every target of the package."""
    for stage in stages:
        for step in stage.steps:
            if isinstance(step, Copy) and not step.stage:
                missing = [name for name in step.sources if not (sent / name).exists()]
                check(not missing, f"COPY {' '.join(step.sources)} finds all of it")
    described = run("swift", "package", "dump-package", cwd=SOURCES)
    for target in json.loads(described)["targets"]:
        folder = "Tests" if target["type"] == "test" else "Sources"
        path = target.get("path") or f"{folder}/{target['name']}"
        if not any((sent / path).rglob("*.swift")) and not (sent / path / "module.modulemap").exists():
            raise Trouble(f"the target {target['name']} is not in what .dockerignore leaves: {path}")
    ignored = context.Ignored((SOURCES / ".dockerignore").read_text())
    check(not ignored("Package.resolved"), "a tarball's Package.resolved is sent: it builds with what was tested")
    left = {path.relative_to(sent).parts[0] for path in sent.iterdir()}
    check(not left & {".git", ".build", "docs"}, f"the context is {', '.join(sorted(left))}")


def check_service(programs, stage, service):
    """scad starts with the variables of both files, answers where the platform looks, and ends in time."""
    environment = stage.environment | service.environment
    check(environment["SCAD_HOST"] == "0.0.0.0", "scad listens on every address of its container")
    # Here on loopback only, and on a port that is free.
    with Server(programs / "scad", env=environment | {"SCAD_HOST": "127.0.0.1", "PORT": "0"}) as server:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}{service.health}", timeout=PATIENCE) as answer:
            check(answer.status == 200, f"scad runs with what render.yaml says, and {service.health} is well")
        for known, expected in [(str(server.port), 0), ("9", 69)]:
            there = environment | {"PORT": known, "HOME": "/"}
            run(programs / "scactl", *stage.health[1:], env=there, statuses=[expected])
            print(f"✓ the health check ends with {expected} at {'its' if expected == 0 else 'another'} port", flush=True)
        server.end()
        print("✓ TERM ends scad with 0", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="scripts/container-check --quick", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--programs", required=True, type=pathlib.Path)
    options = parser.parse_args()
    stages = dockerfile.parse((SOURCES / "Dockerfile").read_text())
    last = stages[-1]
    check(bool(last.user and last.entry and last.health), f"the Dockerfile is understood: {len(stages)} stages, user {last.user}")
    with tempfile.TemporaryDirectory() as folder:
        context.send(SOURCES, folder)
        check_context(stages, pathlib.Path(folder))
    service = blueprint.read(SOURCES / "render.yaml")
    check(service.dockerfile == SOURCES / "Dockerfile", "render.yaml names the Dockerfile")
    check_service(options.programs, last, service)
    print("container-check --quick: all is well")


if __name__ == "__main__":
    told("container-check", main, OSError, subprocess.SubprocessError)
