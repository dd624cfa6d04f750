"""Functions, buckets, logs and the rest: the commands to act, and those that take it back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from analysis.findings import Finding, Fix
from providers.aws.remedies.grammar import ARN, NAMES, VERSION, account_of, arn_of, name_of, numbers, region_of
from providers.shell import Unsafe, line, matching, steps

STAGE = re.compile(r"/restapis/(?P<api>[a-z0-9]{10})/stages/(?P<stage>[A-Za-z0-9_-]{1,128})", re.ASCII)
CACHE_GB = re.compile(r"0\.5|1\.6|6\.1|13\.5|28\.4|58\.2|118|237", re.ASCII)  # the sizes that API Gateway has


def _use(finding: Finding) -> str:
    return f"Use credentials of account {account_of(finding)}. "


def resize_function(finding: Finding) -> Fix:
    """Another amount of memory, and of CPU with it."""
    name, region = name_of(finding, "function", "function:"), region_of(finding)
    new, old = numbers(finding.remedy.target)[0], numbers(finding.remedy.source)[0]
    change = ("aws", "lambda", "update-function-configuration", "--region", region, "--function-name", name)
    return Fix(
        act=line(*change, "--memory-size", new),
        undo=line(*change, "--memory-size", old),
        safety=_use(finding)
        + "CPU goes with memory: calls may take longer, and cost more than they saved. Look at its "
        "duration for a day. Functions that come from a template are changed there.",
    )


def drop_concurrency(finding: Finding) -> Fix:
    """No longer kept warm."""
    name, region = name_of(finding, "function", "function:"), region_of(finding)
    kept = [pair.rpartition(":") for pair in finding.remedy.source.split(",")]
    warm = [(matching(NAMES["qualifier"], qualifier), numbers(amount)[0]) for qualifier, _, amount in kept]
    there = ("--region", region, "--function-name", name)
    return Fix(
        act=steps(
            *(
                line("aws", "lambda", "delete-provisioned-concurrency-config", *there, "--qualifier", qualifier)
                for qualifier, _ in warm
            )
        ),
        undo=steps(
            *(
                line(
                    *("aws", "lambda", "put-provisioned-concurrency-config", *there, "--qualifier", qualifier),
                    *("--provisioned-concurrent-executions", amount),
                )
                for qualifier, amount in warm
            )
        ),
        safety=_use(finding)
        + "First calls after a pause take longer (a cold start). A scaling policy would put it back.",
    )


def upgrade_kubernetes(finding: Finding) -> Fix:
    """The next minor version of the control plane."""
    name, region = name_of(finding, "cluster", "cluster/"), region_of(finding)
    version = matching(VERSION, finding.remedy.target)
    there = ("aws", "eks", "update-cluster-version", "--region", region, "--name", name)
    return Fix(
        act=line(*there, "--kubernetes-version", version),
        undo=line("aws", "eks", "describe-cluster", "--region", region, "--name", name, "--query", "cluster.version"),
        safety=_use(finding)
        + "There is no way back: the undo only tells the version. One minor version at a time, until "
        "it is in standard support; then nodes and add-ons. Look for removed APIs first: `aws eks list-insights`.",
    )


def _rule(finding: Finding, name: str, rule: Mapping[str, object], safety: str) -> Fix:
    """One lifecycle rule more, beside those that are there: the call replaces all of them, so they are kept first."""
    bucket = name_of(finding, "bucket")
    made = {"ID": name, "Status": "Enabled", "Filter": {"Prefix": ""}, **rule}
    file, merged = f"{bucket}-lifecycle.json", f"{bucket}-lifecycle-new.json"
    get = line("aws", "s3api", "get-bucket-lifecycle-configuration", "--bucket", bucket, "--output", "json")
    put = ("aws", "s3api", "put-bucket-lifecycle-configuration", "--bucket", bucket, "--lifecycle-configuration")
    add = line("jq", f"{{Rules: (.Rules + [{json.dumps(made)}])}}", file)
    return Fix(
        act=steps(
            f"{{ {get} 2>/dev/null || echo '{{\"Rules\": []}}'; }} > {file}",
            f"{add} > {merged}",
            line(*put, f"file://{merged}"),
        ),
        undo=f"if [ \"$(jq '.Rules | length' {file})\" = 0 ]; then "
        + line("aws", "s3api", "delete-bucket-lifecycle", "--bucket", bucket)
        + f"; else jq '{{Rules: .Rules}}' {file} > {merged} && {line(*put, f'file://{merged}')}; fi",
        safety=_use(finding)
        + f"The rules that are there stay: they are kept in {file}, from which the undo puts them back. {safety}",
    )


def add_lifecycle(finding: Finding) -> Fix:
    """To infrequent access after some days."""
    days = int(numbers(finding.remedy.target)[0])
    move = {"Transitions": [{"Days": max(30, days), "StorageClass": "STANDARD_IA"}]}
    return _rule(
        finding,
        "infrequent-access",
        move,
        "Infrequent access bills each read, 30 days at least and 128 KB at least an object: for small or often read "
        "objects it costs more. What has moved does not move back by the undo.",
    )


def abort_uploads(finding: Finding) -> Fix:
    """Unfinished uploads end by themselves."""
    days = int(numbers(finding.remedy.target)[0])
    rule: dict[str, object] = {"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": days}}
    return _rule(finding, "abort-unfinished-uploads", rule, "Parts of uploads that never ended are deleted for good.")


def expire_versions(finding: Finding) -> Fix:
    """Old versions go after some days."""
    days = int(numbers(finding.remedy.target)[0])
    rule: dict[str, object] = {"NoncurrentVersionExpiration": {"NoncurrentDays": days}}
    return _rule(finding, "expire-old-versions", rule, "Versions that have expired do not come back.")


def set_retention(finding: Finding) -> Fix:
    """Events go after some days."""
    name = name_of(finding, "log-group", "log-group:")
    days, region = numbers(finding.remedy.target)[0], region_of(finding)
    there = ("--region", region, "--log-group-name", name)
    put = ("aws", "logs", "put-retention-policy", *there, "--retention-in-days")
    before = numbers(finding.remedy.source, 0)
    return Fix(
        act=line(*put, days),
        undo=line(*put, before[0]) if before else line("aws", "logs", "delete-retention-policy", *there),
        safety=_use(finding) + "What is older is deleted within days and does not come back: export it to S3 first "
        "(`aws logs create-export-task`) if an audit may ask for it.",
    )


def stop_trail(finding: Finding) -> Fix:
    """It records no more; what it wrote stays."""
    name, region = name_of(finding, "trail", "trail/"), region_of(finding)
    there = ("--region", region, "--name", name)
    return Fix(
        act=line("aws", "cloudtrail", "stop-logging", *there),
        undo=line("aws", "cloudtrail", "start-logging", *there),
        safety=_use(finding) + "Ask whoever answers for security first: another trail must record the same events.",
    )


def delete_health_check(finding: Finding) -> Fix:
    """Kept as JSON, then deleted."""
    name = name_of(finding, "uuid", "healthcheck/")
    there = ("--health-check-id", name)
    return Fix(
        act=steps(
            line("aws", "route53", "get-health-check", *there) + f" > {name}.json",
            line("aws", "route53", "delete-health-check", *there),
        ),
        undo=f"jq .HealthCheck.HealthCheckConfig {name}.json > {name}-config.json && "
        + line(
            *("aws", "route53", "create-health-check", "--caller-reference", name),
            *("--health-check-config", f"file://{name}-config.json"),
        ),
        safety=_use(finding) + "Alarms on it go quiet. The undo makes a new id.",
    )


def delete_secret(finding: Finding) -> Fix:
    """It can be had back for 30 days."""
    arn, region = arn_of(finding), region_of(finding)
    if ":secretsmanager:" not in arn:
        raise Unsafe(arn)
    there = ("--region", region, "--secret-id", arn)
    return Fix(
        act=line("aws", "secretsmanager", "delete-secret", *there, "--recovery-window-in-days", "30"),
        undo=line("aws", "secretsmanager", "restore-secret", *there),
        safety=_use(finding) + "Nothing can read it from now on; within 30 days the undo brings it back.",
    )


def drop_api_cache(finding: Finding) -> Fix:
    """Without its cache."""
    arn = ARN.fullmatch(finding.resource_id)
    found = STAGE.fullmatch(arn["name"]) if arn else None
    if found is None:
        raise Unsafe(finding.resource_id)
    size = matching(CACHE_GB, finding.remedy.source)
    change = (
        *("aws", "apigateway", "update-stage", "--region", region_of(finding), "--rest-api-id", found["api"]),
        *("--stage-name", found["stage"], "--patch-operations"),
    )
    on, off = (f"op=replace,path=/cacheClusterEnabled,value={value}" for value in ("true", "false"))
    return Fix(
        act=line(*change, off),
        undo=line(*change, on, f"op=replace,path=/cacheClusterSize,value={size}"),
        safety=_use(finding) + "Calls that the cache answered go through to the backend. It takes about four minutes, "
        "either way.",
    )


def add_image_lifecycle(finding: Finding) -> Fix:
    """Untagged images go after some days."""
    name, region = name_of(finding, "repository", "repository/"), region_of(finding)
    days = int(numbers(finding.remedy.target)[0])
    policy = {
        "rules": [
            {
                "rulePriority": 1,
                "description": "untagged images",
                "selection": {
                    "tagStatus": "untagged",
                    "countType": "sinceImagePushed",
                    "countUnit": "days",
                    "countNumber": days,
                },
                "action": {"type": "expire"},
            }
        ]
    }
    there = ("--region", region, "--repository-name", name)
    text = ("--lifecycle-policy-text", json.dumps(policy))
    return Fix(
        act=steps(
            line("aws", "ecr", "start-lifecycle-policy-preview", *there, *text),
            line("aws", "ecr", "wait", "lifecycle-policy-preview-complete", *there),
            line("aws", "ecr", "get-lifecycle-policy-preview", *there, "--query", "summary"),
            line("aws", "ecr", "put-lifecycle-policy", *there, *text),
        ),
        undo=line("aws", "ecr", "delete-lifecycle-policy", *there),
        safety=_use(finding) + "The third command tells how many images would go: stop there if it is more than you "
        "thought. Images that have gone do not come back.",
    )


def add_file_lifecycle(finding: Finding) -> Fix:
    """To infrequent access after some days."""
    name, region = name_of(finding, "fs", "file-system/"), region_of(finding)
    days = numbers(finding.remedy.target)[0]
    change = ("aws", "efs", "put-lifecycle-configuration", "--region", region, "--file-system-id", name)
    policies = ("--lifecycle-policies", f"TransitionToIA=AFTER_{days}_DAYS")
    return Fix(
        act=line(*change, *policies, "TransitionToPrimaryStorageClass=AFTER_1_ACCESS"),
        undo=line(*change, "--lifecycle-policies", "[]"),
        safety=_use(finding) + "Files that have moved are billed for each read, and come back with the first one.",
    )


def end_data_cluster(finding: Finding) -> Fix:
    """It ends; what is on its own disks is lost."""
    name, region = name_of(finding, "emr", "cluster/"), region_of(finding)
    return Fix(
        act=steps(
            line("aws", "emr", "describe-cluster", "--region", region, "--cluster-id", name) + f" > {name}.json",
            line("aws", "emr", "terminate-clusters", "--region", region, "--cluster-ids", name),
        ),
        undo=line("aws", "emr", "list-steps", "--region", region, "--cluster-id", name),
        safety=_use(finding)
        + "There is no way back: what is on HDFS is lost. The file keeps its configuration, and the "
        "undo tells what it ran, to make it anew with `aws emr create-cluster`. Look first that no step is pending.",
    )


def delete_model_endpoint(finding: Finding) -> Fix:
    """The endpoint goes; its configuration stays."""
    name, region = name_of(finding, "sagemaker", "endpoint/"), region_of(finding)
    there = ("--region", region, "--endpoint-name", name)
    asked = line("aws", "sagemaker", "describe-endpoint", *there, "--query", "EndpointConfigName", "--output", "text")
    return Fix(
        act=steps(f"{asked} > {name}.config", line("aws", "sagemaker", "delete-endpoint", *there)),
        undo=line("aws", "sagemaker", "create-endpoint", *there) + f' --endpoint-config-name "$(cat {name}.config)"',
        safety=_use(finding) + "Calls fail until the undo has run, which takes minutes. Model and configuration stay.",
    )


def stop_notebook(finding: Finding) -> Fix:
    """Stopped; its disk stays."""
    name, region = name_of(finding, "sagemaker", "notebook-instance/"), region_of(finding)
    there = ("--region", region, "--notebook-instance-name", name)
    return Fix(
        act=line("aws", "sagemaker", "stop-notebook-instance", *there),
        undo=line("aws", "sagemaker", "start-notebook-instance", *there),
        safety=_use(finding) + "What is in memory is lost, what is saved under SageMaker stays. Its disk is billed on.",
    )


def stop_desktop_alone(finding: Finding) -> Fix:
    """By the hour instead of by the month."""
    name, region = name_of(finding, "ws", "workspace/"), region_of(finding)
    change = ("aws", "workspaces", "modify-workspace-properties", "--region", region, "--workspace-id", name)
    auto = "RunningMode=AUTO_STOP,RunningModeAutoStopTimeoutInMinutes=60"
    return Fix(
        act=line(*change, "--workspace-properties", auto),
        undo=line(*change, "--workspace-properties", "RunningMode=ALWAYS_ON"),
        safety=_use(finding)
        + "It starts in a minute when somebody connects. Beyond about 85 hours a month, always on is "
        "cheaper.",
    )
