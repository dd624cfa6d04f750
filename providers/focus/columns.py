"""The columns that are kept, by their FOCUS names, with the kind of value each holds."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum


class Kind(Enum):
    """How a column's text becomes a value."""

    TEXT = "VARCHAR"
    COST = "DECIMAL(38,12)"  # twelve decimals: the finest that any provider's export was seen to write is eleven
    NUMBER = "DOUBLE"
    TIME = "TIMESTAMP"  # UTC
    TAGS = "MAP(VARCHAR, VARCHAR)"


NEEDED = ("BilledCost", "BillingCurrency", "BillingAccountId", "BillingPeriodStart", "ChargePeriodStart", "ServiceName")
COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")

COLUMNS: Mapping[str, Kind] = {
    **dict.fromkeys(COSTS, Kind.COST),
    **dict.fromkeys(("BillingPeriodStart", "BillingPeriodEnd", "ChargePeriodStart", "ChargePeriodEnd"), Kind.TIME),
    **dict.fromkeys(
        (
            *("BillingAccountId", "BillingAccountName", "BillingCurrency", "SubAccountId", "SubAccountName"),
            *("ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "InvoiceId"),
            *("ProviderName", "PublisherName", "InvoiceIssuerName", "ServiceCategory", "ServiceName"),
            *("RegionId", "RegionName", "AvailabilityZone", "ResourceId", "ResourceName", "ResourceType"),
            *("SkuId", "SkuPriceId", "SkuMeter", "PricingCategory", "PricingUnit", "ConsumedUnit"),
            *("CommitmentDiscountId", "CommitmentDiscountName", "CommitmentDiscountType"),
            *("CommitmentDiscountCategory", "CommitmentDiscountStatus", "CapacityReservationStatus"),
        ),
        Kind.TEXT,
    ),
    **dict.fromkeys(("PricingQuantity", "ConsumedQuantity", "ListUnitPrice", "ContractedUnitPrice"), Kind.NUMBER),
    "Tags": Kind.TAGS,
}
