"""Commands that end a finding: exact, reversible, and never built with a name that could do something else."""

from __future__ import annotations

import shlex
import subprocess
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from analysis import checks
from analysis.estate import Bill, Estate, Resource
from analysis.findings import Action, Finding, Remedy
from analysis.money import Money
from providers.azure.remedies import FIXES
from providers.remedies import fix
from tests import builders

VM = "/subscriptions/6f1d2c3b-8a94-4e57-b1c0-3d5e7f901a2b/resourceGroups/rg-shop/providers/Microsoft.Compute/"
VOLUME = "arn:aws:ec2:us-east-1:111122223333:volume/vol-0a1b2c3d4e5f60718"
HOSTILE = (
    "$(rm -rf ~)",
    "`reboot`",
    "x; curl evil",
    "it's",
    "a\nb",
    "--profile=admin",
    "'; iex",
    "a && b",
    "|tee",
    "\u202egpj.exe",
)


def finding(**said: Any) -> Finding:
    usual: dict[str, Any] = {
        "id": "a" * 20,
        "check": "any",
        "title": "waste",
        "provider": "sample",
        "cloud": "aws",
        "account": "111122223333",
        "region": "us-east-1",
        "resource_id": VOLUME,
        "resource_name": "vol",
        "tags": {"team": "search"},
        "monthly_waste": Money(Decimal(12), "USD"),
        "frees_commitment": Money.zero("USD"),
        "evidence": (),
        "remedy": Remedy(Action.DELETE_DISK, source="us-east-1a gp3"),
    }
    return Finding(**(usual | said))


def azure(kind: str, remedy: Remedy, name: str = "vm-1", **said: Any) -> Finding:
    return finding(cloud="azure", region="eastus", resource_id=VM + kind + "/" + name, remedy=remedy, **said)


DISK = Remedy(Action.DELETE_DISK, source="2 Premium_LRS")
RESIZE = Remedy(Action.RESIZE_MACHINE, "Standard_D2s_v5", source="Standard_D8s_v5")


def test_a_volume_goes_only_after_its_snapshot_is_complete() -> None:
    fixed = fix(finding())

    assert fixed is not None
    assert fixed.act == (
        "snapshot=$(aws ec2 create-snapshot --region us-east-1 --volume-id vol-0a1b2c3d4e5f60718"
        " --description 'vol-0a1b2c3d4e5f60718 before it was deleted' --query SnapshotId --output text) &&\n"
        'aws ec2 wait snapshot-completed --region us-east-1 --snapshot-ids "$snapshot" &&\n'
        "aws ec2 delete-volume --region us-east-1 --volume-id vol-0a1b2c3d4e5f60718"
    )


def test_its_undo_restores_zone_type_and_tags() -> None:
    fixed = fix(finding(tags={"team": "search", "aws:cloudformation:stack-name": "s", "note": "$(reboot)"}))

    assert fixed is not None
    assert "create-volume --region us-east-1 --availability-zone us-east-1a --volume-type gp3" in fixed.undo
    assert "Name=volume-id,Values=vol-0a1b2c3d4e5f60718" in fixed.undo
    assert '[{"ResourceType": "volume", "Tags": [{"Key": "team", "Value": "search"}]}]' in fixed.undo
    assert "reboot" not in fixed.undo
    assert "2 of its tags" in fixed.safety


def test_a_stopped_instance_is_started_again() -> None:
    fixed = fix(finding(resource_id="i-0a1b2c3d", remedy=Remedy(Action.STOP_MACHINE)))

    assert fixed is not None
    assert fixed.act == "aws ec2 stop-instances --region us-east-1 --instance-ids i-0a1b2c3d"
    assert fixed.undo == "aws ec2 start-instances --region us-east-1 --instance-ids i-0a1b2c3d"
    assert "public IP" in fixed.safety


def test_an_instance_goes_back_to_the_size_it_had() -> None:
    fixed = fix(finding(resource_id="i-0a1b2c3d", remedy=Remedy(Action.RESIZE_MACHINE, "m5.large", "m5.2xlarge")))

    assert fixed is not None
    assert fixed.act.replace("m5.large", "m5.2xlarge") == fixed.undo
    steps = [line.split()[2] for line in fixed.act.splitlines()]
    assert steps == ["stop-instances", "wait", "modify-instance-attribute", "start-instances"]
    assert "--instance-type Value=m5.large" in fixed.act


def test_a_managed_disk_is_kept_as_a_snapshot_and_made_again_of_it() -> None:
    fixed = fix(azure("disks", DISK, "old-os"))

    assert fixed is not None
    group = "--subscription 6f1d2c3b-8a94-4e57-b1c0-3d5e7f901a2b --resource-group rg-shop"
    assert fixed.act == (
        f"az snapshot create {group} --name old-os-before-delete --location eastus --source {VM}disks/old-os &&\n"
        f"az disk delete --ids {VM}disks/old-os"
    )
    assert fixed.undo == (
        f"az disk create {group} --name old-os --location eastus --source old-os-before-delete --sku Premium_LRS"
        " --zone 2 --tags team=search"
    )


