"""Cloud advice: what AWS and Azure themselves recommend, where no check of ours sees it better.

AWS: Cost Optimization Hub, Compute Optimizer, Trusted Advisor. Azure: Advisor. FinOps capability: Workload
Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from analysis.checks import check
from analysis.estate import Advice, Estate, Resource
from analysis.findings import Action, Finding, Remedy

ACTIONS: Mapping[str, Action] = {
    "aws.ec2.idle": Action.STOP_MACHINE,
    "aws.ec2.rightsize": Action.RESIZE_MACHINE,
    "aws.ec2.graviton": Action.RESIZE_MACHINE,
    "aws.rds.idle": Action.STOP_DATABASE,
    "aws.rds.rightsize": Action.RESIZE_DATABASE,
    "aws.lambda.memory": Action.RESIZE_FUNCTION,
    "aws.ebs.unattached": Action.DELETE_DISK,
    "aws.nat.idle": Action.DELETE_NAT,
    "az.vm.rightsize": Action.RESIZE_MACHINE,
}


@check(
    "cloud-advice",
    serves=(
        *("aws.lambda.memory", "aws.ecs.rightsize", "aws.comprehend.idle", "aws.mssql.license"),
        *("az.adv.other", "az.cosmos.throughput", "az.law.ingest"),
    ),
)
def cloud_advice(estate: Estate, *, min_monthly: float = 1.0) -> Iterator[Finding | None]:
    """Yield each recommendation of the cloud itself, at the lower of its estimate and the resource's own bill.

    One that is about what a check of ours found stays out: of two findings on the same rows the larger counts. Those
    below ``min_monthly`` are not worth a message.
    """
    known = {one.id.lower(): one for one in estate.resources}
    for advice in estate.advice:
        if float(advice.saving) < min_monthly:
            continue
        resource = known.get(advice.resource_id.lower()) or _unknown(advice)
        action = ACTIONS.get(advice.topic, Action.REVIEW)
        action = action if advice.target else WITHOUT_TARGET.get(advice.topic, action)
        yield Finding.priced(
            resource,
            estate,
            check="cloud-advice",
            title=f"{resource.name}: {advice.says}",
            remedy=Remedy(
                action if advice.target or action in STANDALONE else Action.REVIEW, advice.target, source=advice.present
            ),
            evidence=(("Says", advice.source), ("Its estimate", f"{advice.saving.cents()} a month")),
            estimate=advice.saving,
        )


WITHOUT_TARGET: Mapping[str, Action] = {"az.vm.rightsize": Action.STOP_MACHINE}  # advice to shut down, not to resize
STANDALONE = (Action.STOP_MACHINE, Action.STOP_DATABASE, Action.DELETE_NAT)


def _unknown(advice: Advice) -> Resource:
    """A resource that no inventory has, as the advice names it."""
    return Resource(
        id=advice.resource_id,
        provider=advice.provider,
        cloud=advice.cloud,
        name=advice.name or advice.resource_id.rsplit("/", 1)[-1].rsplit(":", 1)[-1],
        account=advice.account,
        region=advice.region,
        tags=advice.tags,
    )
