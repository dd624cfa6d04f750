"""Least privilege: every operation that Pitcrew asks of AWS, and the policies that allow these and nothing else.

A connection refuses to send what is not listed here, so that the list cannot fall behind the code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

VERSION = "2012-10-17"
READS = ("Describe", "Get", "List", "Head", "View")
EVERYWHERE: Mapping[str, tuple[str, ...]] = {  # in every account
    "apigateway": ("GetRestApis", "GetStages"),
    "application-autoscaling": ("DescribeScalableTargets",),
    "autoscaling": ("DescribeAutoScalingGroups", "DescribeLaunchConfigurations"),
    "cloudfront": ("ListDistributions", "ListTagsForResource"),
    "cloudtrail": ("DescribeTrails", "GetEventSelectors", "GetTrailStatus"),
    "cloudwatch": ("GetMetricData",),
    "dynamodb": ("DescribeTable", "ListTables", "ListTagsOfResource"),
    "ec2": (
        "DescribeAddresses",
        "DescribeCapacityReservations",
        "DescribeImages",
        "DescribeInstances",
        "DescribeLaunchTemplateVersions",
        "DescribeLaunchTemplates",
        "DescribeNatGateways",
        "DescribeReservedInstances",
        "DescribeRouteTables",
        "DescribeSnapshots",
        "DescribeVolumes",
        "DescribeVpcEndpoints",
    ),
    "ecr": ("DescribeRepositories", "GetLifecyclePolicy", "ListTagsForResource"),
    "ecs": ("DescribeServices", "ListClusters", "ListServices"),
    "efs": ("DescribeFileSystems", "DescribeLifecycleConfiguration"),
    "eks": ("DescribeCluster", "ListClusters"),
    "elasticache": (
        "DescribeCacheClusters",
        "DescribeReplicationGroups",
        "DescribeReservedCacheNodes",
        "ListTagsForResource",
    ),
    "elb": ("DescribeInstanceHealth", "DescribeLoadBalancers", "DescribeTags"),
    "elbv2": ("DescribeLoadBalancers", "DescribeTags", "DescribeTargetGroups", "DescribeTargetHealth"),
    "emr": ("DescribeCluster", "ListClusters"),
    "lambda": ("ListFunctions", "ListProvisionedConcurrencyConfigs", "ListTags"),
    "logs": ("DescribeLogGroups",),
    "memorydb": ("DescribeClusters", "DescribeReservedNodes", "ListTags"),
    "opensearch": ("DescribeDomains", "DescribeReservedInstances", "ListDomainNames", "ListTags"),
    "rds": (
        "DescribeDBClusterSnapshots",
        "DescribeDBClusters",
        "DescribeDBInstances",
        "DescribeDBSnapshots",
        "DescribeReservedDBInstances",
    ),
    "redshift": ("DescribeClusters", "DescribeReservedNodes", "DescribeScheduledActions"),
    "route53": ("ListHealthChecks", "ListHostedZones", "ListResourceRecordSets"),
    "s3": (
        "GetBucketLifecycleConfiguration",
        "GetBucketTagging",
        "GetBucketVersioning",
        "ListBuckets",
        "ListMultipartUploads",
    ),
    "sagemaker": ("DescribeEndpoint", "ListEndpoints", "ListNotebookInstances", "ListTags"),
    "savingsplans": ("DescribeSavingsPlans",),
    "secretsmanager": ("ListSecrets",),
    "sts": ("GetCallerIdentity",),
    "workspaces": ("DescribeTags", "DescribeWorkspaces", "DescribeWorkspacesConnectionStatus"),
}
HUB: Mapping[str, tuple[str, ...]] = {  # in the payer's account alone
    "bcm-data-exports": ("GetExport", "ListExports"),
    "budgets": ("DescribeBudgets",),
    "ce": ("GetAnomalies", "GetCostAndUsage", "GetCostAndUsageWithResources"),
    "compute-optimizer": (
        "GetEC2InstanceRecommendations",
        "GetECSServiceRecommendations",
        "GetIdleRecommendations",
        "GetLambdaFunctionRecommendations",
        "GetLicenseRecommendations",
        "GetRDSDatabaseRecommendations",
    ),
    "cost-optimization-hub": ("ListRecommendations",),
    "cur": ("DescribeReportDefinitions",),
    "organizations": ("ListAccounts",),
    "pricing": ("GetProducts",),
    "trustedadvisor": ("ListRecommendationResources", "ListRecommendations"),
}
EXPORT: tuple[str, ...] = ("GetObject", "HeadObject", "ListObjectsV2")  # of S3, in the export's bucket alone
ASSUMING = ("AssumeRole",)  # of STS, the hub alone, of the member role alone
PREFIXES = {  # of actions, where they are not the name of the client
    "efs": "elasticfilesystem",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "emr": "elasticmapreduce",
    "opensearch": "es",
}
ACTIONS = {  # that are called otherwise than their operation (AWS's service authorization reference)
    ("budgets", "DescribeBudgets"): "budgets:ViewBudget",
    ("s3", "GetBucketLifecycleConfiguration"): "s3:GetLifecycleConfiguration",
    ("s3", "HeadObject"): "s3:GetObject",
    ("s3", "ListBuckets"): "s3:ListAllMyBuckets",
    ("s3", "ListMultipartUploads"): "s3:ListBucketMultipartUploads",
    ("s3", "ListObjectsV2"): "s3:ListBucket",
    ("apigateway", "GetRestApis"): "apigateway:GET",
    ("apigateway", "GetStages"): "apigateway:GET",
}
NAME = "pitcrew-read"


def allowed(service: str, operation: str) -> bool:
    """Whether an operation is one of those that are ever asked for."""
    every = (*EVERYWHERE.get(service, ()), *HUB.get(service, ()))
    return (
        operation in every or (service == "s3" and operation in EXPORT) or (service == "sts" and operation in ASSUMING)
    )


def action(service: str, operation: str) -> str:
    """The IAM action that allows an operation."""
    return ACTIONS.get((service, operation), f"{PREFIXES.get(service, service)}:{operation}")


def policy(*, hub: bool, bucket: str = "EXPORT_BUCKET", prefix: str = "EXPORT_PREFIX") -> dict[str, Any]:
    """The policy of the role in a member account, or in the payer's.

    Whatever it does not allow it denies, so that no other policy on the role can add a write.
    """
    inventory = _actions(EVERYWHERE)
    statements: list[dict[str, Any]] = [_allow("Inventory", inventory, "*")]
    every = list(inventory)
    if hub:
        cost = _actions(HUB)
        export = sorted({action("s3", operation) for operation in EXPORT})
        where = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/{prefix}/*"]
        statements.append(_allow("CostAndAdvice", cost, "*"))
        statements.append(_allow("ExportBucketOnly", export, where))
        statements.append(_allow("MemberAccounts", ["sts:AssumeRole"], f"arn:aws:iam::*:role/{NAME}"))
        every += [*cost, *export, "sts:AssumeRole"]
    patterns = sorted({_pattern(one) for one in every})
    statements.append({"Sid": "NothingElse", "Effect": "Deny", "NotAction": patterns, "Resource": "*"})
    return {"Version": VERSION, "Statement": statements}


def trust(*, principal: str, external_id: str) -> dict[str, Any]:
    """Who may take the role on, and by which external id."""
    said = {"StringEquals": {"sts:ExternalId": external_id}}
    one = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole", "Condition": said}
    return {"Version": VERSION, "Statement": [one]}


def template(*, hub: bool) -> dict[str, Any]:
    """CloudFormation: the role of a member account (for a StackSet) or of the payer."""
    parameters = {
        "Principal": {
            "Type": "String",
            "Description": "ARN of the role that Pitcrew runs as."
            if hub
            else "ARN of the role pitcrew-read of the payer.",
        },
        "ExternalId": {
            "Type": "String",
            "NoEcho": True,
            "MinLength": 8,
            "Description": "external_id of the deployment.",
        },
    }
    bucket, prefix = "${ExportBucket}", "${ExportPrefix}"
    if hub:
        parameters |= {
            "ExportBucket": {"Type": "String", "Description": "The bucket that the data export is delivered to."},
            "ExportPrefix": {"Type": "String", "Description": "The export's prefix in that bucket."},
        }
    said = policy(hub=hub, bucket=bucket, prefix=prefix)
    for one in said["Statement"]:
        if isinstance(one["Resource"], list):
            one["Resource"] = [{"Fn::Sub": each} for each in one["Resource"]]
    trusted = trust(principal="", external_id="")
    trusted["Statement"][0]["Principal"]["AWS"] = {"Ref": "Principal"}
    trusted["Statement"][0]["Condition"]["StringEquals"]["sts:ExternalId"] = {"Ref": "ExternalId"}
    role = {
        "RoleName": NAME,
        "Description": "Read-only FinOps assessments by Pitcrew",
        "MaxSessionDuration": 3600,
        "AssumeRolePolicyDocument": trusted,
        "Policies": [{"PolicyName": NAME, "PolicyDocument": said}],
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"Pitcrew: what it reads in {'the payer' if hub else 'a member'} account, and nothing else",
        "Parameters": parameters,
        "Resources": {"Role": {"Type": "AWS::IAM::Role", "Properties": role}},
        "Outputs": {"RoleArn": {"Value": {"Fn::GetAtt": ["Role", "Arn"]}}},
    }


def _actions(operations: Mapping[str, Iterable[str]]) -> list[str]:
    return sorted({action(service, operation) for service, names in operations.items() for operation in names})


def _allow(sid: str, actions: list[str], resource: str | list[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource}


def _pattern(one: str) -> str:
    """``ec2:Describe*`` of ``ec2:DescribeVolumes``: what is not of such a kind is denied outright."""
    service, _, name = one.partition(":")
    verb = re.match(r"[A-Z][a-z]+", name)
    return one if name in ("GET", "AssumeRole") or verb is None else f"{service}:{verb[0]}*"
