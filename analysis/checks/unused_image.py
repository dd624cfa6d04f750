"""Unused images: machine images that nothing is started from.

AWS: AMIs with their snapshots. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Image


@check("unused-image", serves=("aws.ami.unused",))
def unused_image(estate: Estate, *, max_days: int = 90) -> Iterator[Finding | None]:
    """Yield each image that no machine, template or group uses and that was not started from for ``max_days``.

    90 days are Cloud Custodian's example policy. Priced from the rows of its snapshots.
    """
    newest = estate.as_of - timedelta(days=max_days)
    for image in estate.of(Image):
        last = image.last_used or image.created
        if image.used_by or last is None or last > newest:
            continue
        yield Finding.priced(
            image,
            estate,
            check="unused-image",
            title=f"Image {image.name} is not used since {last:%d %b %Y}",
            remedy=Remedy(Action.RETIRE_IMAGE),
            evidence=(
                ("Last started from", f"{image.last_used:%d %b %Y}" if image.last_used else "never that AWS knows"),
                ("Snapshots", str(len(image.snapshots))),
            ),
            of=list(estate.named(image.snapshots)),
        )
