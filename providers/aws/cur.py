"""Cost and usage reports as FOCUS: CUR 2.0 of Data Exports, and the legacy report as CSV or Parquet.

One statement of DuckDB a delivery. Rows keep their unblended cost as BilledCost, so that both add up to the same
invoice to the last digit; EffectiveCost is the amortised cost by AWS's own columns ("Understanding your amortized
reservation data", "Understanding Savings Plans" in the CUR user guide).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from analysis.errors import BadData
from providers.focus.columns import DECIMALS
from providers.sql import literal, quoted

MEMORY = "2GB"
MONEY = f"DECIMAL(38,{DECIMALS})"
NEEDED = {
    "line_item_usage_start_date": "the report must be of time granularity DAILY or HOURLY",
    "line_item_unblended_cost": "",
    "line_item_line_item_type": "",
    "line_item_usage_account_id": "",
    "bill_billing_period_start_date": "",
}
TAGS = ("resource_tags_user_", "resource_tags_aws_", "resource_tags_")  # columns of the legacy report, one a key
UPPER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
SERVICES = {  # FOCUS ServiceName as AWS's own FOCUS export writes it, by product code
    "AmazonEC2": "Amazon Elastic Compute Cloud",
    "AmazonS3": "Amazon Simple Storage Service",
    "AmazonRDS": "Amazon Relational Database Service",
    "AWSLambda": "AWS Lambda",
    "AmazonDynamoDB": "Amazon DynamoDB",
    "AmazonVPC": "Amazon Virtual Private Cloud",
    "AmazonCloudFront": "Amazon CloudFront",
    "AWSELB": "Elastic Load Balancing",
    "AmazonElastiCache": "Amazon ElastiCache",
    "AmazonEKS": "Amazon Elastic Kubernetes Service",
    "AmazonECS": "Amazon Elastic Container Service",
    "AmazonECR": "Amazon EC2 Container Registry (ECR)",
    "AmazonES": "Amazon OpenSearch Service",
    "AmazonRedshift": "Amazon Redshift",
    "AmazonEFS": "Amazon Elastic File System",
    "AmazonSageMaker": "Amazon SageMaker",
    "AmazonWorkSpaces": "Amazon WorkSpaces",
    "AWSSecretsManager": "AWS Secrets Manager",
    "AWSCloudTrail": "AWS CloudTrail",
    "AmazonRoute53": "Amazon Route 53",
    "AmazonApiGateway": "Amazon API Gateway",
    "ElasticMapReduce": "Amazon Elastic MapReduce",
    "AWSQueueService": "Amazon Simple Queue Service",
    "ComputeSavingsPlans": "Savings Plans for AWS Compute usage",
}


def as_focus(files: Sequence[Path], target: Path) -> Path:
    """Write the rows of one delivery as one FOCUS Parquet file; gives back ``target``.

    Raises:
        BadData: a column is missing, or a file cannot be read; names it, and the setting of the report.
    """
    with duckdb.connect() as connection:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        connection.execute(f"SET memory_limit = '{MEMORY}'")
        connection.execute(f"SET temp_directory = {literal(target.parent / '.spill')}")
        connection.execute("SET preserve_insertion_order = false")
        try:
            raw = _raw(connection, files)
            columns = Columns(connection, raw)
            aside = target.with_name(f".{target.name}")
            connection.execute(
                f"COPY ({_statement(columns, raw)}) TO {literal(aside)} (FORMAT parquet, COMPRESSION zstd)"
            )
        except duckdb.Error as error:
            raise BadData(f"{files[0].name}: cannot be read as a cost and usage report: {error}") from None
    aside.replace(target)
    return target


class Columns:
    """The columns of a report by their names in CUR 2.0, whichever report they are of."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, raw: str) -> None:
        described = connection.execute(f"DESCRIBE SELECT * FROM {raw}").fetchall()
        self.kinds = {str(name): str(kind) for name, kind, *_ in described}
        self.named = {_snake(name): name for name in self.kinds}
        for name, advice in NEEDED.items():
            if name not in self.named:
                raise BadData(f"a cost and usage report without the column {name}{': ' + advice if advice else ''}")

    def text(self, name: str) -> str:
        """A column as text, nothing where it is empty or not there."""
        raw = self.named.get(name)
        return f"nullif(CAST({quoted(raw)} AS VARCHAR), '')" if raw else "NULL::VARCHAR"

    def money(self, name: str) -> str:
        """A column as money, read from its text; 0 where it is empty or not there."""
        return f"coalesce(TRY_CAST({self.text(name)} AS {MONEY}), 0)" if name in self.named else f"0::{MONEY}"

    def number(self, name: str) -> str:
        """A column as a number."""
        return f"TRY_CAST({self.text(name)} AS DOUBLE)"

    def time(self, name: str) -> str:
        """A column as a UTC moment."""
        return f"CAST(CAST({self.text(name)} AS TIMESTAMPTZ) AS TIMESTAMP)" if name in self.named else "NULL::TIMESTAMP"

    def inside(self, column: str, key: str) -> str:
        """One key of a map (CUR 2.0 in Parquet) or of a JSON text (CUR 2.0 in CSV), or its own column (legacy)."""
        if f"{column}_{key}" in self.named:
            return self.text(f"{column}_{key}")
        raw = self.named.get(column)
        if raw is None:
            return "NULL::VARCHAR"
        if self.kinds[raw].startswith("MAP"):
            return f"nullif({quoted(raw)}[{literal(key)}], '')"
        return f"nullif(json_extract_string(TRY_CAST({quoted(raw)} AS JSON), {literal('$.' + key)}), '')"

    def tags(self) -> str:
        """The tags of users, without ``user_`` and ``user:``, as a map."""
        raw = self.named.get("resource_tags")
        if raw is not None:
            pairs = (
                f"map_entries({quoted(raw)})"
                if self.kinds[raw].startswith("MAP")
                else f"map_entries(TRY_CAST(TRY_CAST({quoted(raw)} AS JSON) AS MAP(VARCHAR, VARCHAR)))"
            )
            plain = "regexp_replace(pair.key, '^user[_:]', '')"
            made = f"list_transform({pairs}, lambda pair: {{'key': {plain}, 'value': pair.value}})"
        else:
            keys = {name: key for name in self.kinds if (key := _tag_key(name))}
            if not keys:
                return "NULL::MAP(VARCHAR, VARCHAR)"
            listed = ", ".join(
                f"{{'key': {literal(key)}, 'value': CAST({quoted(name)} AS VARCHAR)}}" for name, key in keys.items()
            )
            made = f"[{listed}]"
        kept = f"list_filter({made}, lambda pair: pair.value IS NOT NULL AND pair.value <> '')"
        return f"map_from_entries({kept})"


