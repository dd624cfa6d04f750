"""Plans, databases, stores, licences and vaults: the commands to act, and those that take it back."""

from __future__ import annotations

import json

from analysis.findings import Finding, Fix
from providers.azure.remedies.grammar import (
    BACKUP_ID,
    OBJECTIVE,
    PLAN_SIZE,
    kept_and_deleted,
    numbers,
    target,
)
from providers.shell import line, matching, steps

DATABASE, INSTANCE = "microsoft.sql/servers/databases", "microsoft.sql/managedinstances"
LICENCES = {  # kind: the CLI's words, the one by the hour, the licence of one's own
    "microsoft.compute/virtualmachines": ("vm update --license-type {}", "None", "Windows_Server"),
    "microsoft.sqlvirtualmachine/sqlvirtualmachines": ("sql vm update --license-type {}", "PAYG", "AHUB"),
    DATABASE: ("resource update --set properties.licenseType={}", "LicenseIncluded", "BasePrice"),
    INSTANCE: ("sql mi update --license-type {}", "LicenseIncluded", "BasePrice"),
}
WAREHOUSES = {
    "microsoft.synapse/workspaces/sqlpools": ("synapse", "sql", "pool"),
    DATABASE: ("sql", "dw"),
}


def bring_licence(finding: Finding) -> Fix:
    """The same thing, on a licence that one owns."""
    it = target(finding.resource_id, *LICENCES)
    words, paid, owned = LICENCES[it.kind]
    return Fix(
        act=line("az", *words.format(owned).split(), "--ids", it.id),
        undo=line("az", *words.format(paid).split(), "--ids", it.id),
        safety="Nothing restarts. You declare by it that you own licences with Software Assurance for its cores (8 at "
        "least for Windows, 4 for SQL Server on a machine): count them with whoever keeps your licences first.",
    )


def stop_database(finding: Finding) -> Fix:
    """Serverless, which pauses by itself: a SQL database cannot be stopped."""
    database = target(finding.resource_id, DATABASE)
    old = matching(OBJECTIVE, finding.remedy.source)
    there = ("az", "sql", "db", "update", "--ids", database.id)
    return Fix(
        act=line(
            *(*there, "--edition", "GeneralPurpose", "--compute-model", "Serverless", "--family", "Gen5"),
            *("--capacity", "1", "--min-capacity", "0.5", "--auto-pause-delay", "60"),
        ),
        undo=line(*there, "--service-objective", old),
        safety="It pauses after an hour without a connection and wakes with the next one, which waits for a minute. "
        "Storage is billed on. Databases with geo-replication or long-term backups do not pause. To be rid of it: "
        "`az sql db export` first, then `az sql db delete`.",
    )


def resize_database(finding: Finding) -> Fix:
    """Another service objective."""
    database = target(finding.resource_id, DATABASE)
    new, old = matching(OBJECTIVE, finding.remedy.target), matching(OBJECTIVE, finding.remedy.source)
    there = ("az", "sql", "db", "update", "--ids", database.id, "--service-objective")
    return Fix(
        act=line(*there, new),
        undo=line(*there, old),
        safety="Open connections are cut once, at the end of the change, for some seconds. Check first that the data "
        "fit the new objective's most storage.",
    )


def delete_pool(finding: Finding) -> Fix:
    """Kept as JSON, then deleted."""
    return kept_and_deleted(
        finding,
        {"microsoft.sql/servers/elasticpools": ("sql", "elastic-pool")},
        "Look first that nobody is about to move databases into it. The undo puts back what was kept in the file.",
    )


def pause_warehouse(finding: Finding) -> Fix:
    """Paused, until it is resumed."""
    warehouse = target(finding.resource_id, *WAREHOUSES)
    words = ("az", *WAREHOUSES[warehouse.kind])
    return Fix(
        act=line(*words, "pause", "--ids", warehouse.id),
        undo=line(*words, "resume", "--ids", warehouse.id),
        safety="Queries that run are cut off, and its storage is billed on. A resume takes some minutes.",
    )


