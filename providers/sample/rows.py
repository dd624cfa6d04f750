"""Rows: what was used, written as FOCUS 1.2 has it. Money is whole numbers of 10⁻¹⁰ until it becomes a decimal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from analysis.periods import Period
from providers.sample import company
from providers.sample.cast import Thing
from providers.sample.company import AWS
from providers.sample.days import Meters

GRAIN = 10_000_000_000  # quantity (10⁻⁴) × price (10⁻⁶)
ROWS_AT_ONCE = 150_000
MONEY, QUANTITY, PRICE = pa.decimal128(28, 10), pa.decimal128(28, 4), pa.decimal128(18, 6)
MOMENT = pa.timestamp("us", tz="UTC")
WORD = pa.dictionary(pa.int32(), pa.string())

COSTS = ("BilledCost", "EffectiveCost", "ListCost", "ContractedCost")
COLUMNS: Mapping[str, pa.DataType] = {
    "BillingAccountId": WORD,
    "BillingAccountName": WORD,
    "BillingAccountType": WORD,
    "BillingCurrency": WORD,
    "PricingCurrency": WORD,
    "BillingPeriodStart": MOMENT,
    "BillingPeriodEnd": MOMENT,
    "ChargePeriodStart": MOMENT,
    "ChargePeriodEnd": MOMENT,
    "ChargeCategory": WORD,
    "ChargeClass": WORD,
    "ChargeDescription": WORD,
    "ChargeFrequency": WORD,
    "BilledCost": MONEY,
    "EffectiveCost": MONEY,
    "ListCost": MONEY,
    "ContractedCost": MONEY,
    "ListUnitPrice": PRICE,
    "ContractedUnitPrice": PRICE,
    "PricingCategory": WORD,
    "PricingQuantity": QUANTITY,
    "PricingUnit": WORD,
    "ConsumedQuantity": QUANTITY,
    "ConsumedUnit": WORD,
    "ProviderName": WORD,
    "PublisherName": WORD,
    "InvoiceIssuerName": WORD,
    "InvoiceId": WORD,
    "ServiceCategory": WORD,
    "ServiceSubcategory": WORD,
    "ServiceName": WORD,
    "SubAccountId": WORD,
    "SubAccountName": WORD,
    "SubAccountType": WORD,
    "RegionId": WORD,
    "RegionName": WORD,
    "AvailabilityZone": WORD,
    "ResourceId": WORD,
    "ResourceName": WORD,
    "ResourceType": WORD,
    "SkuId": WORD,
    "SkuPriceId": WORD,
    "SkuMeter": WORD,
    "CommitmentDiscountId": WORD,
    "CommitmentDiscountName": WORD,
    "CommitmentDiscountType": WORD,
    "CommitmentDiscountCategory": WORD,
    "CommitmentDiscountStatus": WORD,
    "CommitmentDiscountQuantity": QUANTITY,
    "CommitmentDiscountUnit": WORD,
    "Tags": WORD,
}
TAG_MAP = pa.map_(pa.string(), pa.string())


def schema(cloud: str) -> pa.Schema:
    """The columns of one cloud's files. AWS writes tags as a map (Parquet), Azure as a JSON text (CSV)."""
    tags = TAG_MAP if cloud == AWS else WORD
    return pa.schema([(name, tags if name == "Tags" else kind) for name, kind in COLUMNS.items()])


