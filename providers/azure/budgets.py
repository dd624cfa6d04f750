"""Budgets that are set in Cost Management itself; Azure evaluates them once a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

from azure.core.exceptions import AzureError
from azure.mgmt.costmanagement import CostManagementClient

from analysis.budgets import Budget
from analysis.counting import so_many
from analysis.money import Money
from providers.azure.connection import Connection, refusal

PERIODS = {"monthly": "month", "quarterly": "quarter", "annually": "year"}
DIMENSIONS = {"resourcelocation": "region"}  # of a filter that a scope of ours says too
WORKERS = 8


def budgets(connection: Connection, scopes: Mapping[str, str]) -> tuple[list[Budget], list[str]]:
    """The cost budgets of some scopes, and what was left out of them.

    ``scopes`` gives the account (FOCUS SubAccountId) of each, empty for a billing account. Those of usage, of a billing
    month of their own, and with filters that a scope of ours cannot say are left out, and said.
    """
    client = connection.client(CostManagementClient)

    def ask(scope: str) -> tuple[str, Sequence[Any], str]:
        try:
            return scope, list(client.budgets.list(scope.strip("/"))), ""
        except AzureError as error:
            return scope, (), refusal(error)

    found: list[Budget] = []
    told: list[str] = []
    refused: dict[str, int] = {}
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="azure-budgets") as pool:
        for scope, listed, why in pool.map(ask, sorted(scopes)):
            if why:
                refused[why] = refused.get(why, 0) + 1
            for one in listed:
                made = _budget(one, scopes[scope])
                if isinstance(made, Budget):
                    found.append(made)
                else:
                    told.append(f"Azure budget {one.name} is left out: {made}")
    told += [f"budgets of {so_many(count, 'scope')}: {why}" for why, count in refused.items()]
    return found, told


def _budget(one: Any, account: str) -> Budget | str:  # noqa: ANN401
    said = one.properties
    category, grain = _word(said.category or "Cost"), _word(said.time_grain or "")
    if category != "cost":
        return f"it is about {category}, not cost"
    if grain not in PERIODS:
        return f"its period is {grain or 'not told'}"
    spent = said.current_spend
    if said.amount is None or spent is None or not spent.unit:
        return "Azure does not tell its currency yet"
    where = _where(said.filter)
    if isinstance(where, str):
        return where
    return Budget(str(one.name), Money(Decimal(str(said.amount)), str(spent.unit)), account, PERIODS[grain], where)


def _word(value: object) -> str:
    """What a word of the SDK's own lists is called."""
    return str(getattr(value, "value", value)).lower()


def _where(filter_: Any) -> dict[str, str] | str:  # noqa: ANN401
    """A filter in the words of a scope; or why it cannot be said."""
    if filter_ is None:
        return {}
    where: dict[str, str] = {}
    for part in filter_.and_property or (filter_,):
        for kind, expression in (("dimension", part.dimensions), ("tag", part.tags)):
            if expression is None:
                continue
            name, values = str(expression.name), list(expression.values_property)
            key = name if kind == "tag" else DIMENSIONS.get(name.lower(), "")
            if not key or len(values) != 1:
                return f"its filter by {name} is not one that a scope can say"
            where[key] = str(values[0])
    return where
