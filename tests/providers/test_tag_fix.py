"""Commands that set a tag: exact, taken back by another, and never built with a name that could do something else."""

from __future__ import annotations

import json
import shlex
from typing import Any

import pytest

from analysis.tagging import TagChange
from providers.remedies import tag_fix
from tests.providers.test_remedies import HOSTILE

ARN = "arn:aws:lambda:eu-west-1:111122223333:function:search-notify"
SUBSCRIPTION = "/subscriptions/6f1d2c3b-8a94-4e57-b1c0-3d5e7f901a2b"
ARM = f"{SUBSCRIPTION}/resourceGroups/rg-shop/providers/Microsoft.Sql/servers/s/databases/d"


def aws(**said: Any) -> TagChange:
    usual: dict[str, Any] = {
        "provider": "AWS",
        "account": "111122223333",
        "region": "eu-west-1",
        "resource_ids": (ARN,),
        "key": "team",
        "value": "search",
    }
    return TagChange(**(usual | said))


def azure(**said: Any) -> TagChange:
    return aws(
        **({"provider": "Microsoft", "account": SUBSCRIPTION, "region": "eastus", "resource_ids": (ARM,)} | said)
    )


def test_resources_on_aws_are_tagged_at_once_and_untagged_again() -> None:
    three = (ARN, "i-0a1b2c3d4e5f60718", "arn:aws:s3:::apex-data")
    fix = tag_fix(aws(resource_ids=three, value="search engine"))

    assert fix is not None
    instance = "arn:aws:ec2:eu-west-1:111122223333:instance/i-0a1b2c3d4e5f60718"
    there = ["--region", "eu-west-1", "--resource-arn-list", ARN, instance, "arn:aws:s3:::apex-data"]
    start = ["aws", "resourcegroupstaggingapi"]
    act = shlex.split(fix.act)
    assert act[:-1] == [*start, "tag-resources", *there, "--tags"]
    assert json.loads(act[-1]) == {"team": "search engine"}
    assert shlex.split(fix.undo) == [*start, "untag-resources", *there, "--tag-keys", "team"]


def test_what_belongs_to_no_region_is_tagged_in_its_home() -> None:
    fix = tag_fix(aws(region="", resource_ids=("arn:aws:cloudfront::111122223333:distribution/E1",)))

    assert fix is not None and "--region us-east-1" in fix.act


def test_resources_on_azure_are_merged_and_taken_off_one_by_one() -> None:
    fix = tag_fix(azure(resource_ids=(ARM, ARM + "2")))

    assert fix is not None
    lines = fix.act.split(" &&\n")
    assert [shlex.split(line) for line in lines] == [
        ["az", "tag", "update", "--resource-id", one, "--operation", "Merge", "--tags", "team=search"]
        for one in (ARM, ARM + "2")
    ]
    assert fix.undo == fix.act.replace("Merge", "Delete")


@pytest.mark.parametrize("evil", [*HOSTILE, "", "x" * 300])
@pytest.mark.parametrize("cloud", [aws, azure])
@pytest.mark.parametrize("where", ["key", "value", "resource_ids"])
def test_a_name_that_is_not_its_clouds_builds_nothing_that_runs(cloud: Any, where: str, evil: str) -> None:
    fix = tag_fix(cloud(**{where: (evil,) if where == "resource_ids" else evil}))

    assert fix is not None
    assert not fix.act or (where, evil) == ("value", "--profile=admin")  # a value may begin so, and is no word alone


def test_a_value_never_becomes_an_option() -> None:
    for change in (aws(value="--profile=admin"), azure(value="--debug")):
        fix = tag_fix(change)
        assert fix is not None
        assert change.value not in shlex.split(fix.act)


@pytest.mark.parametrize(
    "said", [{"key": "aws:team"}, {"account": "1"}, {"region": "eu west"}, {"resource_ids": ("nat-1",)}]
)
def test_what_aws_would_refuse_is_withheld(said: dict[str, Any]) -> None:
    fix = tag_fix(aws(**said))

    assert fix is not None and not fix.act
    assert "No command is printed" in fix.safety


def test_a_cloud_without_commands_has_none() -> None:
    assert tag_fix(aws(provider="Google Cloud")) is None
