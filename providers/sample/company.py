"""Apex Outfitters, an online shop that does not exist: its accounts, its teams, and what it buys where.

Prices are the public list prices of late 2025, in USD, rounded; those of the euro account are scaled.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

AWS, AZURE = "aws", "azure"
PROVIDER_NAMES = {AWS: "AWS", AZURE: "Microsoft"}
PUBLISHERS = {AWS: "Amazon Web Services, Inc.", AZURE: "Microsoft"}


@dataclass(frozen=True, slots=True)
class Payer:
    """A billing account: who is invoiced, in one currency."""

    cloud: str
    id: str
    name: str
    kind: str
    currency: str
    price_level: Decimal = Decimal(1)  # of the USD list prices
    discount: Decimal = Decimal(1)  # what was negotiated: contracted price = list price × discount


@dataclass(frozen=True, slots=True)
class Account:
    """An AWS account or an Azure subscription; ``weight`` is its part of its cloud's resources."""

    payer: Payer
    id: str
    name: str
    env: str
    weight: float
    kind: str


@dataclass(frozen=True, slots=True)
class Region:
    """Where things run; ``weight`` is its part of them."""

    id: str
    name: str
    weight: float


@dataclass(frozen=True, slots=True)
class Offer:
    """Something on the price list that many resources are billed for.

    ``usual`` is the median of what one resource costs a day in USD, ``spread`` the sigma of its logarithm,
    ``noise`` that of a day, ``growth`` what a year adds.
    """

    service: str
    category: str
    subcategory: str
    kind: str
    id: str  # template of {region} {account} {group} {name} {hex}
    sku: str
    unit: str
    price: str
    count: int
    usual: float
    names: tuple[str, ...]
    rhythm: str = "shop"
    growth: float = 0.18
    noise: float = 0.05
    spread: float = 0.7


@dataclass(frozen=True, slots=True)
class SizeOnOffer:
    """A machine size of a family; families are listed from small to large."""

    name: str
    vcpus: int
    memory_gb: float
    hourly: str


US_AWS = Payer(AWS, "111122223333", "Apex Outfitters", "Management Account", "USD", discount=Decimal("0.97"))
US_AZURE = Payer(
    AZURE, "/providers/Microsoft.Billing/billingAccounts/7412903", "Apex Outfitters", "Billing Account", "USD"
)
EU_AZURE = Payer(
    AZURE,
    "/providers/Microsoft.Billing/billingAccounts/7981126",
    "Apex Outfitters Europe",
    "Billing Account",
    "EUR",
    price_level=Decimal("0.93"),
)


def _member(number: str, name: str, env: str, weight: float) -> Account:
    return Account(US_AWS, number, name, env, weight, "Account")


def _subscription(payer: Payer, uuid: str, name: str, env: str, weight: float) -> Account:
    return Account(payer, f"/subscriptions/{uuid}", name, env, weight, "Subscription")


ACCOUNTS = {
    AWS: (
        _member("222233334444", "apex-shop-prod", "prod", 0.48),
        _member("333344445555", "apex-shop-staging", "staging", 0.14),
        _member("444455556666", "apex-dev", "dev", 0.14),
        _member("555566667777", "apex-data", "prod", 0.17),
        _member("666677778888", "apex-sandbox", "sandbox", 0.07),
    ),
    AZURE: (
        _subscription(US_AZURE, "6f1d2c3b-8a94-4e57-b1c0-3d5e7f901a2b", "apex-backoffice-prod", "prod", 0.46),
        _subscription(US_AZURE, "0b9c8d7e-6f5a-4b3c-9d2e-1f0a9b8c7d6e", "apex-analytics", "prod", 0.22),
        _subscription(US_AZURE, "a1b2c3d4-e5f6-4789-8abc-def012345678", "apex-backoffice-dev", "dev", 0.18),
        _subscription(EU_AZURE, "c0ffee12-3456-4789-a012-b3c4d5e6f708", "apex-europe", "prod", 0.14),
    ),
}
REGIONS = {
    AWS: (
        Region("us-east-1", "US East (N. Virginia)", 0.62),
        Region("us-west-2", "US West (Oregon)", 0.18),
        Region("eu-west-1", "EU (Ireland)", 0.20),
    ),
    AZURE: (Region("eastus", "East US", 0.7), Region("westeurope", "West Europe", 0.3)),
}
TEAMS = ("search", "checkout", "catalogue", "mobile", "data", "platform", "marketing", "fulfilment")
TEAM_WEIGHTS = (0.17, 0.16, 0.12, 0.09, 0.17, 0.15, 0.06, 0.08)
COST_CENTERS = {team: f"CC-{410 + 10 * place}" for place, team in enumerate(TEAMS)}