def test_a_disk_without_a_zone_is_made_again_without_one() -> None:
    fixed = fix(azure("disks", Remedy(Action.DELETE_DISK, source="Premium_LRS")))

    assert fixed is not None and "--sku Premium_LRS" in fixed.undo and "--zone" not in fixed.undo


def test_a_virtual_machine_is_deallocated_resized_and_back() -> None:
    stopped, resized = fix(azure("virtualMachines", Remedy(Action.STOP_MACHINE))), fix(azure("virtualMachines", RESIZE))

    assert stopped is not None and resized is not None
    assert stopped.act == f"az vm deallocate --ids {VM}virtualMachines/vm-1"
    assert stopped.undo == f"az vm start --ids {VM}virtualMachines/vm-1"
    assert resized.act == f"az vm resize --ids {VM}virtualMachines/vm-1 --size Standard_D2s_v5"
    assert resized.undo == f"az vm resize --ids {VM}virtualMachines/vm-1 --size Standard_D8s_v5"


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("field", ["resource_id", "id_tail", "region", "account", "source", "target"])
def test_a_hostile_name_is_never_put_in_a_command(name: str, field: str) -> None:
    remedy = Remedy(Action.RESIZE_MACHINE, "m5.large", "m5.2xlarge")
    aws: dict[str, Any] = {"resource_id": "i-0a1b2c3d", "remedy": remedy}
    if field == "id_tail":
        aws["resource_id"] += name
    elif field in {"source", "target"}:
        aws["remedy"] = Remedy(Action.RESIZE_MACHINE, **({"target": "m5.large", "source": "m5.large"} | {field: name}))
    else:
        aws[field] = name

    fixed = fix(finding(**aws))

    assert fixed is not None
    assert (fixed.act, fixed.undo) == ("", "")
    assert "is not safe to put in a command" in fixed.safety
    assert name not in fixed.safety or name.isprintable()


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("action", list(FIXES))
def test_a_hostile_azure_name_is_withheld(name: str, action: Action) -> None:
    kind = "disks" if action is Action.DELETE_DISK else "virtualMachines"
    remedy = DISK if action is Action.DELETE_DISK else Remedy(action, "Standard_D2s_v5", "Standard_D8s_v5")

    fixed = fix(azure(kind, remedy, name))

    assert fixed is not None and not fixed.act and not fixed.undo
    assert "is not safe to put in a command" in fixed.safety


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_tags_stay_words_of_one_argument_or_are_left_out(value: str) -> None:
    for one in (finding(tags={"note": value}), azure("disks", DISK, tags={"note": value, value: "x"})):
        fixed = fix(one)
        assert fixed is not None and fixed.act
        for command in (fixed.act, fixed.undo):
            printed = subprocess.run(
                ["sh", "-c", f"aws() {{ printf snap-1; }}; az() {{ :; }}; {command}"],
                capture_output=True,
                text=True,
                check=True,
                timeout=10,
            )
            assert printed.stderr == ""
        words = shlex.split(fixed.undo.replace("\\\n", " "))
        assert value not in words


def test_a_resource_of_another_kind_is_refused() -> None:
    for wrong in ("i-0a1b2c3d", "vol-0A1B2C3D", "vol-123", VOLUME + "\n", "arn:aws:s3:::bucket"):
        fixed = fix(finding(resource_id=wrong))
        assert fixed is not None and not fixed.act, wrong


def test_no_act_is_printed_that_could_not_be_undone() -> None:
    """The size or the place it has now is what an undo returns to."""
    for remedy in (Remedy(Action.DELETE_DISK), Remedy(Action.RESIZE_MACHINE, "m5.large")):
        one = finding(remedy=remedy, resource_id=VOLUME if remedy.action is Action.DELETE_DISK else "i-0a1b2c3d")
        fixed = fix(one)
        assert fixed is not None and not fixed.act
        assert "not known" in fixed.safety


def test_another_cloud_has_no_commands_here() -> None:
    assert fix(finding(cloud="gcp")) is None


@pytest.mark.parametrize("resource", [builders.disk(zone="us-east-1b"), builders.machine()])
def test_what_the_checks_find_carries_what_an_undo_needs(resource: Resource) -> None:
    bill = Bill(Money.of(20, "USD"), Money.zero("USD"), 30)
    [found] = checks.run(Estate.of_all(date(2026, 3, 31), [resource], {resource.id.lower(): bill}), {})
    fixed = fix(found)

    assert fixed is not None and fixed.act and fixed.undo
