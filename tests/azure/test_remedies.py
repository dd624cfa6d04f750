"""Azure commands: exact in syntax, reversible where Azure allows it, and never built with another thing's name."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from analysis.findings import Action, Finding, Remedy
from analysis.money import Money
from providers.aws.remedies import FIXES as AWS_FIXES
from providers.azure.remedies import FIXES, fix
from tests.providers.test_remedies import HOSTILE

SUBSCRIPTION = "/subscriptions/6f1d2c3b-8a94-4e57-b1c0-3d5e7f901a2b"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-shop"
THERE = f"{GROUP}/providers/"
COMPUTE, NETWORK = f"{THERE}Microsoft.Compute/", f"{THERE}Microsoft.Network/"
VM = f"{COMPUTE}virtualMachines/vm-1"
DATABASE = f"{THERE}Microsoft.Sql/servers/sql-shop/databases/orders"
ITEM = "backupFabrics/Azure/protectionContainers/IaasVMContainer;iaasvmcontainerv2;rg;vm/protectedItems/VM;iaas;rg;vm"
VAULT = f"{THERE}Microsoft.RecoveryServices/vaults/keep"
NIC = f"{NETWORK}networkInterfaces/nic-old"
CASES: Mapping[Action, tuple[str, str, str]] = {  # what it is about, what it becomes, what is there now
    Action.DELETE_DISK: (f"{COMPUTE}disks/data-1", "", "2 Premium_LRS"),
    Action.RETYPE_DISK: (f"{COMPUTE}disks/data-1", "StandardSSD_LRS", "Premium_LRS"),
    Action.DELETE_SNAPSHOT: (f"{COMPUTE}snapshots/snap-1", "", "data-1"),
    Action.RETYPE_SNAPSHOT: (f"{COMPUTE}snapshots/snap-1", "Standard_LRS", "Premium_LRS"),
    Action.STOP_MACHINE: (VM, "", ""),
    Action.RESIZE_MACHINE: (VM, "Standard_D2s_v5", "Standard_D8s_v5"),
    Action.END_MACHINE: (VM, "", "Standard_D8s_v5"),
    Action.SCHEDULE_MACHINE: (VM, "mon-fri 08:00-18:00 UTC", ""),
    Action.EMPTY_GROUP: (f"{COMPUTE}virtualMachineScaleSets/web", "0 0", "2 6"),
    Action.RESIZE_GROUP: (f"{COMPUTE}virtualMachineScaleSets/web", "3", "10"),
    Action.RELEASE_ADDRESS: (f"{NETWORK}publicIPAddresses/ip-1", "", ""),
    Action.DELETE_NAT: (f"{NETWORK}natGateways/nat-1", "", ""),
    Action.DELETE_ENDPOINT: (f"{NETWORK}privateEndpoints/pe-1", "", ""),
    Action.DELETE_BALANCER: (f"{NETWORK}loadBalancers/lb-1", "", "network"),
    Action.DELETE_GATEWAY: (f"{NETWORK}virtualNetworkGateways/vpn-1", "", "VpnGw2"),
    Action.DELETE_PROTECTION: (f"{NETWORK}ddosProtectionPlans/ddos", "", ""),
    Action.DELETE_CIRCUIT: (f"{NETWORK}expressRouteCircuits/er-1", "", ""),
    Action.DOWNGRADE_FIREWALL: (f"{NETWORK}azureFirewalls/fw-1", "Standard", "Premium"),
    Action.TIDY_UP: (SUBSCRIPTION, f"{NIC}\n{NETWORK}routeTables/rt-old", ""),
    Action.STOP_DATABASE: (DATABASE, "", "GP_Gen5_4"),
    Action.RESIZE_DATABASE: (DATABASE, "S2", "S4"),
    Action.DELETE_POOL: (f"{THERE}Microsoft.Sql/servers/sql-shop/elasticPools/pool", "", "GP_Gen5_4"),
    Action.PAUSE_WAREHOUSE: (f"{THERE}Microsoft.Synapse/workspaces/ws/sqlPools/dw", "", ""),
    Action.BRING_LICENCE: (VM, "", ""),
    Action.DELETE_PLAN: (f"{THERE}Microsoft.Web/serverFarms/plan-1", "", "P1v3"),
    Action.RESIZE_PLAN: (f"{THERE}Microsoft.Web/serverFarms/plan-1", "P1v3", "P2v3"),
    Action.KEEP_FEWER_BACKUPS: (f"{THERE}Microsoft.DocumentDB/databaseAccounts/profiles", "240 8", "60 24"),
    Action.SET_RETENTION: (f"{THERE}Microsoft.OperationalInsights/workspaces/logs", "365", "730"),
    Action.ADD_LIFECYCLE: (f"{THERE}Microsoft.Storage/storageAccounts/apexfiles", "30", ""),
    Action.DELETE_BACKUPS: (VAULT, f"{VAULT}/{ITEM}", ""),
    Action.DELETE_CACHE: (f"{THERE}Microsoft.Cache/redis/sessions", "", "redis"),
}
OTHERS = (
    (Action.DELETE_BALANCER, f"{NETWORK}applicationGateways/agw-1", "", "application"),
    (Action.BRING_LICENCE, f"{THERE}Microsoft.SqlVirtualMachine/sqlVirtualMachines/vm-1", "", ""),
    (Action.BRING_LICENCE, DATABASE, "", ""),
    (Action.BRING_LICENCE, f"{THERE}Microsoft.Sql/managedInstances/mi-1", "", ""),
    (Action.PAUSE_WAREHOUSE, DATABASE, "", ""),
    (Action.TIDY_UP, NIC, NIC, ""),
)
EVERY = [(action, *said) for action, said in CASES.items()] + list(OTHERS)
NAMES = [f"{action} of {resource.rsplit('/', 2)[-2]}" for action, resource, *_ in EVERY]
NO_WAY_BACK = (Action.DELETE_SNAPSHOT,)
NOT_OF_AZURE = {  # what only AWS has, or has a command for
    *(Action.RETIRE_IMAGE, Action.CANCEL_CAPACITY, Action.ADD_DIRECT_WAY, Action.RETYPE_DATABASE),
    *(Action.UPGRADE_DATABASE, Action.ONE_ZONE_DATABASE, Action.SWITCH_DATABASE_STORAGE),
    *(Action.DELETE_DATABASE_SNAPSHOT, Action.SCHEDULE_WAREHOUSE, Action.DELETE_SEARCH, Action.PAY_PER_REQUEST),
    *(Action.RESIZE_FUNCTION, Action.DROP_CONCURRENCY, Action.UPGRADE_KUBERNETES, Action.ABORT_UPLOADS),
    *(Action.EXPIRE_VERSIONS, Action.STOP_TRAIL, Action.DELETE_HEALTH_CHECK),
    *(Action.DELETE_SECRET, Action.DROP_API_CACHE, Action.ADD_IMAGE_LIFECYCLE, Action.ADD_FILE_LIFECYCLE),
    *(Action.END_DATA_CLUSTER, Action.DELETE_MODEL_ENDPOINT, Action.STOP_NOTEBOOK, Action.STOP_DESKTOP_ALONE),
}
PLAIN = re.compile(r"[A-Za-z0-9/_+=.@-]+")  # no shell makes more of it than letters
OPTIONS: Mapping[str, list[str]] = json.loads((Path(__file__).parents[1] / "data" / "az_options.json").read_text())


def finding(action: Action, resource: str, target: str = "", source: str = "", **said: Any) -> Finding:
    made = Finding(
        id="a" * 20,
        check="any",
        title="waste",
        provider="azure",
        cloud="azure",
        account=SUBSCRIPTION,
        region="eastus",
        resource_id=resource,
        resource_name="one",
        tags={"team": "search"},
        monthly_waste=Money(Decimal(12), "USD"),
        frees_commitment=Money.zero("USD"),
        evidence=(),
        remedy=Remedy(action, target, source),
    )
    return replace(made, **said)


def test_every_action_has_its_commands_in_a_cloud() -> None:
    assert set(CASES) == set(FIXES)
    assert set(FIXES) | set(AWS_FIXES) == set(Action) - {Action.REVIEW}
    assert set(FIXES) | NOT_OF_AZURE == set(Action) - {Action.REVIEW} and not set(FIXES) & NOT_OF_AZURE
    assert fix(finding(Action.REVIEW, "anything")).act == ""


@pytest.mark.parametrize(("action", "resource", "target", "source"), EVERY, ids=NAMES)
def test_its_syntax_is_that_of_the_tool(action: Action, resource: str, target: str, source: str) -> None:
    found = fix(finding(action, resource, target, source))

    assert found.act and found.safety
    assert bool(found.undo) is (action not in NO_WAY_BACK)
    assert found.undo or found.safety.startswith("There is no undo")
    for words in (*commands(found.act), *commands(found.undo)):
        assert_real(words)


def test_a_shell_runs_them_and_the_tool_gets_its_words(tmp_path: Path) -> None:
    """By real bash, with an ``az`` that writes down what it is given and answers as the cloud would."""
    fixes = [fix(finding(*said)) for said in EVERY]
    texts = [text for one in fixes for text in (one.act, one.undo) if text]
    ran = recorded("\n".join(f"( {text} ) || exit 9" for text in texts), tmp_path)

    assert len(ran) >= len(texts)
    for words in ran:
        assert_real(["az", *words])
        assert not any("$" in word or "`" in word for word in words)
    given = {word for words in ran for word in words}
    for _, resource, target, _ in EVERY:
        names = (resource, resource.rsplit("/", 1)[-1], *target.split("\n"), f"{target}".rpartition("/")[2])
        assert given & set(names), resource


@pytest.mark.parametrize(("action", "resource", "target", "source"), EVERY, ids=NAMES)
def test_powershell_reads_what_bash_reads(action: Action, resource: str, target: str, source: str) -> None:
    """Outside of single quotes nothing stands that PowerShell takes for more than a letter; else the note says so."""
    found = fix(finding(action, resource, target, source))
    if "Written for bash" in found.safety:
        return
    for text in (found.act, found.undo):
        bare = re.sub(r"'[^']*'", "word", text)
        bare = re.sub(r'"?\$\(([^()"]*)\)"?', r" \1", bare)  # both run what stands in $( )
        assert re.fullmatch(r"[A-Za-z0-9_./:=+\- \n]*(?:(?:&&| > )[A-Za-z0-9_./:=+\- \n]*)*", bare), bare


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(("action", "resource", "target", "source"), EVERY, ids=NAMES)
def test_a_hostile_name_is_never_put_in_a_command(
    action: Action, resource: str, target: str, source: str, name: str
) -> None:
    usual = finding(action, resource, target, source)
    for hostile in (
        replace(usual, resource_id=resource + name),
        replace(usual, resource_id=resource.replace("rg-shop", name)),
        replace(usual, resource_id=resource.replace("6f1d2c3b", name)),
        replace(usual, region=name),
        replace(usual, remedy=Remedy(action, target + name if target else "", source)),
        replace(usual, remedy=Remedy(action, target, source + name if source else "")),
        replace(usual, tags={"note": name, name: "x"}),
    ):
        found = fix(hostile)
        for text in (found.act, found.undo):
            assert name not in text or PLAIN.fullmatch(name), text
            assert name not in shlex.split(text), text


def test_an_action_on_something_else_is_withheld() -> None:
    for action, (_, target, source) in CASES.items():
        other = f"{THERE}Microsoft.KeyVault/vaults/secrets"
        found = fix(finding(action, other, other if action is Action.TIDY_UP else target, source))
        assert not found.act and "not safe" in found.safety, action


def test_what_a_command_would_do_to_bytes_it_never_sees() -> None:
    """A name of letters that only look like letters is withheld."""
    found = fix(finding(Action.STOP_MACHINE, VM.replace("vm-1", "vm\u200b-1")))

    assert not found.act


def test_an_hour_in_another_zone_is_not_guessed() -> None:
    found = fix(finding(Action.SCHEDULE_MACHINE, VM, "mon-fri 08:00-18:00 Europe/Berlin"))

    assert not found.act and "UTC" in found.safety


def test_disks_of_a_machine_go_only_once_all_of_them_are_kept(tmp_path: Path) -> None:
    found = fix(finding(Action.END_MACHINE, *CASES[Action.END_MACHINE]))
    verbs = [words[:2] for words in recorded(found.act, tmp_path)]
    assert verbs == [
        ["vm", "show"],
        ["snapshot", "create"],
        ["snapshot", "create"],
        ["vm", "delete"],
        ["disk", "delete"],
    ]

    failing = recorded(found.act, tmp_path, fails="snapshot create", status=123)
    assert ["vm", "delete"] not in [words[:2] for words in failing]
    again = recorded(found.undo, tmp_path)
    [made] = [words for words in again if words[:2] == ["vm", "create"]]
    assert made[made.index("--attach-os-disk") + 1].endswith("disks/vm-1-os")
    assert made[made.index("--os-type") + 1] == "Linux"


def test_what_is_left_over_is_made_again_one_by_one(tmp_path: Path) -> None:
    found = fix(finding(Action.TIDY_UP, *CASES[Action.TIDY_UP]))
    ran = recorded(found.act, tmp_path)
    assert [words[:2] for words in ran] == [["resource", "show"], ["resource", "delete"]]

    again = recorded(found.undo, tmp_path)
    assert [words[:2] for words in again] == [["resource", "create"]]
    assert again[0][again[0].index("--id") + 1] == NIC
    assert json.loads(again[0][again[0].index("--properties") + 1])["location"] == "eastus"


SHOWN = {
    "id": NIC,
    "location": "eastus",
    "storageProfile": {
        "osDisk": {"osType": "Linux", "managedDisk": {"id": f"{COMPUTE}disks/vm-1-os"}},
        "dataDisks": [{"managedDisk": {"id": f"{COMPUTE}disks/vm-1-data"}}],
    },
    "networkProfile": {"networkInterfaces": [{"id": NIC}]},
}


def recorded(text: str, folder: Path, *, fails: str = "", status: int = 0) -> list[list[str]]:
    """What ``az`` was given by a text that bash ran, call by call."""
    log = folder / "calls.txt"
    log.unlink(missing_ok=True)
    (folder / "shown.json").write_text(json.dumps(SHOWN))
    tool = folder / "az"
    tool.write_text(
        "#!/bin/bash\n"
        f"printf '%s\\x1f' \"$@\" >> {log}; printf '\\n' >> {log}\n"
        f'[ -n "{fails}" ] && [ "$1 $2" = "{fails}" ] && exit 1\n'
        f'case "$1 $2 $*" in *"--query managedBy"*) echo {VM};; *" show "*) cat {folder}/shown.json;; esac\n'
    )
    tool.chmod(0o755)
    environment = {"PATH": f"{folder}:/usr/bin:/bin"}
    ran = subprocess.run(
        ["bash", "-c", text], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=20
    )
    assert ran.returncode == status and (fails or not ran.stderr), (text, ran.stderr)
    return [line.rstrip("\x1f").split("\x1f") for line in log.read_text().splitlines()]


def commands(text: str) -> Iterator[list[str]]:
    """The ``az`` commands in a text, also those that give another one a value, as words."""
    for begin in re.finditer(r"\baz (?=[a-z]+ [a-z-]+)", text):
        lexer = shlex.shlex(text[begin.start() :], posix=True, punctuation_chars="&|;<>()")
        lexer.whitespace_split = True
        lexer.commenters = ""
        words: list[str] = []
        try:
            for word in lexer:
                if word[0] in "&|;<>)" or word == "$":
                    break
                words.append(word)
        except ValueError:  # a quotation that began outside of it
            pass
        yield [word.rstrip(")\"'") for word in words]


def assert_real(words: list[str]) -> None:
    """The command and every option stand in the tool's own help (``az_options.json``)."""
    _, *rest = words
    name = " ".join(takewhile(lambda word: not word.startswith("-"), rest))
    assert name in OPTIONS, f"az has no command {name!r}"
    given = [word for word in rest if re.fullmatch(r"--?[a-z][a-z-]*", word)]
    for option in given:
        assert option in OPTIONS[name], f"az {name} has no {option}"
