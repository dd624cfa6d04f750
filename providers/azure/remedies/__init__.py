"""The Azure CLI commands that end a finding, and those that take it back.

Syntax of ``az`` 2.x; ids by the grammar of ARM ids (``grammar``). Pitcrew never runs them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from analysis.findings import Action, Finding, Fix
from analysis.tagging import TagChange
from providers.azure.remedies import compute, network, services
from providers.azure.remedies.grammar import ANY_ID, TAG_KEY, TAG_WORD
from providers.shell import Unsafe, fixed, line, matching, steps, withheld

FIXES: Mapping[Action, Callable[[Finding], Fix]] = {
    Action.DELETE_DISK: compute.delete_disk,
    Action.RETYPE_DISK: compute.retype_disk,
    Action.DELETE_SNAPSHOT: compute.delete_snapshot,
    Action.RETYPE_SNAPSHOT: compute.retype_snapshot,
    Action.STOP_MACHINE: compute.stop_machine,
    Action.RESIZE_MACHINE: compute.resize_machine,
    Action.END_MACHINE: compute.end_machine,
    Action.SCHEDULE_MACHINE: compute.schedule_machine,
    Action.EMPTY_GROUP: compute.empty_group,
    Action.RESIZE_GROUP: compute.resize_group,
    Action.RELEASE_ADDRESS: network.release_address,
    Action.DELETE_NAT: network.delete_nat,
    Action.DELETE_ENDPOINT: network.delete_endpoint,
    Action.DELETE_BALANCER: network.delete_balancer,
    Action.DELETE_GATEWAY: network.delete_gateway,
    Action.DELETE_PROTECTION: network.delete_protection,
    Action.DELETE_CIRCUIT: network.delete_circuit,
    Action.DOWNGRADE_FIREWALL: network.downgrade_firewall,
    Action.TIDY_UP: network.tidy_up,
    Action.STOP_DATABASE: services.stop_database,
    Action.RESIZE_DATABASE: services.resize_database,
    Action.DELETE_POOL: services.delete_pool,
    Action.PAUSE_WAREHOUSE: services.pause_warehouse,
    Action.BRING_LICENCE: services.bring_licence,
    Action.DELETE_PLAN: services.delete_plan,
    Action.RESIZE_PLAN: services.resize_plan,
    Action.KEEP_FEWER_BACKUPS: services.keep_fewer_backups,
    Action.SET_RETENTION: services.set_retention,
    Action.ADD_LIFECYCLE: services.add_lifecycle,
    Action.DELETE_BACKUPS: services.delete_backups,
    Action.DELETE_CACHE: services.delete_cache,
}


def fix(finding: Finding) -> Fix:
    """The commands of one finding; withheld when a name in it does not follow Azure's grammar."""
    return fixed(FIXES, finding, "Azure Cloud Shell")


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
