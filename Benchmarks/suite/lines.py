"""100,000 lines of stdin, each a message: a process that sends them all, waits until the last is acknowledged, and ends.

What an acknowledgement says: `routed` and QoS 1 that the server, or the broker, has dealt with it; `stored` that the recipient has
it on disk (`fdatasync`). QoS 0 has none: its process ends when the kernel has taken the bytes. The next case begins when the
recipient has all.
"""

from .commands import ALICE, BOB, Case, Expected, Servers, rates_table, take_turns

BYTES = 64


def rounds(options):
    return options.long_runs


def part(options, folder):
    count = 10_000 if options.quick else 100_000
    lines = folder / "lines"
    lines.write_text("".join(f"{number:06} ".ljust(BYTES, "x") + "\n" for number in range(count)))
    with Servers(options, folder) as servers:
        servers.scad()
        servers.listener()
        servers.mosquitto()
        alice = servers.person(ALICE)
        stored, published = Expected(servers.stored).after(count), Expected(servers.published).after(count)
        send = [options.scactl, "send", "-l", "--to", BOB]

        def ours(wait):
            return Case(f"scactl send -l --wait {wait}", [*send, "--wait", wait], stdin=lines, settled=stored, **alice)

        def theirs(quality):
            return Case(f"mosquitto_pub -l -q {quality}", servers.publish(quality, "-l"), stdin=lines, settled=published)

        acknowledged = theirs(1)
        cases = [ours("stored"), ours("routed"), ours("none"), theirs(0), acknowledged]
        take_turns(cases, options.long_runs, 1, "lines")
    return rates_table(f"{count:,} lines of {BYTES} bytes", cases, count, acknowledged)