def delete_plan(finding: Finding) -> Fix:
    """Kept as JSON, then deleted."""
    return kept_and_deleted(
        finding,
        {"microsoft.web/serverfarms": ("appservice", "plan")},
        "az asks once more before it deletes. The undo puts back what was kept in the file; outbound addresses may be "
        "others, so look whether a partner has them on a list.",
    )


def resize_plan(finding: Finding) -> Fix:
    """The next size of its tier."""
    plan = target(finding.resource_id, "microsoft.web/serverfarms")
    new, old = matching(PLAN_SIZE, finding.remedy.target), matching(PLAN_SIZE, finding.remedy.source)
    there = ("az", "appservice", "plan", "update", "--ids", plan.id, "--sku")
    return Fix(
        act=line(*there, new.upper()),
        undo=line(*there, old.upper()),
        safety="All of its apps restart once. Slots and rules that scale it stay as they are.",
    )


def keep_fewer_backups(finding: Finding) -> Fix:
    """Azure's own usual policy of periodic backups."""
    store = target(finding.resource_id, "microsoft.documentdb/databaseaccounts")

    def policy(words: str) -> str:
        minutes, hours = numbers(words, 2)[:2]
        every = ("--backup-interval", minutes, "--backup-retention", hours)
        return line("az", "cosmosdb", "update", "--ids", store.id, *every)

    return Fix(
        act=policy(finding.remedy.target),
        undo=policy(finding.remedy.source),
        safety="Backups older than the new time are deleted and do not come back: look that nobody counts on them. "
        "Seven days of continuous backup cost nothing (`--continuous-tier Continuous7Days`), and there is no way back.",
    )


def add_lifecycle(finding: Finding) -> Fix:
    """A rule that moves what is old to the cool tier."""
    account = target(finding.resource_id, "microsoft.storage/storageaccounts")
    [days] = numbers(finding.remedy.target, 1)
    rule = {
        "enabled": True,
        "name": "cool-when-old",
        "type": "Lifecycle",
        "definition": {
            "actions": {"baseBlob": {"tierToCool": {"daysAfterModificationGreaterThan": int(days)}}},
            "filters": {"blobTypes": ["blockBlob"]},
        },
    }
    there = (*account.group_words, "--account-name", account.name)
    policy = ("az", "storage", "account", "management-policy")
    return Fix(
        act=line(*policy, "create", *there, "--policy", json.dumps({"rules": [rule]})),
        undo=line(*policy, "delete", *there),
        safety="It had no rule before. To read a blob in the cool tier costs more, and one that leaves it within 30 "
        "days is billed for all of them: do not use it for what is read often. What was moved stays there after an "
        "undo.",
    )


def delete_backups(finding: Finding) -> Fix:
    """Backups that are not made any more; Azure keeps them for 14 days after."""
    target(finding.resource_id, "microsoft.recoveryservices/vaults")
    ids = [matching(BACKUP_ID, one) for one in finding.remedy.target.split("\n")]
    disable = ("az", "backup", "protection", "disable")
    return Fix(
        act=steps(line(*disable, "--delete-backup-data", "true", "--ids", *ids)),
        undo=line("az", "backup", "protection", "undelete", "--ids", *ids),
        safety="Ask first whoever answers for these backups: some are kept by law. Soft delete keeps them for 14 days "
        "at no cost, and only so long does the undo work: look that it is on for the vault.",
    )


def set_retention(finding: Finding) -> Fix:
    """How long a workspace keeps what has no time of its own."""
    workspace = target(finding.resource_id, "microsoft.operationalinsights/workspaces")
    [new], [old] = numbers(finding.remedy.target, 1), numbers(finding.remedy.source, 1)
    there = ("az", "monitor", "log-analytics", "workspace", "update", "--ids", workspace.id, "--retention-time")
    return Fix(
        act=line(*there, new),
        undo=line(*there, old),
        safety="What is older is deleted within days and does not come back: ask first whether the law or an audit "
        "needs it. Tables with a time of their own keep theirs.",
    )


def delete_cache(finding: Finding) -> Fix:
    """Kept as JSON, then deleted; what is in it is lost."""
    return kept_and_deleted(
        finding,
        {"microsoft.cache/redis": ("redis",)},
        "az asks once more before it deletes. What is in the cache is lost, and its keys are others after an undo, "
        "which puts back what was kept in the file.",
    )
