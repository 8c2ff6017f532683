"""A history of 1,000,000 rows (`store.py`), in the page cache: the last 20, those of a peer, those with a word; and appending to it."""

from . import append, store
from .commands import BOB, Case, Servers, find, take_turns, times_table


def rounds(options):
    return options.medium_runs


def part(options, folder):
    count = 20_000 if options.quick else 1_000_000
    with Servers(options, folder) as servers:
        servers.scad()
        history, database = servers.history(BOB), folder / "history.db"
        store.write(history, count)
        store.write_database(database, history)
        text = reading(options, servers.person(BOB), history, database)
        listener = servers.listener()
        lines = folder / "lines"
        lines.touch()
        systems = [append.Ours(options.scactl, servers, listener), append.Database(database), append.File(lines)]
        try:
            return text + "\n" + append.measured(systems, options)
        finally:
            for system in systems:
                system.close()


def reading(options, person, history, database):
    def ours(*words):
        return Case(" ".join(["scactl history", *words]), [options.scactl, "history", *words], **person)

    def query(label, text):
        return Case(f"sqlite3, {label}", [find("sqlite3"), "-readonly", database, text])

    def last(condition):
        return f"select line from (select number, line from rows {condition} order by number desc limit 20) order by number"

    def shell(label, text):
        return Case(label, ["/bin/sh", "-c", text])

    of_rare = f'rg -F -N --no-config "{store.RARE}" {history} | tail -n 20'
    tail = Case("tail -n 20", [find("tail"), "-n", "20", history])
    search = Case(f"rg -F {store.WORD}", [find("rg"), "--no-config", "-F", store.WORD, history])
    containing = f'select(.text | contains("{store.WORD}"))'
    jq = Case("jq, with contains", [find("jq"), "-c", containing, history], runs=min(3, options.runs))
    by_rare = shell("rg -F, tail -n 20", of_rare)
    by_common = query("by its index", last(f"where peer = '{store.COMMON}'"))
    tables = [
        ("the last 20", [Case("scactl --version", [options.scactl, "--version"]), ours("-n", "20"), query("the last 20", last("")), tail], tail),
        ("the last 20 of a peer with 10,000 rows", [ours("-n", "20", "--peer", store.COMMON), by_common], by_common),
        ("the last 20 of a peer with 24 rows", [ours("-n", "20", "--peer", store.RARE), query("by its index", last(f"where peer = '{store.RARE}'")), by_rare], by_rare),
        ("a word in 10 rows", [ours("--grep", store.WORD), query("row by row", f"select line from rows where instr(line, '{store.WORD}')"), jq, search], search),
    ]
    take_turns([case for _, cases, _ in tables for case in cases], rounds(options), 1, "history")
    return "\n".join(times_table(title, cases, base) for title, cases, base in tables)
