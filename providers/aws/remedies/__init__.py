"""The AWS CLI commands that end a finding, and those that take it back.

Syntax of the AWS CLI v2; names by the patterns of each service's API reference (``grammar``). Pitcrew never runs them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from analysis.findings import Action, Finding, Fix
from analysis.tagging import TagChange
from providers.aws.remedies import compute, databases, network, services
from providers.aws.remedies.grammar import ACCOUNT, ANY_ARN, REGION, TAG_KEY, TAG_WORD
from providers.shell import Unsafe, fixed, line, matching, withheld

EC2_ID = re.compile(r"(?P<kind>vol|i)-(?:[0-9a-f]{8}|[0-9a-f]{17})", re.ASCII)
EC2_KINDS = {"vol": "volume", "i": "instance"}
GLOBAL_REGION = "us-east-1"  # where what belongs to no region is tagged

FIXES: Mapping[Action, Callable[[Finding], Fix]] = {
    Action.DELETE_DISK: compute.delete_disk,
    Action.RETYPE_DISK: compute.retype_disk,
    Action.DELETE_SNAPSHOT: compute.delete_snapshot,
    Action.RETIRE_IMAGE: compute.retire_image,
    Action.STOP_MACHINE: compute.stop_machine,
    Action.RESIZE_MACHINE: compute.resize_machine,
    Action.END_MACHINE: compute.end_machine,
    Action.SCHEDULE_MACHINE: compute.schedule_machine,
    Action.EMPTY_GROUP: compute.empty_group,
    Action.CANCEL_CAPACITY: compute.cancel_capacity,
    Action.RELEASE_ADDRESS: network.release_address,
    Action.DELETE_NAT: network.delete_nat,
    Action.ADD_DIRECT_WAY: network.add_direct_way,
    Action.DELETE_ENDPOINT: network.delete_endpoint,
    Action.DELETE_BALANCER: network.delete_balancer,
    Action.STOP_DATABASE: databases.stop_database,
    Action.RESIZE_DATABASE: databases.resize_database,
    Action.RETYPE_DATABASE: databases.retype_database,
    Action.UPGRADE_DATABASE: databases.upgrade_database,
    Action.ONE_ZONE_DATABASE: databases.one_zone_database,
    Action.SWITCH_DATABASE_STORAGE: databases.switch_database_storage,
    Action.DELETE_DATABASE_SNAPSHOT: databases.delete_database_snapshot,
    Action.DELETE_CACHE: databases.delete_cache,
    Action.PAUSE_WAREHOUSE: databases.pause_warehouse,
    Action.SCHEDULE_WAREHOUSE: databases.schedule_warehouse,
    Action.DELETE_SEARCH: databases.delete_search,
    Action.PAY_PER_REQUEST: databases.pay_per_request,
    Action.RESIZE_FUNCTION: services.resize_function,
    Action.DROP_CONCURRENCY: services.drop_concurrency,
    Action.UPGRADE_KUBERNETES: services.upgrade_kubernetes,
    Action.ADD_LIFECYCLE: services.add_lifecycle,
    Action.ABORT_UPLOADS: services.abort_uploads,
    Action.EXPIRE_VERSIONS: services.expire_versions,
    Action.SET_RETENTION: services.set_retention,
    Action.STOP_TRAIL: services.stop_trail,
    Action.DELETE_HEALTH_CHECK: services.delete_health_check,
    Action.DELETE_SECRET: services.delete_secret,
    Action.DROP_API_CACHE: services.drop_api_cache,
    Action.ADD_IMAGE_LIFECYCLE: services.add_image_lifecycle,
    Action.ADD_FILE_LIFECYCLE: services.add_file_lifecycle,
    Action.END_DATA_CLUSTER: services.end_data_cluster,
    Action.DELETE_MODEL_ENDPOINT: services.delete_model_endpoint,
    Action.STOP_NOTEBOOK: services.stop_notebook,
    Action.STOP_DESKTOP_ALONE: services.stop_desktop_alone,
}


def fix(finding: Finding) -> Fix:
    """The commands of one finding; withheld when a name in it does not follow AWS's grammar."""
    return fixed(FIXES, finding, "AWS CloudShell")


def tag_fix(change: TagChange) -> Fix:
    """The command that tags resources of any service; withheld when a name does not follow AWS's grammar."""
    try:
        region = matching(REGION, change.region or GLOBAL_REGION)
        account = matching(ACCOUNT, change.account)
        key, value = matching(TAG_KEY, change.key), matching(TAG_WORD, change.value)
        arns = [_arn(one, region, account) for one in change.resource_ids]
    except Unsafe as unsafe:
        return withheld(unsafe)
    there = ("--region", region, "--resource-arn-list", *arns)
    tagging = ("aws", "resourcegroupstaggingapi")
    return Fix(
        act=line(*tagging, "tag-resources", *there, "--tags", json.dumps({key: value})),
        undo=line(*tagging, "untag-resources", *there, "--tag-keys", key),
        safety=f"Use credentials of account {account}. A tag counts in the bill from the day it is set, once it is "
        "activated as a cost allocation tag. Resources that come from a template are tagged there, or it drifts.",
    )


def _arn(name: str, region: str, account: str) -> str:
    """The ARN of a resource; exports that name machines and disks by their bare id mean one of that place.

    Raises:
        Unsafe: it is neither.
    """
    if bare := EC2_ID.fullmatch(name):
        cloud = {"cn": "aws-cn"}.get(region[:2], "aws-us-gov" if region.startswith("us-gov-") else "aws")
        return f"arn:{cloud}:ec2:{region}:{account}:{EC2_KINDS[bare['kind']]}/{name}"
    return matching(ANY_ARN, name)