class Sheet:
    """What each meter's rows have in common, ready to be repeated for any day."""

    def __init__(self, cloud: str, meters: Meters) -> None:
        self.cloud, self.meters = cloud, meters
        facts = [
            described(thing, covered=bool(covered))
            for thing, covered in zip(meters.things, meters.covered, strict=True)
        ]
        names = facts[0].keys()
        self._common = {
            name: pa.array([fact[name] for fact in facts], pa.string()).dictionary_encode() for name in names
        }
        self._tags = _tags(cloud, [thing.spot.tags for thing in meters.things])

    def tables(self, month: Period, used: np.ndarray) -> Iterator[pa.Table]:
        """The rows of a month, a table for as many days as are handy at once; nothing used, no row."""
        step = max(1, ROWS_AT_ONCE // max(1, len(used)))
        for first in range(0, month.days, step):
            days, places = np.nonzero(used[:, first : first + step].T)
            if len(days):
                yield self._table(month, days + first, places, used[places, days + first])

    def _table(self, month: Period, days: np.ndarray, places: np.ndarray, units: np.ndarray) -> pa.Table:
        meters = self.meters
        listed, contracted = meters.listed[places], meters.contracted[places]
        covered = meters.covered[places]
        starts = _midnights(month.start, days)
        taken = pa.array(places, pa.int32())
        columns = {name: column.take(taken) for name, column in self._common.items()}
        columns |= {
            "BillingPeriodStart": _same_moment(month.start, len(days)),
            "BillingPeriodEnd": _same_moment(month.end, len(days)),
            "ChargePeriodStart": starts,
            "ChargePeriodEnd": _midnights(month.start, days + 1),
            "BilledCost": decimals(units * meters.paid[places], MONEY),
            "EffectiveCost": decimals(units * meters.worth[places], MONEY),
            "ListCost": decimals(units * listed, MONEY),
            "ContractedCost": decimals(units * contracted, MONEY),
            "ListUnitPrice": decimals(listed, PRICE),
            "ContractedUnitPrice": decimals(contracted, PRICE),
            "PricingQuantity": decimals(units, QUANTITY),
            "ConsumedQuantity": decimals(units, QUANTITY),
            "CommitmentDiscountQuantity": self._committed(covered, units, places),
            "Tags": self._tags.take(taken),
        }
        return pa.table([columns[name] for name in COLUMNS], schema=schema(self.cloud))

    def _committed(self, covered: np.ndarray, units: np.ndarray, places: np.ndarray) -> pa.Array:
        """How much of the commitment a row uses: dollars of a Spend commitment, units of a Usage one."""
        spends = self.meters.commitment.category == "Spend"
        amounts = units * self.meters.worth[places] // 1_000_000 if spends else units
        return decimals(amounts, QUANTITY, missing=~covered)


def described(thing: Thing, *, covered: bool) -> dict[str, str | None]:
    """The texts of a thing's usage rows."""
    offer, cloud = thing.offer, thing.spot.account.payer.cloud
    commitment = company.COMMITMENTS[cloud] if covered else None
    what = f"{thing.sku} {offer.kind}" if thing.steady else f"{offer.service} {offer.sku}"
    sku = f"{cloud}-{offer.kind}-{thing.sku}".replace(" ", "-").lower()
    return {
        **billed_by(thing.spot.account),
        "ChargeCategory": "Usage",
        "ChargeClass": None,
        "ChargeDescription": f"{what} in {thing.spot.region.name}" + (", covered" if covered else ""),
        "ChargeFrequency": "Usage-Based",
        "PricingCategory": "Committed" if covered else "Standard",
        "PricingUnit": offer.unit,
        "ConsumedUnit": offer.unit,
        "InvoiceId": None,
        "ServiceCategory": offer.category,
        "ServiceSubcategory": offer.subcategory,
        "ServiceName": offer.service,
        "RegionId": thing.spot.region.id,
        "RegionName": thing.spot.region.name,
        "AvailabilityZone": thing.spot.zone or None,
        "ResourceId": thing.id,
        "ResourceName": thing.spot.name,
        "ResourceType": offer.kind,
        "SkuId": sku,
        "SkuPriceId": f"{sku}-{thing.spot.region.id}",
        "SkuMeter": what,
        **committed_by(commitment, "Used"),
    }


def billed_by(account: company.Account) -> dict[str, str | None]:
    """Who pays, who sells, and for which account."""
    payer = account.payer
    return {
        "BillingAccountId": payer.id,
        "BillingAccountName": payer.name,
        "BillingAccountType": payer.kind,
        "BillingCurrency": payer.currency,
        "PricingCurrency": payer.currency,
        "ProviderName": company.PROVIDER_NAMES[payer.cloud],
        "PublisherName": company.PUBLISHERS[payer.cloud],
        "InvoiceIssuerName": company.PUBLISHERS[payer.cloud],
        "SubAccountId": account.id,
        "SubAccountName": account.name,
        "SubAccountType": account.kind,
    }


def committed_by(commitment: company.Commitment | None, status: str | None) -> dict[str, str | None]:
    """Which commitment a row belongs to."""
    if commitment is None:
        status = None
    return {
        "CommitmentDiscountId": commitment.id if commitment else None,
        "CommitmentDiscountName": commitment.name if commitment else None,
        "CommitmentDiscountType": commitment.kind if commitment else None,
        "CommitmentDiscountCategory": commitment.category if commitment else None,
        "CommitmentDiscountStatus": status,
        "CommitmentDiscountUnit": commitment.unit if commitment else None,
    }


def few(cloud: str, rows: list[dict[str, Any]]) -> pa.Table:
    """A table of a few rows, each a mapping of columns to plain values; what is not said is null."""
    kinds = {name: pa.string() if kind == WORD else kind for name, kind in COLUMNS.items() if name != "Tags"}
    columns = {name: pa.array([row.get(name) for row in rows], kind) for name, kind in kinds.items()}
    columns = {name: array.dictionary_encode() if COLUMNS[name] == WORD else array for name, array in columns.items()}
    columns["Tags"] = _tags(cloud, [{}] * len(rows))
    return pa.table([columns[name] for name in COLUMNS], schema=schema(cloud))


def exact(units: int) -> Decimal:
    """A sum of money as a decimal."""
    return Decimal(int(units)).scaleb(-10)


def midnight(day: date) -> datetime:
    """The moment a UTC day begins."""
    return datetime.combine(day, time(), UTC)


def decimals(units: np.ndarray, kind: pa.DataType, missing: np.ndarray | None = None) -> pa.Array:
    """Whole numbers of the last digit as a decimal column; without rounding, without a loop."""
    low = np.ascontiguousarray(units, dtype=np.int64)
    words = np.stack([low, low >> 63], axis=1)  # a 128-bit two's complement, little end first
    valid = None if missing is None else pa.py_buffer(np.packbits(~missing, bitorder="little").tobytes())
    return pa.Array.from_buffers(kind, len(low), [valid, pa.py_buffer(words.tobytes())])


def _tags(cloud: str, tags: list[Mapping[str, str]]) -> pa.Array:
    if cloud == AWS:
        return pa.array([list(one.items()) or None for one in tags], TAG_MAP)
    texts: Callable[[Mapping[str, str]], str | None] = lambda one: json.dumps(dict(one)) if one else None  # noqa: E731
    return pa.array([texts(one) for one in tags], pa.string()).dictionary_encode()


def _same_moment(day: date, count: int) -> pa.Array:
    return _midnights(day, np.zeros(count, dtype=np.int64))


def _midnights(start: date, days: np.ndarray) -> pa.Array:
    moments = np.datetime64(start, "us") + days * np.timedelta64(timedelta(days=1))
    return pa.array(moments.astype("datetime64[us]"), MOMENT)
