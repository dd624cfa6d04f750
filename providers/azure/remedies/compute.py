"""Machines, their disks, snapshots and groups: the commands to act, and those that take it back."""

from __future__ import annotations

import re

from analysis.findings import Finding, Fix
from providers.azure.remedies.grammar import (
    KEPT,
    LOCATION,
    LONGEST,
    SIZE,
    SKU,
    ZONE,
    numbers,
    target,
    writable,
)
from providers.shell import Unsafe, line, matching, steps, untouched

DISK, MACHINE = "microsoft.compute/disks", "microsoft.compute/virtualmachines"
GROUP, SNAPSHOT = "microsoft.compute/virtualmachinescalesets", "microsoft.compute/snapshots"
BASH = " Written for bash: in PowerShell, use Azure Cloud Shell."
DAYS = "mon|tue|wed|thu|fri|sat|sun"
WINDOW = re.compile(rf"(?:{DAYS})-(?:{DAYS}) [0-2]\d:[0-5]\d-(?P<off>[0-2]\d:[0-5]\d) (?P<zone>[A-Za-z_/+-]{{2,40}})")


def delete_disk(finding: Finding) -> Fix:
    """A snapshot first, then the disk goes."""
    disk = target(finding.resource_id, DISK)
    location = matching(LOCATION, finding.region)
    zone, _, sku = finding.remedy.source.rpartition(" ")
    matching(ZONE, zone)
    matching(SKU, sku)
    snapshot = disk.name[: LONGEST - len(KEPT)] + KEPT
    tags = writable(finding.tags)
    return Fix(
        act=steps(
            line(
                *("az", "snapshot", "create", *disk.group_words, "--name", snapshot),
                *("--location", location, "--source", disk.id),
            ),
            line("az", "disk", "delete", "--ids", disk.id),
        ),
        undo=line(
            *("az", "disk", "create", *disk.group_words, "--name", disk.name, "--location", location),
            *("--source", snapshot, "--sku", sku),
            *(("--zone", zone) if zone else ()),
            *(("--tags", *(f"{key}={value}" for key, value in tags.items())) if tags else ()),
        ),
        safety="az asks once more before it deletes. The snapshot is billed until you delete it. Check that no backup "
        "or site recovery job owns the disk, and that nobody exports it." + untouched(finding.tags, tags),
    )


def retype_disk(finding: Finding) -> Fix:
    """Another tier, while its machine is off."""
    disk = target(finding.resource_id, DISK)
    new, old = matching(SKU, finding.remedy.target), matching(SKU, finding.remedy.source)
    holder = line("az", "disk", "show", "--ids", disk.id, "--query", "managedBy", "--output", "tsv")

    def retyped(sku: str) -> str:
        return steps(
            line("az", "vm", "deallocate", "--ids") + f' "$({holder})"',
            line("az", "disk", "update", "--ids", disk.id, "--sku", sku),
            line("az", "vm", "start", "--ids") + f' "$({holder})"',
        )

    return Fix(
        act=retyped(new),
        undo=retyped(old),
        safety="The machine is off for the minutes that it takes; a dynamic public IP changes and its temporary disk "
        "is lost. A disk changes its tier twice a day at most.",
    )


def delete_snapshot(finding: Finding) -> Fix:
    """It goes for good: Azure keeps no deleted snapshot."""
    snapshot = target(finding.resource_id, SNAPSHOT)
    return Fix(
        act=line("az", "snapshot", "delete", "--ids", snapshot.id),
        undo="",
        safety="There is no undo: Azure keeps no deleted snapshot. To have it for less instead, copy it out with "
        "`az snapshot grant-access` into a storage account's Archive tier first. Look that no image, template or "
        "restore plan names it.",
    )


def retype_snapshot(finding: Finding) -> Fix:
    """Another tier of the same snapshot."""
    snapshot = target(finding.resource_id, SNAPSHOT)
    new, old = matching(SKU, finding.remedy.target), matching(SKU, finding.remedy.source)
    there = ("az", "snapshot", "update", "--ids", snapshot.id, "--sku")
    return Fix(
        act=line(*there, new),
        undo=line(*there, old),
        safety="What is in it stays as it is, and disks are made of it as before. If Azure refuses the change for one "
        "of its kind, copy it: `az snapshot create --source` with the snapshot's id, and delete the old one after.",
    )


def stop_machine(finding: Finding) -> Fix:
    """Deallocated, until it is started again."""
    machine = target(finding.resource_id, MACHINE)
    return Fix(
        act=line("az", "vm", "deallocate", "--ids", machine.id),
        undo=line("az", "vm", "start", "--ids", machine.id),
        safety="A dynamic public IP changes and the temporary disk is lost; its managed disks go on being billed. A "
        "start may fail for a while if the size is short in its region.",
    )


