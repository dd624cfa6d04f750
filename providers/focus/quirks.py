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
    Quirk("FOCUS 1.3", "ServiceProviderName", "takes the place of ProviderName", "ProviderName"),
    Quirk("FOCUS 1.3", "HostProviderName", "stands where ServiceProviderName is missing", "ProviderName"),
    Quirk("any", "ServiceName", "missing, where ServiceCategory is there", "ServiceCategory"),
    Quirk(
        "any", "EffectiveCost, ListCost, ContractedCost", "the column is missing", "BilledCost, and a warning says so"
    ),
    Quirk("any", "ChargeCategory", "the column is missing", "Usage"),
    Quirk(
        "AWS, Microsoft",
        "ProviderName",
        "`Amazon Web Services`, `Microsoft Azure`, `Azure`",
        "`AWS`, `Microsoft`",
        "CASE lower({raw}) WHEN 'amazon web services' THEN 'AWS' WHEN 'amazon web services, inc.' THEN 'AWS'"
        " WHEN 'microsoft azure' THEN 'Microsoft' WHEN 'azure' THEN 'Microsoft' ELSE {raw} END",
    ),
    Quirk(
        "FOCUS 1.0 sample (Microsoft)",
        "ChargeFrequency",
        "`Usage-based`",
        "`Usage-Based`",
        "CASE WHEN lower({raw}) = 'usage-based' THEN 'Usage-Based' ELSE {raw} END",
    ),
    Quirk(
        "FOCUS 1.0 sample (Microsoft)",
        "AvailabilityZone",
        "a price",
        "no value",
        "CASE WHEN TRY_CAST({raw} AS DOUBLE) IS NULL OR length({raw}) = 1 THEN {raw} END",
    ),
    Quirk("any", "BillingCurrency", "lower case", "upper case", "upper({raw})"),
    Quirk("FOCUS 1.0 sample (AWS)", "EffectiveCost", "rounded to whole numbers", "as it is written"),
    Quirk("any", "x_… and columns nobody knows", "anything", "kept, as text, in `x_extra`"),
)

EXPRESSIONS = {quirk.column: quirk.sql for quirk in TABLE if quirk.sql}
ALIASES = {"ServiceProviderName": "ProviderName", "HostProviderName": "ProviderName"}