def _raw(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> str:
    """The rows of all files as a view."""
    names = "[" + ", ".join(literal(file) for file in files) + "]"
    if files[0].name.endswith(".parquet"):
        source = f"read_parquet({names}, union_by_name = true)"
    else:
        source = (
            f"read_csv({names}, all_varchar = true, header = true, union_by_name = true, quote = '\"', escape = '\"')"
        )
    connection.execute(f"CREATE VIEW raw AS SELECT * FROM {source}")
    return "raw"


def _snake(name: str) -> str:
    """``lineItem/UsageStartDate`` as CUR 2.0 writes it."""
    return UPPER.sub("_", name.replace("/", "_").replace(":", "_")).replace("__", "_").lower()


def _tag_key(name: str) -> str:
    """The key of a legacy report's tag column; empty if it is none."""
    if name.startswith("resourceTags/"):
        key = name.removeprefix("resourceTags/")
        return "" if key.startswith("aws:") else key.removeprefix("user:")
    lower = name.lower()
    return lower.removeprefix(TAGS[0]) if lower.startswith(TAGS[0]) else ""


def _statement(at: Columns, raw: str) -> str:
    """Every row once; a commitment's fee twice: as what is invoiced, and as the part of it that nothing used."""
    kind = at.text("line_item_line_item_type")
    unblended = at.money("line_item_unblended_cost")
    plan, reserved = at.text("savings_plan_savings_plan_a_r_n"), at.text("reservation_reservation_a_r_n")
    unused = (
        f"CASE {kind} WHEN 'SavingsPlanRecurringFee' THEN {at.money('savings_plan_total_commitment_to_date')}"
        f" - {at.money('savings_plan_used_commitment')}"
        f" WHEN 'RIFee' THEN {at.money('reservation_unused_amortized_upfront_fee_for_billing_period')}"
        f" + {at.money('reservation_unused_recurring_fee')} ELSE 0 END"
    )
    effective = (
        f"CASE {kind} WHEN 'SavingsPlanCoveredUsage' THEN {at.money('savings_plan_savings_plan_effective_cost')}"
        f" WHEN 'DiscountedUsage' THEN {at.money('reservation_effective_cost')}"
        " WHEN 'SavingsPlanNegation' THEN 0 WHEN 'SavingsPlanRecurringFee' THEN 0 WHEN 'SavingsPlanUpfrontFee' THEN 0"
        f" WHEN 'RIFee' THEN 0 WHEN 'Fee' THEN CASE WHEN {reserved} IS NULL THEN {unblended} ELSE 0 END"
        f" ELSE {unblended} END"
    )
    category = (
        f"CASE {kind} WHEN 'Usage' THEN 'Usage' WHEN 'DiscountedUsage' THEN 'Usage'"
        " WHEN 'SavingsPlanCoveredUsage' THEN 'Usage' WHEN 'SavingsPlanNegation' THEN 'Usage'"
        " WHEN 'SavingsPlanRecurringFee' THEN 'Purchase' WHEN 'SavingsPlanUpfrontFee' THEN 'Purchase'"
        " WHEN 'RIFee' THEN 'Purchase' WHEN 'Fee' THEN 'Purchase' WHEN 'Tax' THEN 'Tax' WHEN 'Credit' THEN 'Credit'"
        " WHEN 'Refund' THEN 'Credit' ELSE 'Adjustment' END"
    )
    listed = at.money("pricing_public_on_demand_cost")
    covered = f"{kind} IN ('DiscountedUsage', 'SavingsPlanCoveredUsage')"
    cost = {
        "BilledCost": unblended,
        "EffectiveCost": effective,
        "ListCost": f"CASE {kind} WHEN 'SavingsPlanNegation' THEN 0 ELSE CASE {category} WHEN 'Usage' THEN {listed}"
        f" ELSE {unblended} END END",
        "ContractedCost": f"CASE {kind} WHEN 'SavingsPlanNegation' THEN 0 ELSE {unblended} END",
    }
    used = {
        "ChargeCategory": category,
        "PricingCategory": f"CASE WHEN {covered} THEN 'Committed'"
        f" WHEN {at.text('line_item_usage_type')} LIKE '%SpotUsage%' THEN 'Dynamic'"
        f" WHEN {kind} = 'Usage' THEN 'Standard' END",
        "CommitmentDiscountStatus": f"CASE WHEN {covered} THEN 'Used' END",
    }
    idle = {"BilledCost": "0", "EffectiveCost": unused, "ListCost": "0", "ContractedCost": "0"}
    idled = {"ChargeCategory": "'Usage'", "PricingCategory": "'Committed'", "CommitmentDiscountStatus": "'Unused'"}
    common = _common(at, plan, reserved)
    return (
        f"{_select(cost, used, common, raw)} UNION ALL"
        f" {_select(idle, idled, common, raw)} WHERE {kind} IN ('SavingsPlanRecurringFee', 'RIFee') AND {unused} > 0"
    )


def _select(cost: Mapping[str, str], said: Mapping[str, str], common: Mapping[str, str], raw: str) -> str:
    columns = [f"CAST({sql} AS {MONEY}) AS {name}" for name, sql in cost.items()]
    columns += [f"{sql} AS {name}" for name, sql in {**said, **common}.items()]
    return f"SELECT {', '.join(columns)} FROM {raw}"


def _common(at: Columns, plan: str, reserved: str) -> dict[str, str]:
    """What does not depend on how a row is counted."""
    code, account = at.text("line_item_product_code"), at.text("line_item_usage_account_id")
    known = " ".join(f"WHEN {literal(key)} THEN {literal(name)}" for key, name in SERVICES.items())
    service = f"CASE {code} {known} ELSE coalesce({at.inside('product', 'product_name')}, {code}, 'AWS') END"
    return {
        "BillingAccountId": at.text("bill_payer_account_id"),
        "BillingAccountName": at.text("bill_payer_account_name"),
        "BillingCurrency": f"coalesce({at.text('line_item_currency_code')}, 'USD')",
        "BillingPeriodStart": at.time("bill_billing_period_start_date"),
        "BillingPeriodEnd": at.time("bill_billing_period_end_date"),
        "ChargePeriodStart": at.time("line_item_usage_start_date"),
        "ChargePeriodEnd": at.time("line_item_usage_end_date"),
        "ChargeDescription": at.text("line_item_line_item_description"),
        "InvoiceId": at.text("bill_invoice_id"),
        "ProviderName": "'AWS'",
        "PublisherName": f"coalesce({at.text('line_item_legal_entity')}, 'Amazon Web Services, Inc.')",
        "InvoiceIssuerName": f"coalesce({at.text('bill_invoicing_entity')}, 'Amazon Web Services, Inc.')",
        "SubAccountId": account,
        "SubAccountName": f"coalesce({at.text('line_item_usage_account_name')}, {account})",
        "ServiceName": service,
        "RegionId": f"coalesce({at.text('product_region_code')}, {at.inside('product', 'region')})",
        "AvailabilityZone": at.text("line_item_availability_zone"),
        "ResourceId": at.text("line_item_resource_id"),
        "SkuId": at.text("product_sku"),
        "SkuMeter": at.text("line_item_usage_type"),
        "ConsumedQuantity": at.number("line_item_usage_amount"),
        "ConsumedUnit": at.text("pricing_unit"),
        "PricingQuantity": at.number("line_item_usage_amount"),
        "PricingUnit": at.text("pricing_unit"),
        "CommitmentDiscountId": f"coalesce({plan}, {reserved})",
        "CommitmentDiscountType": f"CASE WHEN {plan} IS NOT NULL THEN coalesce("
        f"{at.text('savings_plan_offering_type')}, 'Savings Plan') WHEN {reserved} IS NOT NULL THEN 'Reservation' END",
        "CommitmentDiscountCategory": f"CASE WHEN {plan} IS NOT NULL THEN 'Spend' WHEN {reserved} IS NOT NULL"
        " THEN 'Usage' END",
        "Tags": at.tags(),
    }