EC2 = "Amazon Elastic Compute Cloud"
EBS = "Amazon Elastic Block Store"
VMS = "Virtual Machines"
DISKS = "Azure Disk Storage"
ARM = "{account}/resourceGroups/{group}/providers/"

INSTANCES = Offer(
    EC2, "Compute", "Virtual Machines", "Instance", "arn:aws:ec2:{region}:{account}:instance/i-{hex}",
    "", "Hours", "0", 150, 0, ("api", "worker", "web", "indexer", "cache", "batch"), "flat", 0, 0,
)  # fmt: skip
VOLUMES = Offer(
    EBS, "Storage", "Block Storage", "Volume", "arn:aws:ec2:{region}:{account}:volume/vol-{hex}",
    "", "GB-Days", "0", 110, 0, ("data", "logs", "index"), "flat", 0, 0,
)  # fmt: skip
VIRTUAL_MACHINES = Offer(
    VMS, "Compute", "Virtual Machines", "Virtual machine", ARM + "Microsoft.Compute/virtualMachines/{name}",
    "", "Hours", "0", 62, 0, ("app", "worker", "portal", "etl"), "flat", 0, 0,
)  # fmt: skip
MANAGED_DISKS = Offer(
    DISKS, "Storage", "Block Storage", "Disk", ARM + "Microsoft.Compute/disks/{name}",
    "", "GB-Days", "0", 48, 0, ("data", "os"), "flat", 0, 0,
)  # fmt: skip

