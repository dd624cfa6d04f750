"""Azure's grammar of names: what may stand in a command, by the naming rules of Azure Resource Manager, ASCII only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from analysis.findings import Finding, Fix
from providers.shell import Unsafe, line, matching, steps

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
GROUP = r"[A-Za-z0-9_().-]{0,89}[A-Za-z0-9_()-]"
NAME = r"[A-Za-z0-9_](?:[A-Za-z0-9_.()-]{0,126}[A-Za-z0-9_()-])?"
ARM_ID = re.compile(
    rf"/subscriptions/(?P<subscription>{UUID})/resourceGroups/(?P<group>(?!-){GROUP})"
    rf"/providers/(?P<space>[A-Za-z0-9.]{{3,80}})(?P<path>(?:/[A-Za-z][A-Za-z0-9]{{1,79}}/{NAME}){{1,4}})",
    re.ASCII | re.IGNORECASE,
)
ITEM = r"[A-Za-z0-9_](?:[A-Za-z0-9_.();-]{0,254}[A-Za-z0-9_()-])?"  # of a vault: "VM;iaasvmcontainerv2;rg;vm"
BACKUP_ID = re.compile(
    rf"/subscriptions/{UUID}/resourceGroups/(?!-){GROUP}/providers/Microsoft\.RecoveryServices/vaults/{NAME}"
    rf"/backupFabrics/Azure/protectionContainers/{ITEM}/protectedItems/{ITEM}",
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
OBJECTIVE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,40}", re.ASCII)  # of SQL: "S3", "GP_Gen5_4"
PLAN_SIZE = re.compile(r"[A-Za-z]{1,3}[0-9]{0,2}[A-Za-z0-9]{0,6}", re.ASCII)  # "B1", "P1v3", "P2mv3"
NUMBER = re.compile(r"[0-9]{1,6}", re.ASCII)
ZONE = re.compile(r"[1-9]?", re.ASCII)
TAG_WORD = re.compile(r"[A-Za-z0-9 _.:/+@-]{1,256}", re.ASCII)  # no "=", which parts key and value for az
TAG_KEY = re.compile(r"(?!-)[A-Za-z0-9 _.:@+-]{1,256}", re.ASCII)  # no <, >, %, &, \, ?, / in an Azure key
LONGEST = 80  # of most names
KEPT = "-before-delete"


@dataclass(frozen=True, slots=True)
class Target:
    """The parts of an ARM id; ``kind`` in small letters (``microsoft.sql/servers/databases``)."""

    id: str
    subscription: str
    group: str
    kind: str
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its own, the last one."""
        return self.names[-1]

    @property
    def group_words(self) -> tuple[str, ...]:
        """The options by which commands without ``--ids`` are told the place."""
        return ("--subscription", self.subscription, "--resource-group", self.group)


def target(resource_id: str, *kinds: str) -> Target:
    """The parts of an ARM id that is of one of ``kinds``; of any, if none is named.

    Raises:
        Unsafe: it does not follow ARM's grammar, or is of another kind.
    """
    matched = ARM_ID.fullmatch(resource_id)
    if matched is None:
        raise Unsafe(resource_id)
    words = matched["path"].strip("/").split("/")
    kind = "/".join((matched["space"], *words[::2])).lower()
    if kinds and kind not in kinds:
        raise Unsafe(resource_id)
    return Target(resource_id, matched["subscription"], matched["group"], kind, tuple(words[1::2]))


def numbers(text: str, least: int) -> list[str]:
    """Whole numbers, split at blanks.

    Raises:
        Unsafe: one of them is none, or there are fewer than ``least``.
    """
    found = [matching(NUMBER, word) for word in text.split()]
    if len(found) < least:
        raise Unsafe(text)
    return found


def kept_and_deleted(finding: Finding, kinds: Mapping[str, Sequence[str]], safety: str) -> Fix:
    """Its description is kept in a file, then it goes; the undo makes it again from the file.

    ``kinds`` gives each kind's own words of the CLI (``network nat gateway``).
    """
    it = target(finding.resource_id, *kinds)
    file = f"{it.name}.json"
    return Fix(
        act=steps(
            line("az", "resource", "show", "--ids", it.id) + f" > {line(file)}",
            line("az", *kinds[it.kind], "delete", "--ids", it.id),
        ),
        undo=made_again(it.id, file),
        safety=safety,
    )


def made_again(resource_id: str, file: str) -> str:
    """What makes a thing again from the description that was kept."""
    return line("az", "resource", "create", "--id", resource_id, "--is-full-object", "--properties", f"@{file}")


def writable(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that a command may set."""
    return {
        key: value
        for key, value in tags.items()
        if TAG_WORD.fullmatch(key) and (not value or TAG_WORD.fullmatch(value)) and not key.startswith("-")
    }
