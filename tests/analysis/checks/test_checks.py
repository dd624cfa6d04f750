"""The checks we ship, each seen finding what it should and leaving alone what it should."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from analysis import checks
from analysis.catalogue import BY_COMMAND, LEFT_OUT
from analysis.checks.idle_machine import idle_machine
from analysis.checks.oversized_machine import oversized_machine
from analysis.checks.unattached_disk import unattached_disk
from analysis.errors import BadConfig
from analysis.estate import Estate
from analysis.findings import Action, fingerprint
from analysis.money import Money
from tests.builders import AS_OF, disk, estate, machine

THE_CHECKS = [
    "allocated-machine",
    "balancer-without-targets",
    "broken-balancer",
    "bucket-without-lifecycle",
    "cloud-advice",
    "cluster-storage",
    "costly-edge",
    "database-snapshot",
    "database-storage",
    "dearer-firewall",
    "development-at-full-price",
    "duplicate-trail",
    "empty-plan",
    "empty-pool",
    "endless-logs",
    "extended-support",
    "failing-function",
    "files-without-lifecycle",
    "fixed-capacity",
    "fixed-containers",
    "idle-api-cache",
    "idle-backup",
    "idle-balancer",
    "idle-cache",
    "idle-concurrency",
    "idle-data-cluster",
    "idle-database",
    "idle-endpoint",
    "idle-gateway",
    "idle-machine",
    "idle-model",
    "idle-nat-gateway",
    "idle-scaling-group",
    "idle-search",
    "idle-table",
    "idle-warehouse",
    "large-disk",
    "large-machine",
    "leftovers",
    "long-on-demand",
    "many-backups",
    "missing-direct-way",
    "no-spot",
    "off-hours",
    "old-generation",
    "old-snapshot",
    "old-versions",
    "other-architecture",
    "outdated-disk-tier",
    "overprovisioned-disk",
    "oversized-database",
    "oversized-group",
    "oversized-machine",
    "oversized-plan",
    "paid-licence",
    "premium-snapshot",
    "quiet-disk",
    "repository-without-lifecycle",
    "retired-kind",
    "spare-zone",
    "stopped-machine",
    "unattached-address",
    "unattached-disk",
    "unfinished-uploads",
    "unprovisioned-circuit",
    "unused-capacity",
    "unused-desktop",
    "unused-disk-speed",
    "unused-health-check",
    "unused-image",
    "unused-protection",
    "unused-secret",
    "warehouse-off-hours",
]


def test_the_checks_we_ship() -> None:
    assert list(checks.discover()) == THE_CHECKS


def test_every_row_of_the_catalogue_is_served_told_by_a_command_or_left_out_with_a_reason() -> None:
    rows = (Path(__file__).parents[2] / "data" / "catalogue.txt").read_text().split()
    found = checks.discover()
    served = [row for name in found for row in found[name].serves]

    assert len(rows) == 142 and len([row for row in rows if row.startswith("az.")]) == 69
    assert set(rows) - {*served, *BY_COMMAND, *LEFT_OUT} == set()
    others = {*served, *BY_COMMAND, *LEFT_OUT} - set(rows)
    assert all(row.startswith("own.") for row in others), "no such row in the catalogue"
    assert not set(served) & {*BY_COMMAND, *LEFT_OUT} and all(LEFT_OUT.values())


def test_every_check_says_what_it_serves_and_where_its_thresholds_come_from() -> None:
    found = checks.discover()
    for name in found:
        assert found[name].serves, name
        assert len(found[name].doc.splitlines()) > 1, f"{name} does not say where its thresholds come from"


def test_a_disk_that_nothing_uses_wastes_its_whole_bill() -> None:
    [finding] = unattached_disk(estate(disk(), monthly="12.80"))

    assert finding is not None
    assert finding.monthly_waste == Money.of("12.80", "USD")
    assert finding.title == "Disk vol-0a1b2c3d4e5f60718 unattached since 01 Mar 2026"
    assert ("Unattached for", "30 days") in finding.evidence
    assert finding.remedy.action is Action.DELETE_DISK


def test_a_disk_in_use_is_left_alone() -> None:
    assert not list(unattached_disk(estate(disk(attached_to="i-1"))))


def test_a_disk_detached_yesterday_is_given_time() -> None:
    yesterday = disk(idle_since=date(2026, 3, 30))

    assert not list(unattached_disk(estate(yesterday)))
    assert list(unattached_disk(estate(yesterday), min_idle_days=1))


def test_a_resource_that_is_not_billed_is_no_finding() -> None:
    assert list(unattached_disk(Estate.of_all(AS_OF, (disk(),), {}))) == [None]
    assert list(unattached_disk(estate(disk(), monthly="0"))) == [None]


def test_a_machine_that_does_nothing_is_idle_and_not_oversized() -> None:
    quiet = estate(machine(cpu=3.0, network=1.0), monthly="280.32")

    [finding] = idle_machine(quiet)
    assert finding is not None and finding.monthly_waste == Money.of("280.32", "USD")
    assert not list(oversized_machine(quiet))


@pytest.mark.parametrize(
    "busy",
    [machine(cpu=5.0, network=1.0), machine(cpu=3.0, network=5.0), machine(cpu=3.0, network=1.0, days=13)],
    ids=["a CPU peak", "network traffic", "too few days measured"],
)
def test_a_machine_that_may_be_working_is_not_idle(busy: object) -> None:
    assert not list(idle_machine(estate(busy)))  # type: ignore[arg-type]


def test_a_stopped_machine_is_not_idle() -> None:
    assert not list(idle_machine(estate(machine(cpu=0.1, network=0.0, running=False))))


def test_a_machine_too_large_is_priced_at_the_difference() -> None:
    [finding] = oversized_machine(estate(machine(cpu=12.0, memory=30.0), monthly="280.32"))

    assert finding is not None
    assert finding.remedy.target == "m5.xlarge"  # 30% of 32 GB with headroom are 12 GB: m5.large has 8
    assert finding.monthly_waste == Money.of("140.16", "USD")


def test_without_a_memory_metric_no_memory_is_taken_away() -> None:
    assert not list(oversized_machine(estate(machine(cpu=12.0, memory=None))))


def test_usage_that_a_commitment_covers_frees_the_commitment_and_saves_no_cash() -> None:
    [finding] = idle_machine(estate(machine(cpu=1, network=0), monthly="100", covered="100"))

    assert finding is not None
    assert finding.monthly_waste == Money.zero("USD").cents()
    assert finding.frees_commitment == Money.of("100.00", "USD")


def test_a_fingerprint_is_the_same_in_every_run_whatever_the_case() -> None:
    assert fingerprint("unattached-disk", disk()) == fingerprint("unattached-disk", disk(id=disk().id.upper()))
    assert fingerprint("unattached-disk", disk()) != fingerprint("idle-machine", disk())


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"min_idle_day": 3}, "no setting 'min_idle_day'"), ({"min_idle_days": "soon"}, "a int is expected")],
)
def test_settings_a_check_has_not_got_are_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(BadConfig, match=said):
        checks.discover()["unattached-disk"].accepts(settings)