OFFERS = {
    AWS: (
        Offer("Amazon Relational Database Service", "Databases", "Relational Databases", "DB Instance",
              "arn:aws:rds:{region}:{account}:db:{name}", "db.r6g", "Hours", "0.450000", 34, 21,
              ("orders-db", "catalog-db", "users-db", "ledger-db"), "flat", 0.12, 0.01),
        Offer("Amazon Simple Storage Service", "Storage", "Object Storage", "Bucket", "arn:aws:s3:::apex-{name}",
              "TimedStorage", "GB-Days", "0.000756", 42, 7, ("media", "clickstream", "backups", "exports"),
              "flat", 0.30, 0.01, 1.0),
        Offer("AWS Lambda", "Compute", "Serverless Compute", "Function",
              "arn:aws:lambda:{region}:{account}:function:{name}", "GB-Second", "1000 GB-Seconds", "0.016667", 34, 5,
              ("resize", "price-sync", "notify", "webhook"), "shop", 0.25, 0.08, 0.9),
        Offer("Amazon DynamoDB", "Databases", "NoSQL Databases", "Table",
              "arn:aws:dynamodb:{region}:{account}:table/{name}", "RequestUnits", "1000000 Requests", "0.250000", 22, 8,
              ("carts", "sessions", "stock"), "shop", 0.20, 0.05),
        Offer("Amazon CloudFront", "Networking", "Content Delivery", "Distribution",
              "arn:aws:cloudfront::{account}:distribution/E{HEX}", "DataTransfer-Out", "GB", "0.085000", 8, 34,
              ("site", "images"), "shop", 0.15, 0.04, 0.5),
        Offer("Elastic Load Balancing", "Networking", "Application Networking", "Load Balancer",
              "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}/{hex}", "LCU", "LCU-Hours",
              "0.008000", 18, 4, ("edge", "internal"), "shop", 0.1, 0.04),
        Offer("Amazon ElastiCache", "Databases", "Caching", "Cluster",
              "arn:aws:elasticache:{region}:{account}:cluster:{name}", "cache.r6g", "Hours", "0.206000", 12, 10,
              ("cache",), "flat", 0.05, 0.005),
        Offer("Amazon Elastic Kubernetes Service", "Compute", "Containers", "Cluster",
              "arn:aws:eks:{region}:{account}:cluster/{name}", "vCPU", "vCPU-Hours", "0.040480", 7, 92,
              ("cluster",), "shop", 0.22, 0.03, 0.4),
        Offer("AmazonCloudWatch", "Management and Governance", "Observability", "Log Group",
              "arn:aws:logs:{region}:{account}:log-group:/apex/{name}", "DataProcessing", "GB", "0.500000", 16, 6,
              ("logs",), "shop", 0.25, 0.07),
        Offer("Amazon Simple Queue Service", "Integration", "Messaging", "Queue",
              "arn:aws:sqs:{region}:{account}:{name}", "Requests", "1000000 Requests", "0.400000", 12, 1.5,
              ("orders", "events"), "shop", 0.15, 0.06),
        Offer("Amazon Virtual Private Cloud", "Networking", "Network Infrastructure", "NAT Gateway",
              "arn:aws:ec2:{region}:{account}:natgateway/nat-{hex}", "NatGateway-Bytes", "GB", "0.045000", 11, 17,
              ("nat",), "shop", 0.15, 0.05, 0.5),
        Offer("Amazon Athena", "Analytics", "Analytics Platforms", "Workgroup",
              "arn:aws:athena:{region}:{account}:workgroup/{name}", "DataScanned", "TB", "5.000000", 5, 28,
              ("reports",), "office", 0.2, 0.12, 0.5),
        Offer("Amazon Redshift", "Analytics", "Data Warehouses", "Cluster",
              "arn:aws:redshift:{region}:{account}:cluster:{name}", "ra3.4xlarge", "Hours", "3.260000", 3, 235,
              ("warehouse",), "office", 0.1, 0.02, 0.2),
    ),
    AZURE: (
        Offer("Azure SQL Database", "Databases", "Relational Databases", "SQL database",
              ARM + "Microsoft.Sql/servers/sql-apex/databases/{name}", "vCore", "vCore-Hours", "0.252000", 18, 27,
              ("ledger", "stock", "hr"), "office", 0.1, 0.015),
        Offer("Storage Accounts", "Storage", "Object Storage", "Storage account",
              ARM + "Microsoft.Storage/storageAccounts/{plain}", "Hot LRS", "GB-Days", "0.000591", 24, 7,
              ("files", "archive"), "flat", 0.3, 0.01),
        Offer("Azure Kubernetes Service", "Compute", "Containers", "Kubernetes service",
              ARM + "Microsoft.ContainerService/managedClusters/{name}", "vCPU", "vCPU-Hours", "0.048000", 4, 118,
              ("cluster",), "shop", 0.15, 0.03, 0.3),
        Offer("Azure Monitor", "Management and Governance", "Observability", "Log Analytics workspace",
              ARM + "Microsoft.OperationalInsights/workspaces/{name}", "Analytics Logs", "GB", "2.300000", 7, 31,
              ("logs",), "office", 0.2, 0.06, 0.5),
        Offer("Azure Functions", "Compute", "Serverless Compute", "Function app", ARM + "Microsoft.Web/sites/{name}",
              "Execution Time", "1000 GB-Seconds", "0.016000", 14, 4, ("jobs", "hooks"), "office", 0.2, 0.09),
        Offer("Azure Cosmos DB", "Databases", "NoSQL Databases", "Azure Cosmos DB account",
              ARM + "Microsoft.DocumentDB/databaseAccounts/{name}", "100 RU/s", "RU-Hours", "0.008000", 8, 24,
              ("profiles",), "shop", 0.15, 0.03),
        Offer("Azure Front Door", "Networking", "Content Delivery", "Front Door profile",
              ARM + "Microsoft.Cdn/profiles/{name}", "Data Transfer Out", "GB", "0.083000", 3, 52, ("edge",),
              "shop", 0.1, 0.04, 0.3),
        Offer("Key Vault", "Security", "Identity and Access Management", "Key vault",
              ARM + "Microsoft.KeyVault/vaults/{name}", "Operations", "10000 Operations", "0.030000", 7, 1.2, ("keys",),
              "office", 0.05, 0.05),
    ),
}  # fmt: skip


