"""How Pitcrew is deployed: the image, compose, the chart, and what watches it, checked as far as they can be read."""

from __future__ import annotations

import json
import re
import tomllib
from copy import deepcopy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml  # type: ignore[import-untyped]

from bot import config as deployment
from bot import metrics
from bot.slack.http import PATH as SLACK
from bot.slack.install import INSTALL, REDIRECT
from bot.teams.http import PATH as TEAMS
from bot.web.documents import PATH as DOCUMENTS
from bot.web.pictures import PATH as PICTURES
from tests.promises.chart import rendered

DEPLOY = Path(__file__).parents[2] / "deploy"
CHART = DEPLOY / "helm/pitcrew"
VALUES: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
METRIC = re.compile(r"pitcrew_[a-z_]+")


def chart(**values: Any) -> dict[str, dict[str, Any]]:
    """The chart's objects by their kind."""
    made = rendered((CHART / "templates/pitcrew.yaml").read_text(), deepcopy(VALUES) | values)
    return {one["kind"]: one for one in made}


def container(**values: Any) -> dict[str, Any]:
    [one] = chart(**values)["Deployment"]["spec"]["template"]["spec"]["containers"]
    return dict(one)


# --- the image --------------------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def test_the_image_runs_as_nobody_in_particular_and_is_looked_at() -> None:
    last = [number for number, (word, _) in enumerate(instructions()) if word == "FROM"][-1]
    final = instructions()[last:]
    words = [word for word, _ in final]

    assert dict(final)["USER"] == "10001:10001"
    assert words.index("USER") < words.index("ENTRYPOINT")
    assert "/healthz" in dict(final)["HEALTHCHECK"]
    assert dict(final)["STOPSIGNAL"] == "SIGTERM"
    assert json.loads(dict(final)["ENTRYPOINT"]) == ["pitcrew"], "no shell between the signal and us"


def test_the_image_is_made_of_named_versions_and_holds_no_secret() -> None:
    for word, rest in instructions():
        if word == "FROM":
            assert re.match(r"[\w/-]+:[\w.-]+", rest) and ":latest" not in rest
        assert word != "ADD"
        assert not re.search(r"(TOKEN|PASSWORD|SECRET)\w*=", rest)
    assert any("-c constraints.txt ." in rest for word, rest in instructions() if word == "RUN")
    assert all("rm -rf /var/lib/apt/lists" in rest for word, rest in instructions() if "apt-get install" in rest)


def test_what_the_image_copies_is_let_through_and_is_the_whole_wheel() -> None:
    root = DEPLOY.parent
    ignored = (root / ".dockerignore").read_text().split()
    assert ignored[0] == "*"
    copied = {
        one for word, rest in instructions() if word == "COPY" and "--from" not in rest for one in rest.split()[:-1]
    }
    assert copied <= {one.removeprefix("!") for one in ignored}
    wheel = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {one.rstrip("*") for one in wheel} <= copied


def test_the_image_sets_nothing_that_the_deployment_file_does_not_know() -> None:
    said = " ".join(rest for word, rest in instructions() if word == "ENV")
    environ = dict(re.findall(r"(PITCREW_\w+__\w+)=(\S+)", said))
    config = deployment.sample_config(environ)

    assert config.server.admin_port == 9464 and config.server.host == "0.0.0.0"  # noqa: S104 (inside a container)
    assert str(config.data.folder) == "/data"


# --- compose ----------------------------------------------------------------------------------------------------------


def test_compose_gives_pitcrew_a_database_and_takes_its_rights_away() -> None:
    said = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    pitcrew = said["services"]["pitcrew"]

    assert pitcrew["read_only"] and pitcrew["cap_drop"] == ["ALL"]
    assert pitcrew["depends_on"]["database"]["condition"] == "service_healthy"
    assert pitcrew["environment"]["PITCREW_STATE__URL"].startswith("postgresql+psycopg://")
    assert all(port.startswith("127.0.0.1:") for port in pitcrew["ports"])
    assert not any("9464" in port for port in pitcrew["ports"]), "the admin port is not published"
    assert int(pitcrew["stop_grace_period"].removesuffix("s")) > 25
    assert "ports" not in said["services"]["database"]


