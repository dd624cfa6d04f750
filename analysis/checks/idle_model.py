"""Idle models and notebooks: machines with accelerators that answer nobody.

AWS: SageMaker endpoints and notebook instances. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import ModelEndpoint
from analysis.quiet import quiet


@check("idle-model", serves=("aws.sagemaker.idle",))
def idle_model(estate: Estate, *, days: int = 14, notebook_days: int = 14) -> Iterator[Finding | None]:
    """Yield each endpoint without a call for ``days``, and each notebook that ran for ``notebook_days`` on end.

    14 days are Compute Optimizer's for idle endpoints; Trusted Advisor tells after 7.
    """
    for one in estate.of(ModelEndpoint):
        notebook = one.kind == "notebook"
        ran = (estate.as_of - one.since).days if one.since else 0
        measured = quiet(one, "calls_per_day", days=days)
        if not one.running or (notebook and ran < notebook_days) or (not notebook and measured is None):
            continue
        said = f"has run for {ran} days on end" if notebook else f"was not called for {days} days"
        yield Finding.priced(
            one,
            estate,
            check="idle-model",
            title=f"{'Notebook' if notebook else 'Endpoint'} {one.name} {said}",
            remedy=Remedy(Action.STOP_NOTEBOOK if notebook else Action.DELETE_MODEL_ENDPOINT),
            evidence=(("Seen", said),),
        )
