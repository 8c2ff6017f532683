"""One message: a process that connects, sends it, hears what became of it, and ends. The recipient runs all the time."""

from .commands import ALICE, BOB, Case, Expected, Servers, find, take_turns, times_table

TEXT = "hi"


def rounds(options):
    return options.runs


def part(options, folder):
    line = folder / "one-line"
    line.write_text(TEXT + "\n")
    frame = folder / "one-frame"
    frame.write_text(f'{{"type":"message","to":"{BOB}","text":"{TEXT}"}}\n')
    with Servers(options, folder) as servers:
        servers.scad()
        servers.listener()
        servers.mosquitto()
        alice = servers.person(ALICE)
        stored, published = Expected(servers.stored).after(1), Expected(servers.published).after(1)
        send = [options.scactl, "send", "--to", BOB]

        def ours(label, *words, **rest):
            return Case(label, [*send, *words], settled=stored, **rest, **alice)

        def theirs(label, quality, *words, **rest):
            return Case(label, servers.publish(quality, *words), settled=published, **rest)

        # These wait for a fifth of a second; to know that, fewer rounds will do.
        few = min(options.runs, 15)

        acknowledged = theirs("mosquitto_pub -q 1", 1, "-m", TEXT)
        by_line = theirs("mosquitto_pub -l -q 1 < line", 1, "-l", stdin=line, runs=few)
        websocat = [find("websocat"), "-u", "--no-close", "-1", f"{servers.url}/ws/{ALICE}"]
        single = [
            ours("scactl send --wait routed", "--wait", "routed", TEXT),
            ours("scactl send --wait stored", "--wait", "stored", TEXT),
            theirs("mosquitto_pub -q 0", 0, "-m", TEXT),
            acknowledged,
            Case("websocat -u -1 < frame", websocat, stdin=frame, settled=stored),
        ]
        lines = [
            ours("scactl send -l < line", "-l", stdin=line),
            theirs("mosquitto_pub -l -q 0 < line", 0, "-l", stdin=line, runs=few),
            by_line,
        ]
        take_turns(single + lines, options.runs, options.warmup, "messages")
    return times_table("one message", single, acknowledged) + "\n" + times_table("one line", lines, by_line)
