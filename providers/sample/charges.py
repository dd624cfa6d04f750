"""Charges that nobody uses: commitments and their unused part, fees, tax, credits, and what was put right later.

FOCUS 1.2: a commitment's purchase has an EffectiveCost of 0, since its Used and Unused rows carry it; a credit's
EffectiveCost is its BilledCost; a correction names an earlier period's charge period in a later billing period.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import numpy as np

from analysis.periods import Period, month_before
from providers.sample import company, rows
from providers.sample.cast import MILLION
from providers.sample.company import AWS, AZURE, Commitment
from providers.sample.days import Meters
from providers.sample.rows import exact, midnight

Row = dict[str, Any]
HOURS = 24
CREDIT_DAY, CREDIT = 3, Decimal(-1500)
CORRECTED_MONTHS = {AWS: 4, AZURE: 2}  # months before the report's in which an earlier one was put right
CORRECTION = {AWS: Decimal("-312.40"), AZURE: Decimal("87.15")}
ADJUSTED_MONTHS, ADJUSTMENT = 3, Decimal("-25.00")


class Promise:
    """A commitment as it is kept: so much an hour, used or not.

    ``hourly`` is in millionths of the currency; it was sized at what its covered meters use when all of them run.
    """

    def __init__(self, cloud: str, meters: Meters) -> None:
        self.commitment: Commitment = company.COMMITMENTS[cloud]
        self.meters = meters
        used = float(np.sum(np.where(meters.covered, meters.usual * meters.worth, 0.0)) / HOURS)
        self.hourly = int(Decimal(used) * self.commitment.headroom)

    def used(self, units: np.ndarray) -> np.ndarray:
        """What the covered meters use of it on each day, in 10⁻¹⁰ of the currency."""
        return np.asarray(np.where(self.meters.covered[:, None], units * self.meters.worth[:, None], 0).sum(axis=0))

    def rows(self, month: Period, used: np.ndarray, known: np.ndarray) -> list[Row]:
        """Purchases and unused parts of a month; ``known`` is the percent of each day that has arrived."""
        made: list[Row] = []
        for place, day in enumerate(month):
            hours = HOURS * int(known[place]) * 100  # ten-thousandths of an hour
            if not hours:
                continue
            if self.commitment.recurs == "day":
                made.append(self._purchase(month, day, hours))
            elif day == month.start:
                made.append(self._purchase(month, day, HOURS * month.days * 10_000))
            unused = hours * self.hourly - int(used[place])
            if unused:
                made.append(self._unused(month, day, unused))
        return made

    def _purchase(self, month: Period, day: date, hours: int) -> Row:
        cost, price = exact(hours * self.hourly), Decimal(self.hourly) / MILLION
        return self._row(month, day) | {
            "ChargeCategory": "Purchase",
            "ChargeFrequency": "Recurring",
            "ChargeDescription": f"Recurring fee of {self.commitment.name}",
            "PricingCategory": "Committed",
            "PricingQuantity": Decimal(hours).scaleb(-4),
            "BilledCost": cost,
            "ListCost": cost,
            "ContractedCost": cost,
            "ListUnitPrice": price,
            "ContractedUnitPrice": price,
            **rows.committed_by(self.commitment, None),
        }

    def _unused(self, month: Period, day: date, unused: int) -> Row:
        price = Decimal(self.hourly) / MILLION
        return self._row(month, day) | {
            "ChargeCategory": "Usage",
            "ChargeFrequency": "Usage-Based",
            "ChargeDescription": f"Unused part of {self.commitment.name}",
            "PricingCategory": "Committed",
            "PricingQuantity": Decimal(0),
            "EffectiveCost": exact(unused),
            "ListUnitPrice": price,
            "ContractedUnitPrice": price,
            **rows.committed_by(self.commitment, "Unused"),
        }

    def _row(self, month: Period, day: date) -> Row:
        promised = self.commitment
        service = company.INSTANCES if promised.service == company.EC2 else company.VIRTUAL_MACHINES
        account = next(one for one in company.ACCOUNTS[promised.payer.cloud] if one.payer is promised.payer)
        return _row(account, month, day) | {
            "ServiceName": service.service,
            "ServiceCategory": service.category,
            "ServiceSubcategory": service.subcategory,
            "ResourceId": promised.id,
            "ResourceName": promised.name,
            "ResourceType": promised.kind,
            "PricingUnit": "Hours",
            "SkuId": f"{promised.payer.cloud}-{promised.kind}".replace(" ", "-").lower(),
            "SkuPriceId": f"{promised.payer.cloud}-{promised.kind}-hourly".replace(" ", "-").lower(),
        }


def fees(cloud: str, month: Period) -> list[Row]:
    """What is charged on the first of a month: support, and a subscription from the marketplace."""
    account = company.ACCOUNTS[cloud][0]
    made = [_fee(_row(account, month, month.start), f"{account.payer.name}: support plan", company.SUPPORT_FEE[cloud])]
    made[0] |= {"ServiceName": "AWS Support" if cloud == AWS else "Azure Support", "ServiceCategory": "Other"}
    if cloud == AWS:
        bought = _fee(_row(account, month, month.start), "Datadog Pro, monthly", company.MARKETPLACE_FEE)
        made.append(
            bought
            | {
                "ServiceName": "Datadog Pro",
                "ServiceCategory": "Management and Governance",
                "ServiceSubcategory": "Observability",
                "PublisherName": "Datadog, Inc.",
            }
        )
    return made


def credit(cloud: str, month: Period) -> list[Row]:
    """A monthly promotional credit of AWS's."""
    if cloud != AWS:
        return []
    account = company.ACCOUNTS[cloud][0]
    day = month.start + timedelta(days=CREDIT_DAY - 1)
    return [_lump(account, month, day, "Credit", "Migration programme credit", CREDIT)]


