"""The Azure CLI commands that end a finding, and those that take it back.

Syntax of ``az`` 2.x; ids by the grammar of ARM ids and Microsoft.Compute's naming rules, ASCII only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from analysis.findings import Action, Finding, Fix
from analysis.tagging import TagChange
from providers.shell import Unsafe, line, matching, steps, untouched, withheld

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
ARM_ID = re.compile(
    rf"/subscriptions/(?P<subscription>{UUID})"
    r"/resourceGroups/(?P<group>[A-Za-z0-9_(][A-Za-z0-9_().-]{0,88}[A-Za-z0-9_()-]|[A-Za-z0-9_])"
    r"/providers/Microsoft\.Compute/(?P<kind>disks|virtualMachines)"
    r"/(?P<name>[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?)",
    re.ASCII | re.IGNORECASE,
)
ANY_ID = re.compile(
    rf"/subscriptions/{UUID}/resourceGroups/[A-Za-z0-9_().-]{{1,90}}"
    r"/providers/[A-Za-z0-9.]{3,80}(?:/[A-Za-z0-9][A-Za-z0-9_.-]{0,79}/[A-Za-z0-9_][A-Za-z0-9_.()-]{0,259}){1,4}",
    re.ASCII | re.IGNORECASE,
)  # of any resource type
LOCATION = re.compile(r"[a-z][a-z0-9]{2,40}", re.ASCII)
SKU = re.compile(r"(?:Standard|StandardSSD|Premium|PremiumV2|UltraSSD)_(?:LRS|ZRS)", re.ASCII)
SIZE = re.compile(r"(?:Standard|Basic)_[A-Za-z0-9_-]{2,40}", re.ASCII)
ZONE = re.compile(r"[1-9]?", re.ASCII)
TAG_WORD = re.compile(r"[A-Za-z0-9 _.:/+@-]{1,256}", re.ASCII)  # no "=", which parts key and value for az
TAG_KEY = re.compile(r"(?!-)[A-Za-z0-9 _.:@+-]{1,256}", re.ASCII)  # no <, >, %, &, \, ?, / in an Azure key
NAME_LIMIT = 80
KEPT = "-before-delete"


def fix(finding: Finding) -> Fix:
    """The commands of one finding; withheld when a name in it does not follow Azure's grammar."""
    known = FIXES.get(finding.remedy.action)
    if known is None:
        return Fix("", "", "There is no command for it: look at it, and decide.")
    try:
        return known(finding)
    except Unsafe as unsafe:
        return withheld(unsafe)


def _delete_disk(finding: Finding) -> Fix:
    disk = _target(finding, "disks")
    location = matching(LOCATION, finding.region)
    zone, _, sku = finding.remedy.source.rpartition(" ")
    matching(ZONE, zone)
    matching(SKU, sku)
    group = ("--subscription", disk["subscription"], "--resource-group", disk["group"])
    snapshot = disk["name"][: NAME_LIMIT - len(KEPT)] + KEPT
    tags = _writable(finding.tags)
    return Fix(
        act=steps(
            line(
                *("az", "snapshot", "create", *group, "--name", snapshot),
                *("--location", location, "--source", finding.resource_id),
            ),
            line("az", "disk", "delete", "--ids", finding.resource_id),
        ),
        undo=line(
            *("az", "disk", "create", *group, "--name", disk["name"], "--location", location),
            *("--source", snapshot, "--sku", sku),
            *(("--zone", zone) if zone else ()),
            *(("--tags", *(f"{key}={value}" for key, value in tags.items())) if tags else ()),
        ),
        safety="az asks once more before it deletes. The snapshot is billed until you delete it. Check that no backup "
        "or site recovery job owns the disk, and that nobody exports it." + untouched(finding.tags, tags),
    )


def _stop_machine(finding: Finding) -> Fix:
    _target(finding, "virtualmachines")
    return Fix(
        act=line("az", "vm", "deallocate", "--ids", finding.resource_id),
        undo=line("az", "vm", "start", "--ids", finding.resource_id),
        safety="A dynamic public IP changes and the temporary disk is lost; its managed disks go on being billed. A "
        "start may fail for a while if the size is short in its region.",
    )


def _resize_machine(finding: Finding) -> Fix:
    _target(finding, "virtualmachines")
    new, old = matching(SIZE, finding.remedy.target), matching(SIZE, finding.remedy.source)
    return Fix(
        act=line("az", "vm", "resize", "--ids", finding.resource_id, "--size", new),
        undo=line("az", "vm", "resize", "--ids", finding.resource_id, "--size", old),
        safety="It restarts (minutes of downtime) and the temporary disk is lost. Check first that the new size takes "
        "as many data disks and network interfaces, and premium storage if it has any.",
    )


def tag_fix(change: TagChange) -> Fix:
    """The commands that tag resources of any type; withheld when a name does not follow Azure's grammar."""
    try:
        ids = [matching(ANY_ID, one) for one in change.resource_ids]
        tag = f"{matching(TAG_KEY, change.key)}={matching(TAG_WORD, change.value)}"
    except Unsafe as unsafe:
        return withheld(unsafe)
    update = ("az", "tag", "update")
    return Fix(
        act=steps(*(line(*update, "--resource-id", one, "--operation", "Merge", "--tags", tag) for one in ids)),
        undo=steps(*(line(*update, "--resource-id", one, "--operation", "Delete", "--tags", tag) for one in ids)),
        safety="Merge leaves every other tag as it is. The bill shows the tag from the day it is set. Resources that "
        "come from a template are tagged there, or it drifts.",
    )


FIXES: Mapping[Action, Callable[[Finding], Fix]] = {
    Action.DELETE_DISK: _delete_disk,
    Action.STOP_MACHINE: _stop_machine,
    Action.RESIZE_MACHINE: _resize_machine,
}


def _target(finding: Finding, kind: str) -> re.Match[str]:
    """The parts of an ARM id of ``kind`` (lower case)."""
    matched = ARM_ID.fullmatch(finding.resource_id)
    if matched is None or matched["kind"].lower() != kind:
        raise Unsafe(finding.resource_id)
    return matched


def _writable(tags: Mapping[str, str]) -> dict[str, str]:
    return {
        key: value
        for key, value in tags.items()
        if TAG_WORD.fullmatch(key) and (not value or TAG_WORD.fullmatch(value)) and not key.startswith("-")
    }
