"""AWS's grammar of names: what may stand in a command, by the API references' own patterns."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from analysis.findings import Finding
from providers.shell import Unsafe, line, matching, steps

ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
REGION = re.compile(r"[a-z]{2}(?:-[a-z]+){1,2}-[0-9]{1,2}", re.ASCII)
ZONE = re.compile(r"[a-z]{2}(?:-[a-z0-9]+){2,5}[a-z]", re.ASCII)
HEX = "(?:[0-9a-f]{8}|[0-9a-f]{17})"  # of EC2 ids
SIZE = re.compile(r"(?:db\.|cache\.)?[a-z][a-z0-9-]{1,20}\.[a-z0-9-]{2,20}", re.ASCII)
NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
VERSION = re.compile(r"[0-9]{1,4}(?:\.[0-9A-Za-z-]{1,20}){0,4}", re.ASCII)
TIER = re.compile(r"gp2|gp3|io1|io2|st1|sc1|standard", re.ASCII)
TAG_KEY = re.compile(r"(?!-|(?i:aws:))[A-Za-z0-9 _.:/=+@-]{1,128}", re.ASCII)
TAG_WORD = re.compile(r"[A-Za-z0-9 _.:/=+@-]{1,256}", re.ASCII)  # the characters that every AWS service takes
ARN = re.compile(
    r"arn:aws(?:-cn|-us-gov)?:(?P<service>[a-z0-9-]{2,40}):(?P<region>[a-z0-9-]*):(?P<account>[0-9]{12})?:(?P<name>.+)",
    re.ASCII,
)
ANY_ARN = re.compile(
    r"arn:aws(?:-cn|-us-gov)?:[a-z0-9-]{2,40}:(?P<region>[a-z0-9-]*):(?P<account>[0-9]{12})?:[A-Za-z0-9_.:/+=@-]{1,1000}",
    re.ASCII,
)  # of any service
WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}", re.ASCII)
NAMES: Mapping[str, re.Pattern[str]] = {
    "i": re.compile(f"i-{HEX}"),
    "vol": re.compile(f"vol-{HEX}"),
    "snap": re.compile(f"snap-{HEX}"),
    "ami": re.compile(f"ami-{HEX}"),
    "cr": re.compile(f"cr-{HEX}"),
    "nat": re.compile(f"nat-{HEX}"),
    "vpce": re.compile(f"vpce-{HEX}"),
    "vpc": re.compile(f"vpc-{HEX}"),
    "subnet": re.compile(f"subnet-{HEX}"),
    "eipalloc": re.compile(f"eipalloc-{HEX}"),
    "rds": re.compile(r"[A-Za-z][A-Za-z0-9-]{0,62}", re.ASCII),
    "rds-snapshot": re.compile(r"[A-Za-z][A-Za-z0-9-]{0,254}", re.ASCII),
    "cache": re.compile(r"[A-Za-z][A-Za-z0-9-]{0,49}", re.ASCII),
    "redshift": re.compile(r"[a-z][a-z0-9-]{0,62}", re.ASCII),
    "domain": re.compile(r"[a-z][a-z0-9-]{2,27}", re.ASCII),
    "table": re.compile(r"[A-Za-z0-9_.-]{3,255}", re.ASCII),
    "function": re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII),
    "qualifier": re.compile(r"\$LATEST|[A-Za-z0-9_-]{1,128}", re.ASCII),
    "cluster": re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}", re.ASCII),
    "bucket": re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", re.ASCII),
    "log-group": re.compile(r"[A-Za-z0-9_./#-]{1,512}", re.ASCII),
    "trail": re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]", re.ASCII),
    "uuid": re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII),
    "secret": re.compile(r"[A-Za-z0-9/_+=.@-]{1,512}", re.ASCII),
    "api": re.compile(r"[a-z0-9]{10}", re.ASCII),
    "stage": re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII),
    "repository": re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*", re.ASCII),
    "fs": re.compile(r"fs-[0-9a-f]{8,40}", re.ASCII),
    "emr": re.compile(r"j-[0-9A-Z]{8,20}", re.ASCII),
    "sagemaker": re.compile(r"[A-Za-z0-9](?:-*[A-Za-z0-9]){0,62}", re.ASCII),
    "ws": re.compile(r"ws-[0-9a-z]{8,63}", re.ASCII),
    "group": re.compile(r"[A-Za-z0-9_./@ -]{1,255}", re.ASCII),
}


def name_of(finding: Finding, kind: str, *paths: str) -> str:
    """The name of what a finding is about: the part of its ARN after one of ``paths`` (``volume/``), or a bare name.

    Raises:
        Unsafe: it does not follow the grammar of its ``kind``, or is something else.
    """
    arn = ARN.fullmatch(finding.resource_id)
    if arn is None:
        return matching(NAMES[kind], finding.resource_id)
    for path in paths or ("",):
        if arn["name"].startswith(path):
            return matching(NAMES[kind], arn["name"].removeprefix(path))
    raise Unsafe(finding.resource_id)


def region_of(finding: Finding) -> str:
    """Where it is, as the ARN says or else the finding does."""
    arn = ARN.fullmatch(finding.resource_id)
    return matching(REGION, (arn["region"] if arn else "") or finding.region)


def arn_of(finding: Finding) -> str:
    """Its whole ARN."""
    return matching(ANY_ARN, finding.resource_id)


def account_of(finding: Finding) -> str:
    """The account whose credentials are needed."""
    return matching(ACCOUNT, finding.account)


def numbers(text: str, least: int = 1) -> list[str]:
    """Whole numbers, split at blanks.

    Raises:
        Unsafe: one of them is none, or there are fewer than ``least``.
    """
    found = [matching(NUMBER, word) for word in text.split()]
    if len(found) < least:
        raise Unsafe(text)
    return found


def made_again(file: str, fields: str, *command: str) -> str:
    """What makes a thing again from the description that was kept in a file: ``fields`` (jq) of it, none empty."""
    again = file.replace(".json", "-again.json")
    chosen = line("jq", f"{fields} | with_entries(select(.value != null and .value != []))", file)
    return steps(f"{chosen} > {again}", line(*command, "--cli-input-json", f"file://{again}"))


def writable(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags that a command may set; ``aws:`` is AWS's own."""
    return {
        key: value
        for key, value in tags.items()
        if TAG_WORD.fullmatch(key) and (not value or TAG_WORD.fullmatch(value)) and not key.lower().startswith("aws:")
    }


def tag_specification(kind: str, tags: Mapping[str, str]) -> str:
    """Tags as EC2's option takes them."""
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    return json.dumps([{"ResourceType": kind, "Tags": pairs}])
