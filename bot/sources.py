"""The providers of a deployment, and its business figures, made as the deployment file has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from analysis.money import Money
from bot.clock import Clock
from bot.config import Config
from bot.environment import environment, secret
from bot.sections import sources as entries
from bot.traces import provider_call
from commands.core.ports import Drivers
from providers.provider import Progress, Provider

if TYPE_CHECKING:
    from providers.aws.provider import AwsProvider
    from providers.azure.provider import AzureProvider


def provider_of(one: entries.Provider, config: Config, now: datetime, progress: Progress) -> Provider:
    """One provider, as the deployment file has it."""
    match one:
        case entries.FocusProvider():
            from providers.focus.provider import FocusProvider

            return FocusProvider(one.name, one.path)
        case entries.AwsProvider():
            aws = aws_of(one, config)
            aws.connection.told = partial(provider_call, one.name)
            return aws
        case entries.AzureProvider():
            azure = azure_of(one, config)
            azure.connection.told = partial(provider_call, one.name)
            return azure
        case entries.SampleProvider():
            from providers.sample import SampleProvider

            root = config.data.folder / "sample"
            return SampleProvider.cached(root, as_of=now.date(), seed=one.seed, months=one.months, progress=progress)


def aws_of(one: entries.AwsProvider, config: Config) -> AwsProvider:
    """AWS as the deployment file has it."""
    from providers.aws.connection import Connection, Role
    from providers.aws.inventory import Limits
    from providers.aws.provider import AwsProvider, Choice

    connection = Connection(
        hub=Role(one.role, one.external_id) if one.role else None,
        member=Role(one.member_role, one.external_id) if one.member_role else None,
        profile=one.profile,
    )
    limits = Limits(one.workers, Money(one.metrics_budget, "USD"), one.metrics_from)
    choice = Choice(one.source, one.export, one.tag, one.months, one.calls_a_day, tuple(one.accounts), limits)
    return AwsProvider(one.name, config.data.folder / "aws" / one.name, connection, choice)


def azure_of(one: entries.AzureProvider, config: Config) -> AzureProvider:
    """The Azure provider of an entry of the deployment file.

    Raises:
        BadConfig: its identity lacks something.
    """
    from providers.azure.connection import CLOUDS, Connection, Identity
    from providers.azure.inventory import Limits
    from providers.azure.provider import AzureProvider, Choice

    environ = environment()
    own = {
        "arm": one.arm_url,
        "authority": one.authority,
        "metrics": one.metrics_url,
        "blobs": one.blob_url,
        "prices": one.prices_url,
    }
    cloud = replace(CLOUDS[one.cloud], **{name: url for name, url in own.items() if url})
    identity = Identity(
        one.identity,
        one.tenant,
        one.client,
        secret(one.secret, environ),
        one.certificate,
        secret("AZURE_CLIENT_CERTIFICATE_PASSWORD", environ),
    )
    limits = Limits(workers=one.workers, metrics_from=one.metrics_from)
    choice = Choice(one.source, tuple(one.scopes), one.export, one.months, one.questions, limits)
    connection = Connection(identity.credential(cloud), cloud)
    return AzureProvider(one.name, config.data.folder / "azure" / one.name, connection, choice)


def drivers_of(config: Config, sources: Sequence[Provider], clock: Clock) -> Drivers:
    """The business figures: those of the deployment file, and those that providers bring."""
    from providers.drivers import Book, Source

    environ = environment()
    own = [
        Source(
            one.name,
            one.source,
            one.column or one.name,
            one.day,
            one.query,
            {"Authorization": f"Bearer {environ[one.token]}"} if one.token in environ else {},
        )
        for one in config.drivers
    ]
    return Book([*own, *(one for source in sources for one in source.drivers())], clock)
