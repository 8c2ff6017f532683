"""What a trace of strace says about files and about texts: each line that should not be there is a finding.

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
# Through these it speaks with its clients; a memory-only pipe or counter of its own is no file.
NO_FILES = ("TCP:", "TCPv6:", "UNIX", "socket:", "pipe:", "anon_inode:", "/dev/null", "NETLINK")


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


def finding(call, texts):
    """What is wrong with a call; None if nothing is."""
    name = call.split("(", 1)[0]
    if name in FORBIDDEN and not call.endswith("= -1 ENOSYS (Function not implemented)"):
        return "changes something"
    opened = OPENING.match(call)
    if opened and WRITABLE.search(opened[2]) and opened[1] != "/dev/null":
        return "opens for writing"
    if MAPPING.match(call) and "MAP_SHARED" in call and "PROT_WRITE" in call and "MAP_ANONYMOUS" not in call:
        return "maps a file for writing"
    written = WRITING.match(call)
    if written and not (written[2] or "").startswith(NO_FILES):
        return "writes to a file"
    if not re.search(r"\(\d+<TCP", call) and any(text in call for text in texts):
        return "has a text elsewhere than on a client's socket"
    return None


def findings(lines, texts):
    """All that is wrong with a trace."""
    return [f"{wrong}: {call[:300]}" for call in calls(lines) if (wrong := finding(call, texts))]


def check_itself():
    """Each line that is wrong is found, and none that is not: a check that cannot fail is none."""
    text = "kqzj-a-text"
    wrong = [
        '1 openat(AT_FDCWD</tmp>, "/var/log/scad", O_WRONLY|O_CREAT|O_APPEND|O_CLOEXEC, 0666) = 7</var/log/scad>',
        '1 open("/tmp/x", O_RDWR) = 7</tmp/x>',
        '1 openat(AT_FDCWD</tmp>, "/tmp", O_RDWR|O_TMPFILE|O_CLOEXEC, 0600) = 7</tmp/#1>',
        '1 creat("/tmp/x", 0644) = 7</tmp/x>',
        '1 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 7</tmp/x>, 0) = 0x7f0000000000',
        '1 mkdir("/tmp/x", 0777) = 0',
        '1 rename("/tmp/x", "/tmp/y") = -1 ENOENT (No such file or directory)',
        '1 write(7</tmp/x>, "abc", 3) = 3',
        '1 write(7, "abc", 3) = 3',
        f'1 write(2<pipe:[7]>, "info {text}\\n", 9) = 9',
        f'1 writev(2<pipe:[7]>, [{{iov_base="{text}", iov_len=9}}], 1) = 9',
        f'1 sendto(5<UNIX-DGRAM:[8]>, "STATUS={text}", 9, 0, NULL, 0) = 9',
        f'1 execve("/bin/true", ["/bin/true", "{text}"], 0x7ffc /* 9 vars */) = 0',
        f'1 openat(AT_FDCWD</tmp>, "/proc/{text}", O_RDONLY) = -1 ENOENT (No such file or directory)',
        f'1 sendto(5<UDP:[127.0.0.1:1->127.0.0.1:2]>, "{text}", 9, 0, NULL, 0) = 9',
        '1 memfd_create("x", 0) = 7</memfd:x>',
    ]
    right = [
        '1 openat(AT_FDCWD</tmp>, "/proc/self/statm", O_RDONLY|O_CLOEXEC) = 7</proc/1/statm>',
        '1 openat(AT_FDCWD</tmp>, "/dev/null", O_WRONLY) = 1</dev/null>',
        '1 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000',
        '1 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 7</lib/x.so>, 0) = 0x7f0000000000',
        '1 write(6<anon_inode:[eventfd]>, "\\1\\0\\0\\0\\0\\0\\0\\0", 8) = 8',
        '1 write(2<pipe:[7]>, "info listening\\n", 15) = 15',
        f'1 sendto(5<TCP:[127.0.0.1:1->127.0.0.1:2]>, "{text}", 9, MSG_NOSIGNAL, NULL, 0) = 9',
        f'1 recvfrom(5<TCP:[127.0.0.1:1->127.0.0.1:2]>, "{text}", 4096, 0, NULL, NULL) = 9',
        "1 +++ exited with 0 +++",
    ]
    for line in wrong:
        assert findings([line], [text]), f"not found: {line}"
    for line in right:
        assert not findings([line], [text]), f"found: {line}"
    halves = [f"1 read(5<TCP:[a->b]>,  <unfinished ...>", "2 getpid() = 1", f'1 <... read resumed>"{text}", 9) = 9']
    assert not findings(halves, [text])
    halves[0] = "1 read(0</dev/pts/0>,  <unfinished ...>"
    assert len(findings(halves, [text])) == 1
    assert findings(["1 openat(AT_FDCWD</>, \"/x\", O_RDWR <unfinished ...>"], [text])
    return len(wrong)
