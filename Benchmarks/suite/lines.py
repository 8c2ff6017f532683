"""100,000 lines of stdin, each a message: a process that sends them all, waits until the last is acknowledged, and ends.

What an acknowledgement says: `routed` and QoS 1 that the server, or the broker, has dealt with it; `stored` that the recipient has
it on disk (`fdatasync`). QoS 0 has none: its process ends when the kernel has taken the bytes; `send --wait none` is left out, since
the server refuses what a slow recipient has no room for, which nobody would be told; with `routed` that is tried again. The next case
begins when the recipient has all.
"""

from .commands import ALICE, BOB, Case, Expected, Servers, rates_table, take_turns

BYTES = 64
# With QoS 1 `mosquitto_pub -l` ends, lines unsent, when the number of its last message has come back, and it numbers by 16 bits.
MOST = 60_000


def rounds(options):
    return options.long_runs


def part(options, folder):
    count = 10_000 if options.quick else 100_000
    lines = folder / "lines"
    lines.write_text("".join(f"{number:06} ".ljust(BYTES, "x") + "\n" for number in range(count)))
    few = folder / "few-lines"
    few.write_text("".join(lines.read_text().splitlines(True)[:MOST]))
    with Servers(options, folder) as servers:
        servers.scad()
        servers.listener()
        servers.mosquitto()
        alice = servers.person(ALICE)
        stored, published = Expected(servers.stored).after(count), Expected(servers.published).after
        send = [options.scactl, "send", "-l", "--to", BOB]

        def ours(*words):
            return Case(" ".join(["scactl send -l", *words]), [*send, *words], stdin=lines, settled=stored, **alice)

        def theirs(quality, count, lines):
            words = servers.publish(quality, "-l")
            return Case(f"mosquitto_pub -l -q {quality}", words, stdin=lines, settled=published(count), count=count)

        acknowledged = theirs(1, min(count, MOST), few)
        cases = [ours("--wait", "stored"), ours("--wait", "routed", "--retry-for", "1m"), theirs(0, count, lines), acknowledged]
        take_turns(cases, options.long_runs, 1, "lines")
    return rates_table(f"{count:,} lines of {BYTES} bytes", cases, count, acknowledged)
