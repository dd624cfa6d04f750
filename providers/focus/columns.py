"""The columns that are kept, by their FOCUS names, with the kind of value each holds."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

DECIMALS = 20  # of a cost; the finest export seen writes 11, but a binary double of 17 digits can need this many
LARGEST = 100_000_000_000_000  # cost of one row, in any currency: sums of thousands fit
LARGEST_COST = f"{LARGEST}::DECIMAL(38,{DECIMALS})"  # as SQL


class Kind(Enum):
    """How a column's text becomes a value."""

    TEXT = "VARCHAR"
    COST = f"DECIMAL(38,{DECIMALS})"
    NUMBER = "DECIMAL(38, 18)"  # quantities and unit prices: exact sums, whichever engine adds
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
