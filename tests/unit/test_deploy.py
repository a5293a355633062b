"""The files that operators deploy: of the right shape, naming metrics and parts of the runbook that exist."""

import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

from service.context import Dependencies
from service.messaging.dispatcher import RecordingDispatcher
from service.web.meters import make_meters
from tests.factories import NOON, courier, sqlite_store
from worker.metrics import meters

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SCHEMAS = {
    "prometheus/rules.yaml": "prometheus-rules",
    "prometheus/scrape.yaml": "prometheus-scrape",
    "kubernetes/keda-scaledobject.yaml": "keda-scaledobject",
    "kubernetes/hpa.yaml": "hpa",
    "grafana/replydesk.json": "grafana-dashboard",
}
NAME = re.compile(r"replydesk_[a-z_]+")


def read(name):
    return yaml.safe_load((DEPLOY / name).read_text())


def told():
    """Every series that web and worker tell, by name."""
    store = sqlite_store()
    with store.write() as tx:
        tx.sites.add(courier())
    web = make_meters(Dependencies(store=store, dispatcher=RecordingDispatcher(), clock=lambda: NOON))
    registries = [web.own, web.backlog, meters().own]
    found = set()
    for registry in registries:
        for family in registry.collect():
            ends = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(
                family.type, ("",)
            )
            found |= {f"{family.name}{end}" for end in ends}
    return found


@pytest.mark.parametrize(("name", "schema"), SCHEMAS.items())
def test_each_file_has_its_shape(name, schema):
    jsonschema.validate(read(name), json.loads((DEPLOY / "schemas" / f"{schema}.json").read_text()))


def test_no_file_is_left_unchecked():
    files = {str(path.relative_to(DEPLOY)) for path in DEPLOY.rglob("*") if path.is_file()}
    assert files == set(SCHEMAS) | {f"schemas/{schema}.json" for schema in SCHEMAS.values()}


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_metric_that_is_asked_for_exists(name):
    """A rule or panel that asks for what nobody tells would be silent for ever."""
    assert set(NAME.findall((DEPLOY / name).read_text())) - told() == set()


def test_every_alert_leads_to_its_part_of_the_runbook():
    headings = re.findall(r"(?m)^## (.+)$", (ROOT / "docs" / "operate" / "runbook.md").read_text())
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    alerts = [rule for group in read("prometheus/rules.yaml")["groups"] for rule in group["rules"]]
    assert {rule["annotations"]["runbook"].partition("#")[2] for rule in alerts} <= anchors


def test_an_alert_speaks_though_its_series_are_gone():
    alerts = {
        rule["alert"]: rule["expr"]
        for group in read("prometheus/rules.yaml")["groups"]
        for rule in group["rules"]
    }
    for name, expr in alerts.items():
        if re.search(r"\) == 0", expr) and "rate(" in expr:
            assert re.search(r"\(sum\(rate\(.+?\)\) or vector\(0\)\) == 0", expr), name
    assert {
        "ReplydeskNothingScored",
        "ReplydeskNobodySweeps",
        "ReplydeskBeatGone",
        "ReplydeskBrokerAway",
    } <= set(alerts)


def test_the_web_starts_without_its_broker_and_ends_in_peace():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    waits_for = set(services["web"]["depends_on"])
    while more := {one for name in waits_for for one in services[name].get("depends_on", {})} - waits_for:
        waits_for |= more
    assert waits_for == {"migrate", "postgres"}
    from service.cli.gunicorn_settings import graceful_timeout

    assert int(services["web"]["stop_grace_period"].removesuffix("s")) > graceful_timeout


def test_scaling_looks_at_the_one_number():
    keda, hpa = read("kubernetes/keda-scaledobject.yaml")["spec"], read("kubernetes/hpa.yaml")["spec"]
    assert keda["triggers"][0]["metadata"]["query"] == "max(replydesk_oldest_unscored_age_seconds)"
    assert hpa["metrics"][0]["external"]["metric"]["name"] == "replydesk_oldest_unscored_age_seconds"
    assert min(keda["minReplicaCount"], hpa["minReplicas"]) >= 1


def test_containers_are_asked_for_their_own_process():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    asked = {
        name: one["healthcheck"]["test"][2:]
        for name, one in services.items()
        if one.get("command", [""])[0] == "replydesk" and "healthcheck" in one
    }
    assert asked == {"worker": ["alive"], "delivery": ["alive"], "beat": ["alive", "--beat"]}


def test_panels_do_not_overlap():
    panels = read("grafana/replydesk.json")["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(place["x"] + dx, place["y"] + dy) for dx in range(place["w"]) for dy in range(place["h"])}
        assert not cells & taken, panel["title"]
        taken |= cells