def tax(cloud: str, month: Period, billed: int, listed: int) -> list[Row]:
    """Tax on a whole month of AWS, on its last day; Azure's exports hold none. Sums are in 10⁻¹⁰."""
    if cloud != AWS:
        return []
    account = company.ACCOUNTS[cloud][0]
    row = _lump(account, month, month.end - timedelta(days=1), "Tax", "Sales tax", _taxed(billed))
    return [row | {"ListCost": _taxed(listed)}]


def put_right(cloud: str, month: Period, as_of: date, first: Period) -> list[Row]:
    """Corrections of the month before, and an adjustment, in the billing periods that were planted."""
    back = (as_of.year - month.start.year) * 12 + as_of.month - month.start.month
    account = company.ACCOUNTS[cloud][0]
    made: list[Row] = []
    if back == CORRECTED_MONTHS[cloud] and month != first:
        day = month_before(month.start).start + timedelta(days=16)
        amount = CORRECTION[cloud]
        row = _lump(account, month, day, "Usage", "Correction of data transfer of the month before", amount)
        made.append(row | {"ChargeClass": "Correction"})
    if back == ADJUSTED_MONTHS and cloud == AWS:
        made.append(_lump(account, month, month.start, "Adjustment", "Rounding of the invoice", ADJUSTMENT))
    return made


def _row(account: company.Account, month: Period, day: date) -> Row:
    return {
        **rows.billed_by(account),
        "BillingPeriodStart": midnight(month.start),
        "BillingPeriodEnd": midnight(month.end),
        "ChargePeriodStart": midnight(day),
        "ChargePeriodEnd": midnight(day + timedelta(days=1)),
        **dict.fromkeys(rows.COSTS, Decimal(0)),
    }


def _fee(row: Row, description: str, amount: Decimal) -> Row:
    return row | {
        "ChargeCategory": "Purchase",
        "ChargeFrequency": "Recurring",
        "ChargeDescription": description,
        "PricingCategory": "Standard",
        "PricingQuantity": Decimal(1),
        "PricingUnit": "Months",
        "ListUnitPrice": amount,
        "ContractedUnitPrice": amount,
        "SkuId": description.lower().replace(" ", "-"),
        "SkuPriceId": f"{description.lower().replace(' ', '-')}-monthly",
        **dict.fromkeys(rows.COSTS, amount),
    }


def _lump(account: company.Account, month: Period, day: date, category: str, description: str, amount: Decimal) -> Row:
    name = "AWS Data Transfer" if account.payer.cloud == AWS else "Bandwidth"
    return _row(account, month, day) | {
        "ChargeCategory": category,
        "ChargeFrequency": "One-Time",
        "ChargeDescription": description,
        "ServiceName": name if category == "Usage" else "Invoice",
        "ServiceCategory": "Networking" if category == "Usage" else "Other",
        **dict.fromkeys(rows.COSTS, amount),
    }


def _taxed(units: int) -> Decimal:
    """Tax on a sum, to the cent."""
    return (exact(units) * company.TAX_RATE).quantize(Decimal("0.01"))
