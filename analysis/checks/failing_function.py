"""Failing functions: calls that are paid for and come to nothing.

AWS: Lambda. FinOps capability: Workload Optimization.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Estate
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import Function


@check("failing-function", serves=("aws.lambda.timeout_errors",))
def failing_function(estate: Estate, *, max_errors_percent: float = 10.0, days: int = 7) -> Iterator[Finding | None]:
    """Yield each function of whose calls more than ``max_errors_percent`` fail, priced at that part of its bill.

    10% is Steampipe Thrifty's and Trusted Advisor's line for error rates.
    """
    for function in estate.of(Function):
        errors, calls = function.metrics.get("errors_per_day"), function.metrics.get("calls_per_day")
        if errors is None or calls is None or calls.days < days or not calls.average:
            continue
        failed = min(1.0, errors.average / calls.average)
        if failed * 100 > max_errors_percent:
            yield Finding.priced(
                function,
                estate,
                check="failing-function",
                title=f"Function {function.name}: {failed:.0%} of its calls fail",
                remedy=Remedy(Action.REVIEW),
                evidence=(
                    ("Failed", f"{errors.average:,.0f} of {calls.average:,.0f} calls a day"),
                    ("Time limit", f"{function.timeout_s} s"),
                ),
                part=failed,
            )