# --- the chart --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_the_chart_runs_without_rights_on_a_read_only_root(database: str) -> None:
    pod = chart(database=database)["Deployment"]["spec"]["template"]["spec"]
    one = container(database=database)

    assert pod["securityContext"]["runAsNonRoot"] is True
    assert one["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    waits = int(one["lifecycle"]["preStop"]["exec"]["command"][1])
    assert pod["terminationGracePeriodSeconds"] > waits + 25
    assert pod["automountServiceAccountToken"] is False
    mounted = {mount["name"] for mount in one["volumeMounts"]}
    assert mounted == {volume["name"] for volume in pod["volumes"]}


def test_the_probes_ask_the_admin_port() -> None:
    one = container()
    ports = {port["name"]: port["containerPort"] for port in one["ports"]}
    asked = {name: one[name]["httpGet"] for name in ("livenessProbe", "readinessProbe", "startupProbe")}

    assert {probe["port"] for probe in asked.values()} == {"admin"} and ports["admin"] == 9464
    assert asked["readinessProbe"]["path"] == "/readyz" and asked["livenessProbe"]["path"] == "/healthz"


def test_on_sqlite_the_old_one_ends_before_the_new_one_begins() -> None:
    assert chart()["Deployment"]["spec"]["strategy"] == {"type": "Recreate"}
    assert "PersistentVolumeClaim" in chart()
    assert chart(database="postgresql", replicas=3)["Deployment"]["spec"]["strategy"] == {"type": "RollingUpdate"}
    assert "PersistentVolumeClaim" not in chart(database="postgresql")


def test_the_deployment_file_arrives_as_it_was_written() -> None:
    text = '[[providers]]\nkind = "sample"\n\n[report]\ncurrency = "EUR"\n'
    assert chart(config=text)["ConfigMap"]["data"]["pitcrew.toml"].strip() == text.strip()
    deployment.parse(tomllib.loads(chart()["ConfigMap"]["data"]["pitcrew.toml"]), str)


def test_another_deployment_file_is_another_pod() -> None:
    marks = [
        chart(config=text)["Deployment"]["spec"]["template"]["metadata"]["annotations"]["checksum/config"]
        for text in ("a = 1", "a = 1", "a = 2")
    ]
    assert marks[0] == marks[1] != marks[2]


def test_a_drained_node_takes_one_of_several_at_a_time() -> None:
    made = chart(database="postgresql", replicas=3, disruptionBudget=True)
    assert made["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1
    assert made["PodDisruptionBudget"]["spec"]["selector"] == made["Deployment"]["spec"]["selector"]
    assert "PodDisruptionBudget" not in chart()


def test_only_what_is_meant_for_the_world_is_shown_to_it() -> None:
    made = chart(ingress={"enabled": True, "className": "nginx", "host": "p.example.com", "tlsSecret": "tls"})
    paths = [one["path"] for one in made["Ingress"]["spec"]["rules"][0]["http"]["paths"]]

    served = {SLACK, INSTALL, REDIRECT, TEAMS, PICTURES.rstrip("/"), DOCUMENTS.rstrip("/")}
    assert set(paths) == served, "what is mounted, and nothing else"
    assert [port["name"] for port in made["Service"]["spec"]["ports"]] == ["http"]
    rules = made["NetworkPolicy"]["spec"]["ingress"]
    assert next(rule for rule in rules if {"port": "admin"} in rule["ports"])["from"]


def test_the_values_are_what_their_schema_says_and_nonsense_is_refused() -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    jsonschema.validate(VALUES, schema)
    jsonschema.validate(VALUES | {"database": "postgresql", "replicas": 3}, schema)
    for wrong in (
        {"replicas": 2},
        {"replicas": 0},
        {"database": "mysql"},
        {"image": {"repository": "x"}},
        {"colour": 1},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(VALUES | wrong, schema)


# --- what watches it --------------------------------------------------------------------------------------------------


def names() -> set[str]:
    """Every series that the code makes."""
    found: set[str] = set()
    for family in metrics.REGISTRY.collect():
        ends = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}[family.type]
        found |= {family.name + end for end in ends}
    return found


def expressions() -> list[str]:
    rules = yaml.safe_load((DEPLOY / "observability/alerts.yml").read_text())["groups"][0]["rules"]
    board = json.loads((DEPLOY / "observability/dashboard.json").read_text())
    return [rule["expr"] for rule in rules] + [one["expr"] for panel in board["panels"] for one in panel["targets"]]


def test_alerts_and_the_dashboard_name_figures_that_there_are() -> None:
    used = {name for text in expressions() for name in METRIC.findall(text)}
    assert used <= names()
    wanted = {
        "outbox_oldest_seconds",
        "schedule_lag_seconds",
        "outbox_unclear",
        "ack_seconds_bucket",
        "accounts_unread",
    }
    assert {f"pitcrew_{name}" for name in wanted} <= used


def test_every_figure_is_on_the_dashboard() -> None:
    used = " ".join(expressions())
    assert not [family.name for family in metrics.REGISTRY.collect() if family.name not in used]


def test_each_alert_says_what_is_wrong() -> None:
    rules = yaml.safe_load((DEPLOY / "observability/alerts.yml").read_text())["groups"][0]["rules"]
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] in {"page", "ticket"} for rule in rules)
