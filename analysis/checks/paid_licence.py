"""Paid licences: Windows and SQL Server by the hour, where licences that one owns would do.

Azure: Azure Hybrid Benefit for virtual machines, SQL Server on them, SQL databases and managed instances.
FinOps capability: Licensing and SaaS.
"""

from __future__ import annotations

from collections.abc import Iterator

from analysis.checks import check
from analysis.estate import Computer, Estate, Machine
from analysis.findings import Action, Finding, Remedy
from analysis.kinds import SqlMachine

WINDOWS = r"Windows"  # "Reservation-Windows Svr (4 Core)"
SQL = r"SQL|vCPU VM Licen[cs]e"


@check("paid-licence", serves=("az.vm.ahb", "az.sqlvm.ahb", "az.sqldb.ahb"))
def paid_licence(estate: Estate, *, owned: bool = False, min_monthly: float = 5.0) -> Iterator[Finding | None]:
    """Yield each machine and database whose licence is billed ``min_monthly`` by the hour.

    Priced from the rows of the licence where the bill tells them, else at the part of its rows by which its size lists
    for more than the same without a licence (Azure's price list). Whether a company owns licences with Software
    Assurance no API tells: until a deployment says ``owned``, nothing is claimed and the amount stands beside it. The
    FinOps toolkit and Azure Advisor ask the same of each.
    """
    things: tuple[Computer | SqlMachine, ...] = (*estate.of(Computer), *estate.of(SqlMachine))
    for one in things:
        meters = WINDOWS if isinstance(one, Machine) else SQL
        bill = estate.bill(one)
        if one.licence != "included" or bill is None:
            continue
        part = 1.0
        if not bill.part(meters).effective:
            meters, part = "", one.saves(one.unlicensed) if isinstance(one, Computer) else 0.0
        paid = ((bill.part(meters) if meters else bill.whole).effective * part).cents()
        if float(paid) < min_monthly:
            continue
        what = "Windows" if isinstance(one, Machine) else "SQL Server"
        told = (("Licence", f"{what}, {paid} of its bill a month"), ("Owned", "yes" if owned else UNKNOWN))
        title = f"{one.name} pays for {what} by the hour"
        remedy = Remedy(Action.BRING_LICENCE)
        if owned:
            yield Finding.priced(
                one, estate, check="paid-licence", title=title, remedy=remedy, evidence=told, part=part, meters=meters
            )
        else:
            yield Finding.seen(one, estate, check="paid-licence", title=title, remedy=remedy, evidence=told)


UNKNOWN = "not known; set `owned = true` under [checks.paid-licence] if you have Software Assurance"
