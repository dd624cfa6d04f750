"""Idle concurrency: functions that are kept warm and are not called.

AWS: Lambda provisioned concurrency. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Function
from analysis.quiet import dull

METERS = r"Provisioned-Concurrency|Provisioned-GB"


@check("idle-concurrency", serves=("aws.lambda.pc_idle",))
def idle_concurrency(estate: Estate, *, max_used_percent: float = 10.0, days: int = 14) -> Iterator[Finding | None]:
    """Yield each function whose provisioned concurrency was used by less than ``max_used_percent``.

    No anchor has this check; AWS's own advice is that it pays above about 60% of use.
    """
    for function in estate.of(Function):
        measured = dull(function, "concurrency_percent", days=days, below=max_used_percent)
        if not function.warm or measured is None:
            continue
        kept = ",".join(f"{qualifier}:{amount}" for qualifier, amount in function.warm)
        yield Finding.priced(
            function,
            estate,
            check="idle-concurrency",
            title=f"Function {function.name} is kept warm and hardly called",
            remedy=Remedy(Action.DROP_CONCURRENCY, source=kept),
            evidence=(("Used", f"{measured.average:.1f}% of it in {measured.days} days"), ("Kept warm", kept)),
            meters=METERS,
        )
