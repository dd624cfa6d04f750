"""Where billed rows come from: files, AWS, Azure, the sample company."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import Field, model_validator

from bot.sections.section import Number, Section

AWS_ROLE = r"^(arn:aws[a-z-]*:iam::([0-9]{12}|\{account\}):role/[\w+=,.@/-]+)?$"
AZURE_SCOPE = (
    r"(?:/subscriptions/)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    r"|/providers/Microsoft\.(?:Billing/billingAccounts|Management/managementGroups)/[\w().:-]+(?:/\w+/[\w:.-]+)?"
)
# pydantic puts them into the path of an error; the file has no such level
KINDS_OF_PROVIDER = ("focus", "aws", "azure", "sample")
AwsAccount: TypeAlias = Annotated[str, Field(pattern=r"^[0-9]{12}$")]


class FocusProvider(Section):
    """FOCUS files in a folder, whoever wrote them."""

    kind: Literal["focus"]
    path: str = Field(description="A folder, a file or a glob of FOCUS CSV, CSV.gz or Parquet files.")
    name: str = Field("focus", description="What answers call this source.")


class AwsProvider(Section):
    """An AWS organization, or one account, by the credentials that the process has."""

    kind: Literal["aws"]
    name: str = Field("aws", pattern=r"^[a-z0-9-]+$", description="What answers call it.")
    profile: str = Field("", description="A profile of the AWS configuration files; empty for the usual chain.")
    role: str = Field("", pattern=AWS_ROLE, description="The role in the payer's account that is taken on first.")
    member_role: str = Field(
        "", pattern=AWS_ROLE, description="The role in each account: arn:aws:iam::{account}:role/pitcrew-read"
    )
    external_id: str = Field("", description="The external id that both roles ask for.")
    accounts: Sequence[AwsAccount] = Field((), description="Only these accounts; empty for all of the organization.")
    source: Literal["auto", "export", "cost-explorer"] = Field(
        "auto", description="auto: the best export there is, else Cost Explorer."
    )
    export: str = Field("", description="The export's name or ARN, where there are several.")
    tag: str = Field("", description="The cost allocation tag that Cost Explorer is grouped by: it can do one.")
    months: int = Field(13, ge=1, le=36)
    calls_a_day: int = Field(100, ge=1, description="Of Cost Explorer, 0.01 USD each.")
    metrics_budget: Number = Field(
        Decimal(2), ge=0, description="USD an assessment may spend on CloudWatch, 0.01 a thousand metrics."
    )
    metrics_from: Number = Field(Decimal(5), ge=0, description="The monthly bill from which on a resource is measured.")
    workers: int = Field(16, ge=1, le=64, description="Requests side by side.")

    @model_validator(mode="after")
    def _role_of_members(self) -> AwsProvider:
        if self.member_role and "{account}" not in self.member_role:
            raise ValueError("member_role must hold {account}, like arn:aws:iam::{account}:role/pitcrew-read")
        return self


class AzureProvider(Section):
    """An Azure tenant, by one identity. A client secret is in AZURE_CLIENT_SECRET, never here."""

    kind: Literal["azure"]
    name: str = Field("azure", pattern=r"^[a-z0-9-]+$", description="What answers call it.")
    identity: Literal["auto", "managed", "workload", "secret", "certificate", "cli"] = Field(
        "auto", description="auto: what there is of environment, workload identity, managed identity, Azure CLI."
    )
    tenant: str = Field("", description="The tenant's id, for a secret or a certificate.")
    client: str = Field("", description="The client id; of a managed identity if there are several.")
    secret: str = Field("AZURE_CLIENT_SECRET", description="The environment variable with the client secret.")
    certificate: Path | None = Field(None, description="The file with the certificate and its key (PEM or PFX).")
    scopes: Sequence[str] = Field(
        (), description="Billing accounts, management groups, subscriptions; empty for every subscription it may read."
    )
    source: Literal["auto", "export", "query", "details"] = Field(
        "auto", description="auto: a FOCUS export where there is one, else the Query API."
    )
    export: str = Field("", description="The export's name, or the https:// address of its folder, to take that one.")
    months: int = Field(13, ge=1, le=36)
    questions: int = Field(24, ge=4, description="To the Query API, of one scope and assessment; four take a minute.")
    metrics_from: Number = Field(Decimal(5), ge=0, description="The monthly bill from which on a resource is measured.")
    workers: int = Field(8, ge=1, le=32, description="Requests side by side.")
    cloud: Literal["public", "us-government", "china"] = "public"
    arm_url: str = Field("", pattern="^(https://.*)?$", description="Another address of Azure Resource Manager.")
    authority: str = Field("", pattern="^(https://.*)?$", description="Another address of Microsoft Entra.")
    metrics_url: str = Field("", pattern="^(https://.*)?$", description="Of metrics; {region} stands for the region.")
    blob_url: str = Field("", pattern="^(https://.*)?$", description="Of blobs; {account} stands for the account.")
    prices_url: str = Field("", pattern="^(https://.*)?$", description="Of the public price list.")

    @model_validator(mode="after")
    def _whole(self) -> AzureProvider:
        if self.identity in ("secret", "certificate") and not (self.tenant and self.client):
            raise ValueError(f"identity {self.identity!r} needs tenant and client")
        if self.identity == "certificate" and self.certificate is None:
            raise ValueError("identity 'certificate' needs certificate, the path of its file")
        for one in self.scopes:
            if not re.fullmatch(AZURE_SCOPE, one.strip().rstrip("/"), re.IGNORECASE | re.ASCII):
                raise ValueError(
                    f"{one!r} is no scope; write /providers/Microsoft.Billing/billingAccounts/<id>, "
                    "/providers/Microsoft.Management/managementGroups/<id> or /subscriptions/<id>"
                )
        return self


class SampleProvider(Section):
    """The sample company."""

    kind: Literal["sample"]
    seed: int = Field(1, ge=0)
    months: int = Field(13, ge=2, le=60)


Provider: TypeAlias = Annotated[
    FocusProvider | AwsProvider | AzureProvider | SampleProvider, Field(discriminator="kind")
]
