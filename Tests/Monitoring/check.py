"""What watches scad, held to a scad that runs: its metrics by two real parsers, the alerts and the dashboard by what it exposes.

    scripts/monitoring-check [--build-path .build/debug]
"""

import argparse
import json
import pathlib
import re
import tempfile

import yaml
from programs import run
from prometheus_client.parser import text_string_to_metric_families
from provoke import MOBILES, TEXT, everything, numbers
from trouble import expect, told

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "deploy/monitoring"
RULES, TESTS, DASHBOARD = FOLDER / "scad.rules.yml", FOLDER / "scad.rules.test.yml", FOLDER / "scad.dashboard.json"
# Counters that do not move here: a drain ends with the server that would tell, and memory is short nowhere. Swift's tests have them.
ELSEWHERE = {("scad_refusals_total", "draining"), ("scad_refusals_total", "memory"), ("scad_sessions_closed_total", "draining")}
# What Prometheus adds to each scrape by itself.
ITS_OWN = {"up"}
# Words of PromQL that are no names of metrics.
WORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "and", "or", "unless", "bool", "offset"}


def check_text(text, expected):
    """The text, by Prometheus' own parser and by the one of its Python client.

    Returns each name that can be asked for.
    """
    run("promtool", "check", "metrics", input=text)
    families = list(text_string_to_metric_families(text))
    found = numbers(text)
    for series, value in expected.items():
        expect(found.get(series) == value, f"{' '.join(series)} is {found.get(series)}, not {value}")
    for family in families:
        expect(family.documentation and family.type in ("counter", "gauge", "histogram"), f"{family.name} is not explained")
        for sample in family.samples:
            expect(len(set(sample.labels) - {"le"}) <= 1, f"{sample.name} has labels {sample.labels}")
    for secret in [TEXT, *MOBILES]:
        expect(secret not in text, f"{secret} is in the metrics")
    return {sample.name for family in families for sample in family.samples}


def check_all(answers):
    """What each server says, and that every counter was seen to count: one that stays 0 would pass, and its alert be dead."""
    known, still = set(), set()
    for text, expected in answers:
        counted = {series for series, value in numbers(text).items() if value}
        series = {series for series in numbers(text) if series[0].endswith("_total")}
        still = (still & series if known else series) - counted
        known |= check_text(text, expected)
    expect(still == ELSEWHERE, f"these counted nothing, or should not have: {sorted(still ^ ELSEWHERE)}")
    return known


def names(expression):
    """The metrics in an expression of PromQL."""
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", expression)
    bare = re.sub(r"\{[^}]*\}|\[[^\]]*\]", "", bare)
    bare = re.sub(r"\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)", "", bare)
    found = re.findall(r"(?<![\w.])([a-zA-Z_:][\w:]*)\b(?!\s*\()", bare)
    return {name for name in found if name not in WORDS}


def check_names_are_found():
    """The finder of names finds them, so that the checks below are some."""
    cases = {
        "up == 0": {"up"},
        'sum by (le, loop) (rate(a_bucket{job="b", c=~"d|e"}[5m])) > 0.1': {"a_bucket"},
        "histogram_quantile(0.9, sum(rate(a_total[$__rate_interval]))) / (b > 0) and on (c) time() - d": {"a_total", "b", "d"},
    }
    for expression, expected in cases.items():
        expect(names(expression) == expected, f"{names(expression)} in {expression}")


def check_rules(known):
    run("promtool", "check", "rules", RULES)
    run("promtool", "test", "rules", TESTS)
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    tested = {
        case["alertname"] for test in yaml.safe_load(TESTS.read_text())["tests"] for case in test["alert_rule_test"] if case["exp_alerts"]
    }
    for rule in rules:
        expect(rule["alert"] in tested, f"no example makes {rule['alert']} fire")
        check_expression(rule["expr"], rule["alert"], known)
    return [rule["alert"] for rule in rules]


def check_expression(expression, where, known):
    asked = names(expression)
    expect(asked, f"{where} asks for nothing")
    expect(asked <= known | ITS_OWN, f"{where} asks for {sorted(asked - known - ITS_OWN)}, which scad does not expose")


def check_dashboard(known):
    dashboard = json.loads(DASHBOARD.read_text())
    panels = [panel for panel in dashboard["panels"] if panel["type"] != "row"]
    asked = {}
    for panel in panels:
        expect(panel.get("targets") and panel.get("description"), f"the panel {panel['title']} has no expression or says nothing")
        for number, target in enumerate(panel["targets"]):
            check_expression(target["expr"], panel["title"], known)
            asked[f"panel:{panel['id']}:{number}"] = target["expr"]
    # A dashboard is no file of Prometheus, but its expressions can stand in one.
    values = {"$__rate_interval": "5m", "$instance": ".*"}
    rules = []
    for name, expression in asked.items():
        for variable, value in values.items():
            expression = expression.replace(variable, value)
        rules.append({"record": name, "expr": expression})
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
        yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}, file)
        file.flush()
        run("promtool", "check", "rules", file.name)
    return len(asked)


def check_scrape_example(alerts):
    # It names the rules by a path beside it.
    run("promtool", "check", "config", FOLDER / "prometheus.yml")
    page = (FOLDER.parents[1] / "docs/monitoring.md").read_text()
    for alert in alerts:
        expect(f"`{alert}`" in page, f"docs/monitoring.md does not say what to do at {alert}")
    for alert in set(re.findall(r"`(Scad[A-Z]\w+)`", page)):
        expect(alert in alerts, f"docs/monitoring.md names an alert {alert}, which is not there")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build-path", default=".build/debug", help="where scad was built")
    program = f"{parser.parse_args().build_path}/scad"
    with tempfile.TemporaryDirectory() as folder:
        known = check_all(everything(program, folder))
    check_names_are_found()
    alerts = check_rules(known)
    expressions = check_dashboard(known)
    check_scrape_example(alerts)
    print(f"monitoring-check: {len(known)} names, {len(alerts)} alerts, {expressions} expressions of the dashboard: all well")


if __name__ == "__main__":
    told("monitoring-check", main)
