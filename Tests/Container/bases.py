"""The images that a Dockerfile starts FROM, made of Debian's packages where no registry of images is at hand.

`swift:VERSION-bookworm` is Debian 12 with the packages that this image installs, and a Swift toolchain unpacked at its root: here
Debian 12 is made once by debootstrap and kept, and this machine's toolchain is laid over it, at the same place. `scratch` is empty.
"""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess

from trouble import Trouble

SUITE = "bookworm"
# What the Dockerfile of the swift image installs on Debian 12, with what these recommend.
PACKAGES = """
    binutils libicu-dev libcurl4-openssl-dev libedit-dev libsqlite3-dev libncurses-dev libpython3-dev libxml2-dev pkg-config
    uuid-dev tzdata git gcc libstdc++-12-dev
""".split()
DEFAULT_SOURCES = [
    ("http://deb.debian.org/debian", SUITE),
    ("http://deb.debian.org/debian", f"{SUITE}-updates"),
    ("http://deb.debian.org/debian-security", f"{SUITE}-security"),
]


def call(command, log, **options):
    """Runs a command with its output in a log, of which the end is shown if it fails."""
    with open(log, "a") as output:
        print("$", *command, file=output, flush=True)
        status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options).returncode
    if status != 0:
        lines = pathlib.Path(log).read_text(errors="replace").splitlines()[-20:]
        raise Trouble("\n".join([f"{' '.join(command)} ended with {status}:", *lines]))


def sources():
    """Where this machine's apt has Debian 12 from, as (URL, suite); Debian's own mirrors if it has another release."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages"]
    lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    found = []
    for url, suite, component in (line.split() for line in lines if len(line.split()) == 3):
        pair = (url.rstrip("/"), suite)
        if component == "main" and re.fullmatch(rf"{SUITE}(-updates|-security)?", suite) and pair not in found:
            found.append(pair)
    return found if any(suite == SUITE for _, suite in found) else DEFAULT_SOURCES


def toolchain():
    """The folder in which this machine's Swift has its `usr`."""
    swift = shutil.which("swift")
    # The link to follow is that of the folder: `swift` itself is one to another program.
    folder = pathlib.Path(swift).parent.resolve() if swift else None
    if not folder or folder.parts[-2:] != ("usr", "bin") or folder == pathlib.Path("/usr/bin"):
        raise Trouble("this wants a Swift toolchain in a folder of its own, with usr/bin/swift in it, in PATH")
    return folder.parents[1]


def debian(cache, log):
    """The root of a Debian 12 with the packages of the swift image; made if it is not there yet."""
    known = hashlib.sha256(repr((SUITE, PACKAGES)).encode()).hexdigest()[:12]
    root = pathlib.Path(cache) / f"debian-{known}"
    if root.is_dir():
        return root
    made = root.with_suffix(".making")
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    origins = sources()
    mirror = next(url for url, suite in origins if suite == SUITE)
    call(["debootstrap", "--variant=minbase", SUITE, str(made), mirror], log)
    text = "".join(f"deb {url} {suite} main\n" for url, suite in origins)
    (made / "etc/apt/sources.list").write_text(text)
    # As in Debian's image: nothing is started by being installed, and no copies are kept.
    policy = made / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    (made / "etc/apt/apt.conf.d/clean").write_text('DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb || true"; };\n')
    with_network(made)
    with_system(made)
    install = f"apt-get -q update && apt-get -q install -y {' '.join(PACKAGES)} && rm -r /var/lib/apt/lists/*"
    inside(made, install, log, {"DEBIAN_FRONTEND": "noninteractive"})
    for mount in reversed(SYSTEM):
        subprocess.run(["umount", "-R", made / mount], check=True)
    made.rename(root)
    return root


SYSTEM = ["proc", "dev"]


def with_system(root):
    """What an engine mounts: /proc, and a /dev with the few that a program may want."""
    root = pathlib.Path(root)
    for name in SYSTEM:
        (root / name).mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "proc", "proc", root / "proc"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", root / "dev"], check=True)
    for name in ["null", "zero", "full", "random", "urandom", "tty"]:
        (root / "dev" / name).touch()
        subprocess.run(["mount", "--bind", f"/dev/{name}", root / "dev" / name], check=True)
    (root / "dev/shm").mkdir()
    (root / "dev/fd").symlink_to("/proc/self/fd")
    for number, name in enumerate(["stdin", "stdout", "stderr"]):
        (root / "dev" / name).symlink_to(f"/proc/self/fd/{number}")


def with_network(root):
    """Names are looked up as on this machine."""
    for name in ["resolv.conf", "hosts"]:
        shutil.copyfile(f"/etc/{name}", root / "etc" / name)


def with_packages(root):
    """Swift packages come from where this machine's git has them from.

    git can be told to take another address for the beginning of a URL (`url.BASE.insteadOf URL`). In the root it is told the same.
    Where BASE is a folder of this machine, such as one with copies of repositories, that is mounted there too, at the same path, to be read.
    """
    lines = subprocess.run(
        ["git", "config", "--get-regexp", r"^url\..*\.insteadof$"], capture_output=True, text=True
    ).stdout.splitlines()
    for line in lines:
        name, value = line.split(" ", 1)
        base = name.removeprefix("url.").rsplit(".", 1)[0]
        folder = base.removeprefix("file://")
        if folder.startswith("/") and os.path.isdir(folder):
            place = root / folder.strip("/")
            place.mkdir(parents=True, exist_ok=True)
            subprocess.run(["mount", "--bind", "-o", "ro", folder, place], check=True)
        command = ["git", "config", "--file", root / "etc/gitconfig", "--add", f"url.{base}.insteadOf", value]
        subprocess.run(command, check=True)


def inside(root, line, log, environment=(), folder="/"):
    """Runs a line of shell in a root, as RUN does: as root, with a bare environment."""
    usual = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root"}
    script = 'cd "$0" && exec /bin/sh -c "$1"'
    call(["chroot", str(root), "/bin/sh", "-c", script, folder, line], log, env=usual | dict(environment))
