"""What a trace of strace says about files, texts, and whom it speaks with: each line that should not be there is a finding.

`strace -f -yy -s N -o FILE` writes a line a call, `PID call(arguments) = result`, and two if another thread's comes between. With -yy a
descriptor has what it is behind it: `3<socket:[1]>`, `5<TCP:[127.0.0.1:1->127.0.0.1:2]>`, `2<pipe:[7]>`, `4</a/file>`.
"""

import re

# These change something on a disk whatever their arguments are, or hand memory to another process.
FORBIDDEN = """creat rename renameat renameat2 link linkat symlink symlinkat mkdir mkdirat mknod mknodat unlink unlinkat rmdir truncate
    ftruncate fallocate chmod fchmod fchmodat chown fchown lchown fchownat setxattr fsetxattr lsetxattr utimensat memfd_create
    memfd_secret shmget shmat msgsnd mq_open process_vm_writev ptrace swapon mount copy_file_range name_to_handle_at open_by_handle_at
    io_uring_setup io_submit""".split()
OPENING = re.compile(r'^(?:open|openat|openat2)\((?:[^",]*, )?"((?:[^"\\]|\\.)*)", (.*)')
WRITING = re.compile(r"^(?:write|writev|pwrite64|pwritev|pwritev2|sendfile|splice|tee|vmsplice)\((\d+)(?:<(.*?)>+)?, ")
WRITABLE = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE")
MAPPING = re.compile(r"^mmap\(")
LINE = re.compile(r"^(\d+) +(.*)$")
UNFINISHED = re.compile(r"^(.*) <unfinished \.\.\.>$")
RESUMED = re.compile(r"^<\.\.\. (\w+) resumed>(.*)$")
SENDING = re.compile(r"^(?:write|writev|send|sendto|sendmsg|sendmmsg)\((\d+)(?:<(.*?)>+)?, ")
# A memory-only pipe or counter of its own is no file, and the kernel and a neighbour on this machine are no network.
NO_FILES = ("pipe:", "anon_inode:", "/dev/null")
SOCKETS = ("TCP", "UDP", "UNIX", "NETLINK", "RAW", "PING", "PACKET", "SCTP", "MPTCP", "DCCP", "socket:")
NO_NETWORK = ("UNIX", "NETLINK")
# A socket that has two ends: the port of its own. One that has none any more has its number only, and what is sent there fails.
OWN_PORT = re.compile(r"^\w+\(\d+<TCP(?:v6)?:\[\S*:(\d+)->")
ENDED = re.compile(r"^\w+\(\d+<TCP(?:v6)?:\[\d+\]>.* = -1 E")


def calls(lines):
    """Whole calls, those that were interrupted put together."""
    pending = {}
    for line in lines:
        found = LINE.match(line.rstrip("\n"))
        if not found:
            continue
        thread, call = found.groups()
        if half := UNFINISHED.match(call):
            pending[thread] = half[1]
        elif rest := RESUMED.match(call):
            yield pending.pop(thread, rest[1] + "(") + rest[2]
        else:
            yield call
    # What was under way at the end has been asked for.
    yield from pending.values()


def finding(call, texts, clients, others):
    """What is wrong with a call; None if nothing is."""
    name = call.split("(", 1)[0]
    if name in FORBIDDEN and not call.endswith("= -1 ENOSYS (Function not implemented)"):
        return "changes something"
    opened = OPENING.match(call)
    if opened and WRITABLE.search(opened[2]) and opened[1] != "/dev/null":
        return "opens for writing"
    if MAPPING.match(call) and "MAP_SHARED" in call and "PROT_WRITE" in call and "MAP_ANONYMOUS" not in call:
        return "maps a file for writing"
    if name == "connect" and "{sa_family=AF_UNIX" not in call:
        return "connects to somebody"
    found = OWN_PORT.match(call)
    port = int(found[1]) if found else None
    to = (SENDING.match(call) or [None, None, ""])[2] or ""
    if to.startswith(SOCKETS) and not to.startswith(NO_NETWORK) and port not in (clients, *others) and not ENDED.match(call):
        return "speaks with somebody who is no client"
    written = WRITING.match(call)
    if written and not (written[2] or "").startswith((*NO_FILES, *SOCKETS)):
        return "writes to a file"
    if port != clients and not ENDED.match(call) and any(text in call for text in texts):
        return "has a text elsewhere than on a client's socket"
    return None


def findings(lines, texts, clients, others=()):
    """All that is wrong with a trace.

    - clients: the port at which it serves clients; texts may be in calls on its sockets only.
    - others: ports at which it serves somebody else.
    """
    return [f"{wrong}: {call[:300]}" for call in calls(lines) if (wrong := finding(call, texts, clients, others))]
