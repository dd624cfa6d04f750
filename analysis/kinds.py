"""The kinds of things that checks look at, in no cloud's words: each says only what its checks need to know.

Disks and machines are in ``analysis.estate``. A provider fills what its cloud tells; what it does not tell stays at
its default, and a check that needs it finds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from analysis.estate import Computer, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(Resource):
    """A copy of a disk: EBS snapshots, Azure snapshots.

    ``made_by`` names what looks after it (AWS Backup, a lifecycle manager), ``image`` the image that is built of it.
    """

    size_gb: int
    of: str
    of_exists: bool = True
    made_by: str = ""
    image: str = ""
    tier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSnapshot(Resource):
    """A copy of a database that somebody made by hand: RDS manual snapshots."""

    size_gb: int
    of: str
    of_exists: bool = True
    cluster: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Image(Resource):
    """A machine image of one's own: AMIs. ``snapshots`` are the ids of what it is billed for."""

    used_by: int
    last_used: date | None = None
    snapshots: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Address(Resource):
    """A public IPv4 address: Elastic IPs, Azure public IPs. ``handle`` is what it is released by."""

    handle: str
    attached_to: str | None
    holder_running: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class NatGateway(Resource):
    """The way out of a private network; metric ``out_mb_per_day``. ``direct`` are services reached without it."""

    network: str
    direct: tuple[str, ...] = ()
    routed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateEndpoint(Resource):
    """A private way to one service: interface endpoints, Azure private endpoints; metric ``mb_per_day``.

    ``connected``: the service accepts what comes by it.
    """

    network: str
    service: str
    connected: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancer(Resource):
    """A load balancer: ``kind`` is application, network, gateway or classic; metric ``requests_per_day``.

    ``broken`` says which of its rules lead nowhere; ``scaled``: its size follows what comes.
    """

    kind: str
    targets: int
    healthy: int
    broken: str = ""
    scaled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Database(Computer):
    """A managed relational database: RDS instances, Azure SQL. Metrics ``connections``, ``cpu_percent``, ``iops``."""

    engine: str
    version: str
    multi_zone: bool = False
    storage_gb: int = 0
    storage_tier: str = ""
    iops: int = 0
    cluster: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseCluster(Resource):
    """Databases that share one storage: Aurora clusters. ``io_optimized``: its requests are in the price."""

    engine: str
    version: str
    io_optimized: bool = False
    members: tuple[str, ...] = ()  # ids of its databases


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache(Resource):
    """A cache: ElastiCache, MemoryDB; metric ``hits_per_day``. ``kind`` is what it is deleted as."""

    kind: str
    engine: str
    nodes: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Warehouse(Resource):
    """A data warehouse: Redshift; metrics ``connections``, ``cpu_percent``. ``scheduled``: it pauses by itself."""

    running: bool
    scheduled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchDomain(Resource):
    """A search cluster: OpenSearch; metric ``requests_per_day`` of searching and indexing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Resource):
    """A table of a key-value store: DynamoDB; metrics ``units_per_day`` and ``used_percent`` of what is provisioned."""

    provisioned: bool
    scaled: bool = False
    read_units: int = 0
    write_units: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Function(Resource):
    """A function: Lambda; metrics ``errors_percent``, ``duration_ms``, ``concurrency_percent`` of what is kept warm.

    ``warm`` are the qualifiers with provisioned concurrency, each with how much.
    """

    memory_mb: int
    timeout_s: int
    warm: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerService(Resource):
    """Containers that are kept running: ECS services; metric ``cpu_percent``. ``cluster`` is where."""

    cluster: str
    tasks: int
    scaled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kubernetes(Resource):
    """A managed control plane: EKS, AKS."""

    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket(Resource):
    """Object storage: S3 buckets, Azure storage accounts. ``stale_uploads`` are those begun more than a week ago."""

    lifecycle: bool
    versioned: bool = False
    expires_versions: bool = False
    aborts_uploads: bool = False
    stale_uploads: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGroup(Resource):
    """Logs that are kept: CloudWatch log groups, Log Analytics workspaces. ``retention_days`` 0 keeps for ever."""

    retention_days: int
    stored_gb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail(Resource):
    """A record of management events: CloudTrail. ``first``: the one copy that is free."""

    logging: bool
    management_events: bool
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution(Resource):
    """Content delivery: CloudFront. ``everywhere``: served from the most expensive places too."""

    everywhere: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthCheck(Resource):
    """A health check of a name: Route 53. ``used`` by a record or another check."""

    used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret(Resource):
    """A secret that is billed by the month; never its value."""

    last_used: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiStage(Resource):
    """A stage of an API with its cache: API Gateway; metrics ``hits_per_day``, ``misses_per_day``."""

    api: str
    stage: str
    cache_gb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository(Resource):
    """Container images: ECR, Azure container registries."""

    lifecycle: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystem(Resource):
    """Files over the network: EFS."""

    lifecycle: bool
    size_gb: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DataCluster(Resource):
    """Machines that work on data together: EMR; metric ``idle_percent`` of the time."""

    running: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEndpoint(Resource):
    """A model that answers, or a notebook: SageMaker. ``kind`` is endpoint or notebook; metric ``calls_per_day``."""

    kind: str
    running: bool
    since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desktop(Resource):
    """A desktop for one person: WorkSpaces."""

    always_on: bool
    last_used: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityReservation(Resource):
    """Machines that are held free and billed as if they ran."""

    size: str
    held: int
    unused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScalingGroup(Resource):
    """Machines that are made and ended by rule: Auto Scaling groups, scale sets. ``members`` are their ids.

    Scale sets are billed and measured as one: metric ``cpu_percent``. ``scaled``: a rule sets how many there are;
    ``owner`` is what made the group and looks after it (AKS); ``spot`` may be none where nobody tells.
    """

    smallest: int
    wanted: int
    members: tuple[str, ...] = ()
    size: str = ""
    scaled: bool = False
    spot: bool | None = None
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodePool(Resource):
    """Machines of one size for containers: pools of AKS; metric ``cpu_percent``. ``cluster`` is where."""

    cluster: str
    size: str
    nodes: int
    scaled: bool
    spot: bool
    system: bool = False  # it carries what the cluster itself needs


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlMachine(Resource):
    """SQL Server on a virtual machine; ``licence`` is ``included`` in what is billed or ``owned``."""

    machine: str
    edition: str
    licence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppPlan(Resource):
    """What web apps run on, billed whether they do or not: App Service plans.

    Metrics ``cpu_percent``, ``memory_percent``. ``apps`` are on it, of which ``stopped`` are switched off. ``smaller``
    is the next size down of its own tier, which saves ``saved`` (0 to 1) of its price.
    """

    size: str
    workers: int
    apps: int
    stopped: int = 0
    scaled: bool = False
    smaller: str = ""
    saved: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabasePool(Resource):
    """Capacity that databases share: Azure SQL elastic pools."""

    size: str
    databases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentStore(Resource):
    """A store of documents: Azure Cosmos DB accounts. ``every_minutes`` a backup is made and kept ``hours``.

    0 where backups are continuous.
    """

    every_minutes: int = 0
    hours: int = 0

    @property
    def copies(self) -> int:
        """How many backups are kept at a time."""
        return self.hours * 60 // self.every_minutes if self.every_minutes else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkGateway(Resource):
    """A door to another network: virtual network gateways. ``connections`` lead through it, ``clients`` may dial in."""

    size: str
    kind: str
    connections: int
    clients: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionPlan(Resource):
    """Protection that is billed by the month for any number of networks: DDoS protection plans."""

    networks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit(Resource):
    """A private line: ExpressRoute circuits. ``provisioned``: the line's own provider has switched it on."""

    line: str
    provisioned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Firewall(Resource):
    """A managed firewall: Azure Firewall. ``uses`` names what of its Premium features is switched on."""

    tier: str
    uses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupVault(Resource):
    """Backups of many things, billed as one: Recovery Services vaults. ``idle`` are the ids of those not made any more.

    ``items`` is how many things are kept in all.
    """

    items: int
    idle: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenancy(Resource):
    """An account as such: an Azure subscription with the ``offer`` that it is bought by.

    ``protected`` are the paid plans of protection that are on in it.
    """

    offer: str
    for_development: bool
    protected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftover(Resource):
    """What belongs to nothing any more: network interfaces, security groups, zones, profiles.

    ``kind`` is what a person calls it, in the singular; ``why`` says what is missing.
    """

    kind: str
    why: str