def resize_machine(finding: Finding) -> Fix:
    """Another size, by a restart."""
    machine = target(finding.resource_id, MACHINE)
    new, old = matching(SIZE, finding.remedy.target), matching(SIZE, finding.remedy.source)
    return Fix(
        act=line("az", "vm", "resize", "--ids", machine.id, "--size", new),
        undo=line("az", "vm", "resize", "--ids", machine.id, "--size", old),
        safety="It restarts (minutes of downtime) and the temporary disk is lost. Check first that the new size takes "
        "as many data disks and network interfaces, and premium storage if it has any.",
    )


def end_machine(finding: Finding) -> Fix:
    """Snapshots of its disks first, then the machine and its disks go."""
    machine = target(finding.resource_id, MACHINE)
    size = matching(SIZE, finding.remedy.source)
    kept, disks = f"{machine.name}.json", f"{machine.name}.disks"
    here = line(*machine.group_words)
    each = "xargs -n 1 sh -c"
    kept_disks = "jq -r '.storageProfile | [.osDisk, .dataDisks[]][].managedDisk.id'"
    act = steps(
        line("az", "vm", "show", "--ids", machine.id) + f" > {kept}",
        f"{kept_disks} {kept} > {disks}",
        f'{each} \'az snapshot create {here} --name "$(basename "$1"){KEPT}" --source "$1"\' sh < {disks}',
        line("az", "vm", "delete", "--ids", machine.id, "--yes"),
        f"xargs az disk delete --yes --ids < {disks}",
    )
    undo = steps(
        f'{each} \'az disk create {here} --name "$(basename "$1")" --source "$(basename "$1"){KEPT}"\' sh < {disks}',
        line("az", "vm", "create", *machine.group_words, "--name", machine.name, "--size", size)
        + f' --attach-os-disk "$(sed -n 1p {disks})" --attach-data-disks $(sed 1d {disks})'
        + f' --os-type "$(jq -r .storageProfile.osDisk.osType {kept})"'
        + f" --nics $(jq -r '.networkProfile.networkInterfaces[].id' {kept})",
    )
    return Fix(
        act=act,
        undo=undo,
        safety="The snapshots are billed until you delete them, and the disks go only once all of them are made. Disks "
        "of other resource groups are made again in the machine's own. Its network interface and address stay, and an "
        "address is billed: release it after. Tags, extensions and identities are set by hand after an undo." + BASH,
    )


def schedule_machine(finding: Finding) -> Fix:
    """Switched off every evening; who needs it starts it."""
    machine = target(finding.resource_id, MACHINE)
    found = WINDOW.fullmatch(finding.remedy.target)
    if found is None:
        raise Unsafe(finding.remedy.target)
    if found["zone"] != "UTC":
        why = "Azure takes the hour of a shutdown in UTC: set `window` under [checks.off-hours] in UTC."
        return Fix("", "", f"No command is printed: {why}")
    there = ("az", "vm", "auto-shutdown", *machine.group_words, "--name", machine.name)
    return Fix(
        act=line(*there, "--time", found["off"].replace(":", "")),
        undo=line(*there, "--off"),
        safety="It is deallocated every evening at that hour (UTC), and stays off until somebody starts it: a dynamic "
        "public IP changes and the temporary disk is lost. Starting by the clock needs Azure Automation's Start/Stop.",
    )


def empty_group(finding: Finding) -> Fix:
    """No machine wanted; the scale set stays."""
    group = target(finding.resource_id, GROUP)
    wanted = numbers(finding.remedy.source, 2)[1]
    there = ("az", "vmss", "scale", *group.group_words, "--name", group.name, "--new-capacity")
    return Fix(
        act=line(*there, "0"),
        undo=line(*there, wanted),
        safety="All of its machines are deleted and made anew by the undo: what they hold on their own disks is lost. "
        "A rule that scales it may start it again.",
    )


def resize_group(finding: Finding) -> Fix:
    """Fewer machines."""
    group = target(finding.resource_id, GROUP)
    [new], [old] = numbers(finding.remedy.target, 1), numbers(finding.remedy.source, 1)
    there = ("az", "vmss", "scale", *group.group_words, "--name", group.name, "--new-capacity")
    return Fix(
        act=line(*there, new),
        undo=line(*there, old),
        safety="Azure chooses which machines go, by the scale-in policy: what they hold on their own disks is lost, "
        "and what they are at is cut off unless they drain. One step at a time is wise.",
    )
