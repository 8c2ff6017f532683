"""100,000 rows received: a process that connects to a stand-in (`flood.py`), gets them all, writes each to /dev/null, and ends."""

import shutil

from .commands import BOB, Case, find, rates_table, take_turns
from .flood import Flood


def rounds(options):
    return options.long_runs


def part(options, folder):
    count = 10_000 if options.quick else 100_000
    home = folder / "listening"
    person = {"XDG_CONFIG_HOME": str(home), "XDG_DATA_HOME": str(home), "SCACTL_MOBILE": BOB}

    def forget():
        """What is stored already would not be printed again."""
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()

    flood = Flood(BOB, count)
    try:
        person["SCACTL_SERVER"] = f"ws://127.0.0.1:{flood.port}"
        listen = [options.scactl, "listen", "-n", str(count)]
        subscribe = [find("mosquitto_sub"), "-p", str(flood.port), "-t", "bench", "-C", str(count)]
        websocat = [find("websocat"), "-U", "-B", "65536", f"ws://127.0.0.1:{flood.port}/ws/{BOB}"]
        acknowledged = Case("mosquitto_sub -q 1", [*subscribe, "-q", "1"])
        cases = [
            Case("scactl listen", listen, prepared=forget, **person),
            Case("scactl listen --no-store", [*listen, "--no-store"], prepared=forget, **person),
            Case("mosquitto_sub -q 0", [*subscribe, "-q", "0"]),
            acknowledged,
            Case("websocat", websocat),
        ]
        take_turns(cases, options.long_runs, 1, "listen")
    finally:
        flood.close()
    return rates_table(f"{count:,} rows of 64 bytes", cases, count, acknowledged)
