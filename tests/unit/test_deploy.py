"""The files that operators deploy: they name metrics that exist, and start and end the parts in order."""

import re
from pathlib import Path

import pytest
import yaml

from service.cli.gunicorn_settings import graceful_timeout
from service.context import Dependencies
from service.messaging.dispatcher import RecordingDispatcher
from service.web.meters import make_meters
from tests.factories import NOON, courier, sqlite_store
from worker.metrics import meters

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FILES = (
    "prometheus/rules.yaml",
    "prometheus/scrape.yaml",
    "kubernetes/keda-scaledobject.yaml",
    "kubernetes/hpa.yaml",
    "grafana/replydesk.json",
)
NAME = re.compile(r"replydesk_[a-z_]+")
SERVICES = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]


def read(name):
    return yaml.safe_load((DEPLOY / name).read_text())


def told():
    store = sqlite_store()
    with store.write() as tx:
        tx.sites.add(courier())
    web = make_meters(Dependencies(store=store, dispatcher=RecordingDispatcher(), clock=lambda: NOON))
    families = [one for registry in (web.own, web.backlog, meters().own) for one in registry.collect()]
    ends = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
    return {f"{one.name}{end}" for one in families for end in ends.get(one.type, ("",))}


@pytest.mark.parametrize("name", FILES)
def test_every_metric_that_is_asked_for_exists(name):
    assert set(NAME.findall((DEPLOY / name).read_text())) - told() == set()


def test_an_alert_speaks_though_its_series_are_gone():
    rules = [rule for group in read("prometheus/rules.yaml")["groups"] for rule in group["rules"]]
    alerts = {rule["alert"].removeprefix("Replydesk"): rule["expr"] for rule in rules}
    for name, expr in alerts.items():
        if re.search(r"\) == 0", expr) and "rate(" in expr:
            assert re.search(r"\(sum\(rate\(.+?\)\) or vector\(0\)\) == 0", expr), name
    assert {"NothingScored", "NoMaintenance", "BeatGone", "BrokerAway"} <= set(alerts)


def test_the_web_starts_without_its_broker_and_ends_in_peace():
    waits_for = set(SERVICES["web"]["depends_on"])
    while more := {one for name in waits_for for one in SERVICES[name].get("depends_on", {})} - waits_for:
        waits_for |= more
    assert waits_for == {"migrate", "postgres"}
    assert int(SERVICES["web"]["stop_grace_period"].removesuffix("s")) > graceful_timeout


def test_scaling_looks_at_the_one_number():
    keda, hpa = read("kubernetes/keda-scaledobject.yaml")["spec"], read("kubernetes/hpa.yaml")["spec"]
    assert keda["triggers"][0]["metadata"]["query"] == "max(replydesk_oldest_unscored_age_seconds)"
    assert hpa["metrics"][0]["external"]["metric"]["name"] == "replydesk_oldest_unscored_age_seconds"
    assert min(keda["minReplicaCount"], hpa["minReplicas"]) >= 1


def test_containers_are_asked_for_their_own_process():
    asked = {
        name: one["healthcheck"]["test"][2:]
        for name, one in SERVICES.items()
        if one.get("command", [""])[0] == "replydesk" and "healthcheck" in one
    }
    assert asked == {"worker": ["alive"], "delivery": ["alive"], "beat": ["alive", "--beat"]}
