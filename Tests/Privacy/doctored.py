"""Lines of a trace that are wrong, and others that are not, for the reader of traces: a check that cannot fail is none."""

from calls import findings

# Of the clients, and of metrics.
PORTS = 8080, [9464]


def check_itself():
    """Each line that is wrong is found, and none that is not."""
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
        f'1 sendto(9<TCP:[10.0.0.1:4444->203.0.113.9:25]>, "{text}", 9, MSG_NOSIGNAL, NULL, 0) = 9',
        '1 sendto(9<TCP:[10.0.0.1:4444->203.0.113.9:8080]>, "\27\3\3", 3, MSG_NOSIGNAL, NULL, 0) = 3',
        '1 write(9<TCPv6:[[::1]:4444->[::1]:9464]>, "\27\3\3", 3) = 3',
        '1 write(9<TCP:[38822117]>, "\27\3\3", 3) = 3',
        '1 writev(9<socket:[38822117]>, [{iov_base="\27\3\3", iov_len=3}], 1) = 3',
        f'1 recvfrom(9<TCP:[10.0.0.1:4444->203.0.113.9:25]>, "{text}", 4096, 0, NULL, NULL) = 9',
        f'1 sendto(5<TCP:[127.0.0.1:9464->127.0.0.1:2]>, "{text}", 9, MSG_NOSIGNAL, NULL, 0) = 9',
        '1 connect(9<TCP:[3]>, {sa_family=AF_INET, sin_port=htons(25), sin_addr=inet_addr("203.0.113.9")}, 16) = -1 EINPROGRESS (Operation now in progress)',
        '1 connect(9<UDPv6:[3]>, {sa_family=AF_INET6, sin6_port=htons(53), inet_pton(AF_INET6, "2001:db8::9", &sin6_addr)}, 28) = 0',
        '1 sendto(9<UDP:[3]>, "abc", 3, 0, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("203.0.113.9")}, 16) = 3',
        '1 sendmsg(9<UDP:[10.0.0.1:4->203.0.113.9:53]>, {msg_name=NULL, msg_iov=[{iov_base="abc", iov_len=3}], msg_iovlen=1}, 0) = 3',
        '1 sendmmsg(9<UDPv6:[3]>, [{msg_hdr={msg_name=NULL, msg_iov=[{iov_base="abc", iov_len=3}], msg_iovlen=1}}], 1, 0) = 1',
    ]
    right = [
        '1 openat(AT_FDCWD</tmp>, "/proc/self/statm", O_RDONLY|O_CLOEXEC) = 7</proc/1/statm>',
        '1 openat(AT_FDCWD</tmp>, "/dev/null", O_WRONLY) = 1</dev/null>',
        '1 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000',
        '1 mmap(NULL, 4096, PROT_READ, MAP_SHARED, 7</lib/x.so>, 0) = 0x7f0000000000',
        '1 write(6<anon_inode:[eventfd]>, "\\1\\0\\0\\0\\0\\0\\0\\0", 8) = 8',
        '1 write(2<pipe:[7]>, "info listening\\n", 15) = 15',
        f'1 sendto(5<TCP:[127.0.0.1:8080->127.0.0.1:2]>, "{text}", 9, MSG_NOSIGNAL, NULL, 0) = 9',
        f'1 recvfrom(5<TCP:[127.0.0.1:8080->127.0.0.1:2]>, "{text}", 4096, 0, NULL, NULL) = 9',
        f'1 write(5<TCPv6:[[::1]:8080->[::1]:2]>, "{text}", 9) = 9',
        f'1 write(5<TCP:[38822117]>, "{text}", 9) = -1 EPIPE (Broken pipe)',
        '1 writev(5<TCP:[127.0.0.1:9464->127.0.0.1:2]>, [{iov_base="HTTP/1.1 200", iov_len=12}], 1) = 12',
        '1 connect(16<UNIX-STREAM:[7]>, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1 ENOENT (No such file or directory)',
        '1 sendto(15<NETLINK:[38822104]>, [{nlmsg_len=20}], 20, 0, {sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, 12) = 20',
        "1 +++ exited with 0 +++",
    ]
    for line in wrong:
        assert findings([line], [text], *PORTS), f"not found: {line}"
    for line in right:
        assert not findings([line], [text], *PORTS), f"found: {line}"
    halves = ["1 read(5<TCP:[127.0.0.1:8080->127.0.0.1:2]>,  <unfinished ...>", "2 getpid() = 1", f'1 <... read resumed>"{text}", 9) = 9']
    assert not findings(halves, [text], *PORTS)
    halves[0] = "1 read(0</dev/pts/0>,  <unfinished ...>"
    assert len(findings(halves, [text], *PORTS)) == 1
    assert findings(["1 openat(AT_FDCWD</>, \"/x\", O_RDWR <unfinished ...>"], [text], *PORTS)
    return len(wrong)