def _family(*sizes: tuple[str, int, float, str]) -> tuple[SizeOnOffer, ...]:
    return tuple(SizeOnOffer(*size) for size in sizes)


FAMILIES = {
    AWS: (
        _family(("m5.large", 2, 8, "0.096"), ("m5.xlarge", 4, 16, "0.192"), ("m5.2xlarge", 8, 32, "0.384"),
                ("m5.4xlarge", 16, 64, "0.768")),
        _family(("c5.large", 2, 4, "0.085"), ("c5.xlarge", 4, 8, "0.17"), ("c5.2xlarge", 8, 16, "0.34"),
                ("c5.4xlarge", 16, 32, "0.68")),
        _family(("r5.large", 2, 16, "0.126"), ("r5.xlarge", 4, 32, "0.252"), ("r5.2xlarge", 8, 64, "0.504")),
        _family(("t3.medium", 2, 4, "0.0416"), ("t3.large", 2, 8, "0.0832"), ("t3.xlarge", 4, 16, "0.1664")),
    ),
    AZURE: (
        _family(("Standard_D2s_v5", 2, 8, "0.096"), ("Standard_D4s_v5", 4, 16, "0.192"),
                ("Standard_D8s_v5", 8, 32, "0.384"), ("Standard_D16s_v5", 16, 64, "0.768")),
        _family(("Standard_E2s_v5", 2, 16, "0.126"), ("Standard_E4s_v5", 4, 32, "0.252"),
                ("Standard_E8s_v5", 8, 64, "0.504")),
        _family(("Standard_F2s_v2", 2, 4, "0.085"), ("Standard_F4s_v2", 4, 8, "0.169"),
                ("Standard_F8s_v2", 8, 16, "0.338")),
    ),
}  # fmt: skip
TIERS = {  # USD a GB and day
    AWS: {"gp3": "0.002628", "gp2": "0.003285", "io2": "0.004107"},
    AZURE: {"Premium_LRS": "0.004698", "StandardSSD_LRS": "0.002464", "Standard_LRS": "0.001314"},
}


@dataclass(frozen=True, slots=True)
class Commitment:
    """Money promised for a discount: an hourly amount of spend, paid whether it is used or not.

    ``rate`` is the price of a covered hour as a part of the list price; ``headroom`` what was bought beyond what is
    used; ``recurs`` is how often it is billed; it was bought for ``years``, of which ``days_left`` are left.
    """

    payer: Payer
    id: str
    name: str
    kind: str
    category: str
    service: str
    rate: Decimal
    headroom: Decimal
    recurs: str
    unit: str
    years: int
    days_left: int

    def term(self, as_of: date) -> tuple[date, date]:
        """Its first day, and the first one without it."""
        ends = as_of + timedelta(days=self.days_left)
        return ends - timedelta(days=365 * self.years), ends


COMMITMENTS = {
    AWS: Commitment(
        US_AWS,
        "arn:aws:savingsplans::111122223333:savingsplan/5f0d6c1e-2b7a-4c89-9e3d-7a1b4c8d2e6f",
        "Compute Savings Plan, 3 years, no upfront",
        "Compute Savings Plan",
        "Spend",
        EC2,
        Decimal("0.72"),
        Decimal("1.03"),
        "day",
        "USD",
        3,
        76,
    ),
    AZURE: Commitment(
        US_AZURE,
        "/providers/Microsoft.Capacity/reservationOrders/3e2d1c0b-9a8f-4e7d-b6c5-4a3b2c1d0e9f"
        "/reservations/7b6a5c4d-3e2f-4a1b-8c9d-0e1f2a3b4c5d",
        "Reserved VM instances, 3 years, monthly",
        "Reservation",
        "Usage",
        VMS,
        Decimal("0.62"),
        Decimal("1.06"),
        "month",
        "Hours",
        3,
        24,
    ),
}
SUPPORT_FEE = {AWS: Decimal(4900), AZURE: Decimal(1000)}  # on the first of each month
MARKETPLACE_FEE = Decimal(6200)  # a monthly subscription bought through AWS Marketplace, on the first
TAX_RATE = Decimal("0.08")
