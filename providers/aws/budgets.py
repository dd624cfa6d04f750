"""Budgets that are set in AWS itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from analysis.budgets import Budget
from analysis.money import Money
from providers.aws.connection import Connection, refusal

PERIODS = {"MONTHLY": "month", "QUARTERLY": "quarter", "ANNUALLY": "year", "YEARLY": "year"}
SCOPES = {"Service": "service", "Region": "region"}  # CostFilters that a scope of ours says too


def budgets(connection: Connection) -> tuple[list[Budget], list[str]]:
    """The cost budgets of the hub's account, and what was left out of them.

    Those by the day, of usage, and with filters that a scope cannot say are left out, and said.
    """
    home = connection.identity()
    found: list[Budget] = []
    told: list[str] = []
    try:
        pages = connection.client("budgets").get_paginator("describe_budgets").paginate(AccountId=home)
        for one in (one for page in pages for one in page.get("Budgets", ())):
            made = _budget(one)
            if isinstance(made, str):
                told.append(f"AWS budget {one['BudgetName']} is left out: {made}")
            else:
                found.append(made)
    except (ClientError, BotoCoreError) as error:
        told.append(f"AWS Budgets: {refusal(error)}")
    return found, told


def _budget(one: Mapping[str, Any]) -> Budget | str:
    if one.get("BudgetType") != "COST":
        return f"it is about {str(one.get('BudgetType', 'something else')).lower().replace('_', ' ')}, not cost"
    period = PERIODS.get(one.get("TimeUnit", ""))
    limit = one.get("BudgetLimit")
    if period is None or not limit:
        return f"its period is {str(one.get('TimeUnit')).lower()}" if limit else "it has a limit of its own each month"
    filters: Mapping[str, Sequence[str]] = one.get("CostFilters") or {}
    if one.get("FilterExpression"):
        return "its filter is an expression"
    where: dict[str, str] = {}
    account = ""
    for name, values in filters.items():
        if name == "LinkedAccount" and len(values) == 1:
            account = values[0]
        elif name in SCOPES and len(values) == 1:
            where[SCOPES[name]] = values[0]
        elif name == "TagKeyValue" and len(values) == 1 and "$" in values[0]:
            key, _, value = values[0].removeprefix("user:").partition("$")
            where[key] = value
        else:
            return f"its filter by {name} is not one that a scope can say"
    return Budget(str(one["BudgetName"]), Money.of(limit["Amount"], limit["Unit"]), account, period, where)
