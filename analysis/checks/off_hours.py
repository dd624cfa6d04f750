"""Off hours: machines for development and tests that run at night and over the weekend too.

AWS: EC2 instances. Azure: virtual machines. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate, Machine
from analysis.findings import Action, Finding, Remedy

WEEK = 168


@check("off-hours", serves=("aws.ec2.offhours", "az.vm.offhours"))
def off_hours(
    estate: Estate,
    *,
    environments: str = "dev development test testing qa staging sandbox",
    hours_a_week: int = 50,
    days: int = 14,
    window: str = "mon-fri 08:00-18:00 UTC",
) -> Iterator[Finding | None]:
    """Yield each machine of one of ``environments`` that ran without a break for ``days``.

    Cloud Custodian's off-hours policies leave ten hours on five days, 50 of 168; storage is billed on, and is not
    part of the machine's own rows. ``window`` is what the printed schedule says.
    """
    kept = set(environments.split())
    for machine in estate.of(Machine):
        if not machine.running or machine.spot or machine.group or machine.env not in kept or machine.since is None:
            continue
        ran = (estate.as_of - machine.since).days
        if ran < days:
            continue
        yield Finding.priced(
            machine,
            estate,
            check="off-hours",
            title=f"Machine {machine.name} of {machine.env} runs day and night",
            remedy=Remedy(Action.SCHEDULE_MACHINE, window),
            evidence=(
                ("Running since", f"{machine.since:%d %b %Y}, {ran} days without a break"),
                ("Enough would be", f"{hours_a_week} of {WEEK} hours a week ({window})"),
            ),
            part=1 - hours_a_week / WEEK,
        )
