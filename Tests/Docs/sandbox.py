"""A machine of one's own for a page, made of namespaces.

Its host is `web1`, its only network is loopback, so every port is free; /home and /tmp are empty, and what is written to /etc, /usr/local
and /var is written elsewhere; the rest is the real machine. `chat.example.org` and a few other names are this machine, and an authority of its own is trusted.
"""

import contextlib
import os
import subprocess
from pathlib import Path

NAMES = ["chat.example.org", "chat.example", "chat.home", "a.example.org", "b.example.org"]
SCRATCH = "/tmp/.sandbox"
NAMESPACES = ["--mount", "--net", "--pid", "--ipc", "--uts", "--fork", "--mount-proc", "--kill-child"]


def command():
    """What starts a program in namespaces of its own."""
    return ["unshare", *NAMESPACES]


def is_possible():
    """Whether there can be one: that takes root."""
    return subprocess.run([*command(), "true"], capture_output=True, check=False).returncode == 0


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)


def hide(folder, kept):
    """Puts an empty folder in the place of one, with what is kept of it."""
    kept = [path for path in kept if path.startswith(folder + "/")]
    with contextlib.ExitStack() as opened:
        handles = [(path, os.open(path, os.O_PATH)) for path in kept]
        for _, handle in handles:
            opened.callback(os.close, handle)
        run("mount", "-t", "tmpfs", "-o", "mode=1777", "tmpfs", folder)
        for path, handle in handles:
            os.makedirs(path, exist_ok=True)
            # As it is: a canonical name would be that of the empty folder.
            subprocess.run(["mount", "-c", "--bind", f"/proc/self/fd/{handle}", path], check=True, pass_fds=[handle])


def cover(folder):
    """Whatever is written to the folder goes elsewhere."""
    upper, work = (f"{SCRATCH}{folder}/{name}" for name in ("upper", "work"))
    os.makedirs(upper)
    os.makedirs(work)
    run("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={folder},upperdir={upper},workdir={work}", folder)


def enter(checkout, kept):
    """Furnishes the namespaces that this process was started in. The folders named are left where they are."""
    run("hostname", "web1")
    run("ip", "link", "set", "lo", "up")
    for folder in ("/tmp", "/home", "/run"):
        hide(folder, [checkout, *kept])
    for folder in ("/etc", "/usr/local", "/var", checkout):
        cover(folder)
    Path("/etc/hosts").write_text(f"127.0.0.1 localhost web1 {' '.join(NAMES[:-1])}\n127.0.0.2 {NAMES[-1]}\n::1 localhost\n")
    # Nobody is asked for a name that is not there.
    Path("/etc/resolv.conf").write_text("")
    _certify()


CONFIGURATION = f"""\
[req]
distinguished_name = name
[name]
[authority]
basicConstraints = critical, CA:TRUE
[server]
subjectAltName = {", ".join("DNS:" + name for name in NAMES)}
"""


def _certify():
    """A certificate for the names in /etc/sca, of an authority that the system trusts."""
    Path(SCRATCH, "openssl.cnf").write_text(CONFIGURATION)

    def certificate(name, section, *signed):
        words = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -config openssl.cnf".split()
        words += ["-subj", f"/CN={name}", "-extensions", section, "-keyout", f"{name}.key", "-out", f"{name}.pem", *signed]
        subprocess.run(words, cwd=SCRATCH, check=True, capture_output=True)

    certificate("authority", "authority")
    certificate("scad", "server", "-CA", "authority.pem", "-CAkey", "authority.key")
    os.mkdir("/etc/sca")
    run("install", "-m", "644", f"{SCRATCH}/scad.pem", "/etc/sca/fullchain.pem")
    run("install", "-m", "600", f"{SCRATCH}/scad.key", "/etc/sca/privkey.pem")
    run("install", "-D", "-m", "644", f"{SCRATCH}/authority.pem", "/etc/ssl/certs/ca-certificates.crt")
