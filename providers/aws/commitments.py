"""The ends of commitments: savings plans and reservations, where the bill names them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from analysis.commitments import Term
from analysis.errors import NotReadable
from providers.aws.connection import HOME, Connection, refusal

ARN = re.compile(r"arn:[a-z-]+:(?P<service>[a-z0-9-]+):(?P<region>[a-z0-9-]*):(?P<account>[0-9]{12}):.+")
STATES = ("active", "retired", "queued", "payment-pending")


def terms(connection: Connection, ids: Iterable[str]) -> tuple[list[Term], list[str]]:
    """The commitments that the bill names with their first and last days, and what could not be read.

    ``ids`` are FOCUS CommitmentDiscountIds: their ARNs say which service, account and region to ask.
    """
    found: dict[str, Term] = {}
    failed: list[str] = []
    for service, region, account in sorted({place for name in ids if (place := _place(name))}):
        asked = READERS.get(service)
        if asked is None:
            continue
        own = account == connection.identity()
        try:
            client = connection.client(CLIENTS.get(service, service), account="" if own else account, region=region)
            found |= {term.id.lower(): term for term in asked(client, region, account)}
        except (ClientError, BotoCoreError) as error:
            failed.append(f"commitments of {service} in account {account}: {refusal(error)}")
        except NotReadable as error:
            failed.append(f"commitments of {service} in account {account}: {error.why}")
    return list(found.values()), failed


def _place(name: str) -> tuple[str, str, str] | None:
    matched = ARN.fullmatch(name)
    return (matched["service"], matched["region"] or HOME, matched["account"]) if matched else None


def _plans(client: Any, _region: str, _account: str) -> Iterator[Term]:  # noqa: ANN401
    token: dict[str, str] = {}
    while True:
        page = client.describe_savings_plans(**token)
        for plan in page.get("savingsPlans", ()):
            if plan.get("state") in STATES and plan.get("start") and plan.get("end"):
                name = f"{plan.get('savingsPlanType', '')} savings plan, {plan.get('paymentOption', '')}".strip(", ")
                yield Term(plan["savingsPlanArn"], name, _day(plan["start"]), _day(plan["end"]))
        if not page.get("nextToken") or page["nextToken"] == token.get("nextToken"):
            return
        token = {"nextToken": page["nextToken"]}


def _machines(client: Any, region: str, account: str) -> Iterator[Term]:  # noqa: ANN401
    for one in client.describe_reserved_instances().get("ReservedInstances", ()):
        arn = f"arn:aws:ec2:{region}:{account}:reserved-instances/{one['ReservedInstancesId']}"
        name = f"{one['InstanceCount']} × {one['InstanceType']}, {one.get('OfferingType', '')}"
        yield Term(arn, name, one["Start"].astimezone(UTC).date(), one["End"].astimezone(UTC).date())


def _listed(operation: str, key: str, arn: str, kind: str, count: str) -> Callable[[Any, str, str], Iterator[Term]]:
    """A reader of reservations that are listed by start and duration in seconds."""

    def read(client: Any, region: str, account: str) -> Iterator[Term]:  # noqa: ANN401
        for page in client.get_paginator(operation).paginate():
            for one in page.get(key, ()):
                start: datetime = one["StartTime"].astimezone(UTC)
                ends = start + timedelta(seconds=one["Duration"])
                name = f"{one.get(count, 1)} × {one[kind]}, {one.get('OfferingType', one.get('PaymentOption', ''))}"
                id_ = one.get(arn, "")
                service = client.meta.service_model.endpoint_prefix
                full = id_ if id_.startswith("arn:") else f"arn:aws:{service}:{region}:{account}:reserved/{id_}"
                yield Term(full, name, start.date(), ends.date())

    return read


READERS: Mapping[str, Callable[[Any, str, str], Iterator[Term]]] = {
    "savingsplans": _plans,
    "ec2": _machines,
    "rds": _listed(
        "describe_reserved_db_instances",
        "ReservedDBInstances",
        "ReservedDBInstanceArn",
        "DBInstanceClass",
        "DBInstanceCount",
    ),
    "elasticache": _listed(
        "describe_reserved_cache_nodes", "ReservedCacheNodes", "ReservationARN", "CacheNodeType", "CacheNodeCount"
    ),
    "redshift": _listed("describe_reserved_nodes", "ReservedNodes", "ReservedNodeId", "NodeType", "NodeCount"),
    "es": _listed(
        "describe_reserved_instances", "ReservedInstances", "ReservedInstanceId", "InstanceType", "InstanceCount"
    ),
    "memorydb": _listed("describe_reserved_nodes", "ReservedNodes", "ARN", "NodeType", "NodeCount"),
}
CLIENTS = {"es": "opensearch"}  # where the name in an ARN is not that of the client


def _day(text: str) -> date:
    return datetime.fromisoformat(text).astimezone(UTC).date()
