"""The commands that end a finding, whichever cloud it lies in. Printed for people; Pitcrew never runs them."""

from __future__ import annotations

from analysis.findings import Finding, Fix
from analysis.tagging import TagChange
from providers.aws import remedies as aws
from providers.azure import remedies as azure

CLOUDS = {"aws": aws.fix, "azure": azure.fix}
TAGGING = {"AWS": aws.tag_fix, "Microsoft": azure.tag_fix}  # by FOCUS ProviderName


def fix(finding: Finding) -> Fix | None:
    """How to act, how to undo it, and what to check first; ``None`` for a cloud that has no commands here."""
    known = CLOUDS.get(finding.cloud)
    return known(finding) if known else None


def tag_fix(change: TagChange) -> Fix | None:
    """How to set a tag, and how to take it off again; ``None`` for a provider that has no commands here."""
    known = TAGGING.get(change.provider)
    return known(change) if known else None
