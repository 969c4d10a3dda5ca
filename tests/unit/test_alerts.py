"""The alert rules speak of figures that exist, are tested and are explained."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

import app
from app.services import metrics_service

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
NEEDS_A_CONFIGURATION = {"app.workers.celery_app"}
SUFFIXES: dict[type, tuple[str, ...]] = {
    Counter: ("_total",),
    Gauge: ("",),
    Histogram: ("_bucket", "_count", "_sum"),
}
OF_PROMETHEUS = {"job", "instance", "le"}  # labels that nobody declares

RULES: list[dict[str, Any]] = [
    rule for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"] for rule in group["rules"]
]
TESTS: list[dict[str, Any]] = yaml.safe_load((PROMETHEUS / "alerts_test.yml").read_text())["tests"]


@pytest.fixture(scope="module")
def declared() -> dict[str, tuple[str, ...]]:
    """Every figure that processes count or that is read for /metrics, by its name there, with its labels."""
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if module.name not in NEEDS_A_CONFIGURATION:
            importlib.import_module(module.name)
    counted = {
        metric._name + suffix: tuple(metric._labelnames)
        for metric in set(REGISTRY._collector_to_names)
        if isinstance(metric, MetricWrapperBase)
        for suffix in SUFFIXES[type(metric)]
    }
    read = re.findall(r'Reading\(\s*"(\w+)"', Path(metrics_service.__file__).read_text())
    return {**counted, **dict.fromkeys(read, ())}


def figures(expression: str) -> Iterator[tuple[str, set[str]]]:
    """The figures of an expression with the labels it selects by."""
    for name, _, selector in re.findall(r"\b(laurel_\w+)(\{([^}]*)\})?", expression):
        yield name, set(re.findall(r"(\w+)\s*=", selector))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_a_rule_speaks_of_figures_and_labels_that_the_code_declares(
    rule: dict[str, Any], declared: dict[str, tuple[str, ...]]
) -> None:
    spoken = list(figures(rule["expr"]))
    assert spoken or rule["expr"].startswith("up{")
    for name, labels in spoken:
        assert name in declared
        assert labels <= set(declared[name])
    grouped = {label for by in re.findall(r"\bby \(([^)]*)\)", rule["expr"]) for label in by.split(", ")}
    known = {label for name, _ in spoken for label in declared[name]}
    assert grouped <= known | OF_PROMETHEUS


def test_every_transaction_that_a_rule_names_exists() -> None:
    named = {
        name
        for rule in RULES
        for alternatives in re.findall(r'name=~?"([^"]*)"', rule["expr"])
        for name in alternatives.split("|")
    }
    in_code = {
        name for path in (ROOT / "app").rglob("*.py") for name in re.findall(r'@transaction\("(\w+)"', path.read_text())
    }
    assert named <= in_code


def test_every_rule_is_tested_firing_and_quiet() -> None:
    firing, quiet = set(), set()
    for case in (case for test in TESTS for case in test["alert_rule_test"]):
        (firing if case["exp_alerts"] else quiet).add(case["alertname"])
    names = {rule["alert"] for rule in RULES}
    assert firing == names
    assert names - quiet == {"LaurelDatabasePoolExhausted"}  # its test has a second pool, which is quiet


def test_every_rule_is_explained() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \|", (ROOT / "docs" / "alerts.md").read_text(), re.MULTILINE)
    assert rows == [(rule["alert"], rule["labels"]["severity"]) for rule in RULES]
    assert all(rule["annotations"]["summary"] for rule in RULES)
