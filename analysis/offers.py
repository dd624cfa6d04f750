"""Offers: what may be bought of each provider, and the discount that is counted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from analysis.errors import UnknownName


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be bought of one provider, and the usage that it would cover.

    ``services`` (ServiceName) and ``machines`` (ResourceType, in small letters) say what is eligible; functions and
    containers are left out, since their discounts are smaller. ``discount`` is that of one year without upfront
    payment, where the company's own commitments tell no better. ``hourly_floor`` is the part of a day's mean that is
    taken to run in each of its hours: an assumption, since daily rows do not tell.
    """

    provider: str
    instrument: str
    payment: str
    services: tuple[str, ...]
    machines: tuple[str, ...]
    discount: Decimal
    hourly_floor: Decimal = Decimal("0.75")


OFFERS = (
    # "Up to 66%" (AWS), in most cases closer to 30%, about 20% for Fargate for one year without upfront payment
    # (Vantage, "What is an AWS Savings Plan?"). The least of these.
    Offer(
        "AWS", "Compute Savings Plan", "No Upfront", ("Amazon Elastic Compute Cloud",), ("instance",), Decimal("0.20")
    ),
    # "Up to 65%" (Microsoft), in practice between 11 and 65% (Intercept, "Azure Savings Plans"). The least of these.
    Offer(
        "Microsoft",
        "Azure savings plan for compute",
        "paid monthly",
        ("Virtual Machines", "Virtual Machine Scale Sets"),
        ("virtual machine", "virtual machine scale set"),
        Decimal("0.11"),
    ),
)


def offers(discounts: Mapping[str, Decimal], hourly_floor: Decimal | None = None) -> tuple[Offer, ...]:
    """The offers, with the one-year discounts (by ProviderName) and the floor of a deployment.

    Raises:
        UnknownName: a discount is given for a provider of whom nothing is proposed.
    """
    known = {offer.provider for offer in OFFERS}
    for provider in discounts:
        if provider not in known:
            raise UnknownName("provider that commitments are bought of", provider, known)
    return tuple(
        replace(
            offer,
            discount=discounts.get(offer.provider, offer.discount),
            hourly_floor=offer.hourly_floor if hourly_floor is None else hourly_floor,
        )
        for offer in OFFERS
    )
