"""Makes the roots that an engine would make of a Dockerfile, step by step."""

import pathlib
import re
import shutil
import subprocess

import bases
import context
from dockerfile import Copy, Run, Workdir
from trouble import Trouble


class Builder:
    """Roots of the stages, in one folder of work that is emptied first.

    A stage on Swift's image is laid over what is kept of it, so each run begins with the same.

    `build_path`, if given, is what stands in .build/static of the sources meanwhile: the dependencies that were built there
    by another run are not built again. (What scripts/release has built out here is of no use: a build remembers where its sources and
    its compiler are, and both are elsewhere.)
    """

    def __init__(self, stages, sources, cache, log, build_path=None, programs=None, exact=False):
        self.stages, self.sources, self.cache, self.log = stages, sources, pathlib.Path(cache), log
        self.build_path, self.exact = build_path, exact
        self.work = self.cache / ("final" if programs else "work")
        shutil.rmtree(self.work, ignore_errors=True)
        self.work.mkdir(parents=True)
        self.roots = {}
        for stage in stages:
            if stage.base != "scratch":
                self.check_version(stage.base)
        if programs:
            self.take_as_built(programs)

    def build(self):
        """The root of the last stage."""
        for index, stage in enumerate(self.stages):
            name = stage.name or f"stage-{index}"
            root = self.work / name
            print(f"FROM {stage.base} as {name}", flush=True)
            self.base(stage.base, root)
            self.roots[name] = root
            folder = "/"
            for step in stage.steps:
                folder = self.take(step, stage, root, folder)
        return root

    def take_as_built(self, programs):
        """Instead of the first stages: what the last copies from them is these programs, stripped, and their notices."""
        *_, last = self.stages
        origin, *more = [step for step in last.steps if isinstance(step, Copy) and step.stage]
        if more:
            raise Trouble("the last stage copies more than once from another, so it is not known what it would get")
        self.stages = [last]
        self.roots[origin.stage] = self.work / origin.stage
        for words in [last.entry, last.health]:
            program = pathlib.Path(words[0])
            built = self.place(self.roots[origin.stage], origin.sources[0]) / str(program).strip("/")
            built.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["strip", "-o", built, pathlib.Path(programs) / program.name], check=True)
            notices = self.roots[origin.stage] / pathlib.Path("image/usr/local/share/doc", program.name, "THIRD-PARTY-NOTICES")
            notices.parent.mkdir(parents=True)
            words = [self.sources / "scripts/notices", "--build-path", programs, program.name]
            made = subprocess.run(words, check=True, capture_output=True, text=True).stdout
            shutil.copyfile(made.strip(), notices)
        print(f"(the first stages are not run: {programs} has what they would have built)", flush=True)

    def base(self, image, root):
        root.mkdir()
        if image == "scratch":
            return
        below = f"{bases.toolchain()}:{bases.debian(self.cache, self.log)}"
        above, spare = root.with_suffix(".changes"), root.with_suffix(".spare")
        above.mkdir()
        spare.mkdir()
        options = f"lowerdir={below},upperdir={above},workdir={spare}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, root], check=True)
        bases.with_system(root)
        bases.with_network(root)
        bases.with_packages(root)

    def check_version(self, image):
        """Programs are built by this machine's Swift: whether it is the image's is told, or if it has to be `exact`, a fault."""
        if not image.startswith("swift:") or not image.endswith(f"-{bases.SUITE}"):
            raise Trouble(f"FROM {image}: only swift:VERSION-{bases.SUITE} and scratch are known here")
        wanted = image.removeprefix("swift:").removesuffix(f"-{bases.SUITE}")
        said = subprocess.run(["swift", "--version"], capture_output=True, text=True).stdout
        found = re.search(r"Swift version (\S+)", said)
        if not found or found[1] != wanted:
            sentence = f"the image has Swift {wanted}, this machine {found[1] if found else 'none'}"
            if self.exact:
                raise Trouble(sentence)
            print(f"  note: {sentence}", flush=True)

    def take(self, step, stage, root, folder):
        """One step; returns the folder in which the next begins."""
        if isinstance(step, Workdir):
            print(f"  WORKDIR {step.path}", flush=True)
            self.place(root, step.path).mkdir(parents=True, exist_ok=True)
            return step.path
        if isinstance(step, Copy):
            print(f"  COPY {' '.join(step.sources)} {step.target}", flush=True)
            self.copy(step, root, folder)
            return folder
        assert isinstance(step, Run)
        if stage.base == "scratch":
            raise Trouble("RUN on scratch: there is no shell in it")
        self.lend(self.place(root, folder))
        print(f"  RUN {step.line}", flush=True)
        bases.inside(root, step.line, self.log, stage.environment, folder)
        return folder

    def lend(self, folder):
        """Puts the build folder that was given in its place, once the sources are there."""
        place = folder / ".build/static"
        if not self.build_path or not (folder / "Package.swift").exists() or place.exists():
            return
        place.mkdir(parents=True)
        pathlib.Path(self.build_path).mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "--bind", self.build_path, place], check=True)
        print(f"  (.build/static is {self.build_path})", flush=True)

    def copy(self, step, root, folder):
        if step.stage:
            origin = self.roots[step.stage]
        else:
            origin = self.work / "context"
            if not origin.exists():
                count, size = context.send(self.sources, origin)
                print(f"    the context: {count} files, {size / 1e6:.1f} MB", flush=True)
        target = self.place(root, step.target if step.target.startswith("/") else f"{folder}/{step.target}")
        for name in step.sources:
            source = self.place(origin, name)
            if source.is_dir():
                shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
            elif source.is_file():
                into = target / source.name if step.target.endswith("/") or target.is_dir() else target
                into.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, into)
            else:
                raise Trouble(f"COPY {name}: there is no such file in {step.stage or 'what .dockerignore leaves'}")

    @staticmethod
    def place(root, path):
        return root / path.strip("/") if path.strip("/.") else root
