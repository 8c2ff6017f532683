"""A history of 1,000,000 rows, about 200 MB, the same in each run; and the same rows in SQLite, with an index by peer."""

import sqlite3

from .commands import BOB

COMMON, RARE = "9100000042", "9199999999"
WORD = "quetzal"
WORDS = "the a we they you and or then when lunch train late soon again home call sent got fine thanks maybe not today".split()


def peer(number):
    """One row in a hundred is of the common peer, one in 41,000 of the rare one."""
    return RARE if number % 41_000 == 999 else f"91000000{number * 37 % 100:02}"


def texts():
    """Some of about 75 bytes, and one with the rare word."""
    made = [" ".join(WORDS[(number * 7 + place * (number % 5 + 1)) % len(WORDS)] for place in range(15)) for number in range(997)]
    return made, f"{made[0]} {WORD}"


def line(number, plain, rare):
    # The rare word is in one row of 100,000.
    text = rare if number % 100_000 == 5_555 else plain[number % len(plain)]
    other, comes = peer(number), number % 2
    way, source, to, status = ("in", other, BOB, "") if comes else ("out", BOB, other, ',"status":"stored"')
    name = f"0199f5ce-5a5e-7c3b-8d2a-{number:012x}"
    return f'{{"type":"message","id":"{name}","ts":{1_700_000_000_000 + number * 1_000},"dir":"{way}","from":"{source}","to":"{to}","text":"{text}"{status}}}\n'


def write(path, count):
    plain, rare = texts()
    path.parent.mkdir(parents=True)
    with open(path, "w", encoding="utf-8") as file:
        for start in range(0, count, 10_000):
            file.write("".join(line(number, plain, rare) for number in range(start, min(start + 10_000, count))))


def write_database(path, history):
    with sqlite3.connect(path) as base, open(history, encoding="utf-8") as lines:
        base.execute("pragma journal_mode = wal")
        base.execute("create table rows (number integer primary key, peer text, line text)")
        rows = ((peer(number), text.rstrip("\n")) for number, text in enumerate(lines))
        base.executemany("insert into rows (peer, line) values (?, ?)", rows)
        base.execute("create index by_peer on rows (peer, number)")
    base.close()
