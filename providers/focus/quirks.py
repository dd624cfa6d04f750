"""What providers really write where the specification says something else, and what is read of it: one table.

Each quirk is an SQL expression over the raw value ``{raw}``; the documentation's table is made of the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quirk:
    """One habit: where it was seen, what is written, what is read, and how (SQL; empty where the reader does it)."""

    where: str
    column: str
    seen: str
    read_as: str
    sql: str = ""


TABLE = (
    Quirk("FOCUS 1.0 sample (all)", "any", "`NULL` as a word, or nothing", "no value"),
    Quirk("FOCUS 1.0 sample (all)", "…PeriodStart, …PeriodEnd", "times without a zone", "UTC"),
    Quirk("Microsoft", "any", "column names in other cases and orders", "the column of the specification"),
    Quirk("FOCUS 1.3", "ServiceProviderName", "stands where ProviderName (deprecated) is missing", "ProviderName"),
    Quirk("FOCUS 1.3", "HostProviderName", "stands where ServiceProviderName is missing too", "ProviderName"),
    Quirk("any", "ServiceName", "the column is missing, where ServiceCategory is there", "ServiceCategory"),
    Quirk("Microsoft (EA Marketplace, MCA purchases)", "ServiceName", "a cell of it is empty", "PublisherName"),
    Quirk(
        "any",
        "EffectiveCost, ListCost, ContractedCost",
        "the column is missing, or a cell of it is empty",
        "BilledCost, and a warning says so",
    ),
    Quirk("any", "ChargeCategory", "the column is missing, or a cell of it is empty", "Usage"),
    Quirk(
        "AWS, Microsoft",
        "ProviderName",
        "`Amazon Web Services`, `Amazon Web Services, Inc.`, `Microsoft Azure`, `Microsoft Corporation`, `Azure`",
        "`AWS`, `Microsoft`",
        "CASE WHEN {raw} IN ('AWS', 'Microsoft') THEN {raw}"
        " WHEN lower({raw}) IN ('aws', 'amazon web services', 'amazon web services, inc.') THEN 'AWS'"
        " WHEN lower({raw}) IN ('microsoft', 'microsoft azure', 'microsoft corporation', 'azure') THEN 'Microsoft'"
        " ELSE {raw} END",
    ),
    Quirk(
        "FOCUS 1.0 sample (Microsoft)",
        "ChargeFrequency",
        "`Usage-based`",
        "`Usage-Based`",
        "CASE lower({raw}) WHEN 'usage-based' THEN 'Usage-Based' ELSE {raw} END",
    ),
    Quirk(
        "FOCUS 1.0 sample (Microsoft)",
        "AvailabilityZone",
        "a price",
        "no value",
        "CASE WHEN TRY_CAST({raw} AS DOUBLE) IS NULL OR length({raw}) = 1 THEN {raw} END",
    ),
    Quirk(
        "Microsoft",
        "ResourceId",
        "one resource in several cases",
        "lower case, if it begins with `/subscriptions/`",
        "CASE WHEN starts_with({raw}, '/') AND starts_with(lower({raw}), '/subscriptions/')"
        " THEN lower({raw}) ELSE {raw} END",
    ),
    Quirk("any", "BillingCurrency", "lower case", "upper case", "upper({raw})"),
    Quirk("any", "Tags", "JSON text, a map, or a list of key and value", "a map"),
    Quirk("any", "Tags", "text that is no JSON object, or a key twice", "no tags; the text stays in `x_extra`"),
    Quirk(
        "FOCUS 1.0 sample (AWS)",
        "EffectiveCost",
        "rounded to whole numbers",
        "as it is written, and a warning says to ask for BilledCost",
    ),
    Quirk(
        "any",
        "BilledCost, EffectiveCost, ListCost, ContractedCost",
        "more than 20 decimals",
        "rounded there, and a warning says so; the text stays in `x_extra`",
    ),
    Quirk("any", "x_… and columns nobody knows", "anything", "kept, as text, in `x_extra`"),
)

EXPRESSIONS = {quirk.column: quirk.sql for quirk in TABLE if quirk.sql}
ALIASES = {"ServiceProviderName": "ProviderName", "HostProviderName": "ProviderName"}
