"""Caches, warehouses, search clusters and tables."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.kinds import Cache, SearchDomain, Table, Warehouse
from providers.aws.readers import Place, Seen, Wanted, reader, tags_of

NAMES_A_CALL = 5  # of describe_domains


@reader("caches", billed=("ElastiCache", "MemoryDB"))
def caches(place: Place) -> Iterator[Seen]:
    """ElastiCache groups and single clusters, and MemoryDB; by the connections that were open, as Compute Optimizer."""
    groups = list(place.pages("elasticache", "describe_replication_groups", "ReplicationGroups"))
    for one in groups:
        name = one["ReplicationGroupId"]
        arn = one.get("ARN") or place.arn("elasticache", f"replicationgroup:{name}")
        members = one.get("MemberClusters", ())
        cache = Cache(
            **place.common(arn, name, _tags(place, "elasticache", arn)),
            kind="group",
            engine=one.get("Engine", "redis"),
            nodes=len(members),
            billed_as=tuple(place.arn("elasticache", f"cluster:{member}") for member in members),
        )
        yield Seen(cache, [_asked("AWS/ElastiCache", {"CacheClusterId": member}) for member in members[:1]])
    for one in place.pages("elasticache", "describe_cache_clusters", "CacheClusters"):
        if one.get("ReplicationGroupId"):
            continue
        name = one["CacheClusterId"]
        arn = one.get("ARN") or place.arn("elasticache", f"cluster:{name}")
        created = one["CacheClusterCreateTime"].date() if "CacheClusterCreateTime" in one else None
        cache = Cache(
            **place.common(arn, name, _tags(place, "elasticache", arn)),
            kind="cluster",
            engine=one.get("Engine", ""),
            nodes=one.get("NumCacheNodes", 1),
            created=created,
        )
        yield Seen(cache, [_asked("AWS/ElastiCache", {"CacheClusterId": name})])
    for one in place.pages("memorydb", "describe_clusters", "Clusters"):
        common = place.common(one["ARN"], one["Name"], _tags(place, "memorydb", one["ARN"]))
        cache = Cache(**common, kind="memorydb", engine="redis", nodes=one.get("NumberOfShards", 1))
        yield Seen(cache, [_asked("AWS/MemoryDB", {"ClusterName": one["Name"]})])


@reader("warehouses", billed=("Redshift",))
def warehouses(place: Place) -> Iterator[Seen]:
    """Redshift clusters, with whether a schedule pauses them."""
    found = list(place.pages("redshift", "describe_clusters", "Clusters"))
    if not found:
        return
    paused = {
        action["TargetAction"]["PauseCluster"]["ClusterIdentifier"]
        for action in place.pages("redshift", "describe_scheduled_actions", "ScheduledActions")
        if "PauseCluster" in action.get("TargetAction", {})
    }
    for one in found:
        name = one["ClusterIdentifier"]
        of = {"ClusterIdentifier": name}
        warehouse = Warehouse(
            **place.common(place.arn("redshift", f"cluster:{name}"), name, tags_of(one.get("Tags"))),
            running=one.get("ClusterStatus") == "available",
            scheduled=name in paused,
            created=one["ClusterCreateTime"].date() if "ClusterCreateTime" in one else None,
        )
        wanted = [
            Wanted("connections", "AWS/Redshift", "DatabaseConnections", of, "Average"),
            Wanted("cpu_percent", "AWS/Redshift", "CPUUtilization", of, "Average"),
        ]
        yield Seen(warehouse, wanted)


@reader("search", billed=("OpenSearch", "Elasticsearch"))
def search(place: Place) -> Iterator[Seen]:
    """OpenSearch domains, by what was searched and entered."""
    client = place.client("opensearch")
    names = [one["DomainName"] for one in client.list_domain_names().get("DomainNames", ())]
    for begin in range(0, len(names), NAMES_A_CALL):
        answer = client.describe_domains(DomainNames=names[begin : begin + NAMES_A_CALL])
        for one in answer["DomainStatusList"]:
            arn, name = one["ARN"], one["DomainName"]
            tags = tags_of(client.list_tags(ARN=arn).get("TagList"))
            of = {"DomainName": name, "ClientId": place.account}
            wanted = Wanted("requests_per_day", "AWS/ES", "SearchRate+IndexingRate", of, "Sum")
            yield Seen(SearchDomain(**place.common(arn, name, tags)), [wanted])


@reader("tables", billed=("DynamoDB",))
def tables(place: Place) -> Iterator[Seen]:
    """DynamoDB tables with what is provisioned and whether something scales it."""
    scaled = {
        target["ResourceId"].partition("/")[2]
        for target in place.pages(
            "application-autoscaling", "describe_scalable_targets", "ScalableTargets", ServiceNamespace="dynamodb"
        )
    }
    client = place.client("dynamodb")
    for name in place.pages("dynamodb", "list_tables", "TableNames"):
        one = client.describe_table(TableName=name)["Table"]
        units = one.get("ProvisionedThroughput", {})
        billed = one.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
        of = {"TableName": name}
        used = "ConsumedReadCapacityUnits+ConsumedWriteCapacityUnits"
        table = Table(
            **place.common(
                one["TableArn"], name, tags_of(client.list_tags_of_resource(ResourceArn=one["TableArn"])["Tags"])
            ),
            provisioned=billed == "PROVISIONED" and bool(units.get("ReadCapacityUnits")),
            scaled=name in scaled,
            read_units=units.get("ReadCapacityUnits", 0),
            write_units=units.get("WriteCapacityUnits", 0),
            created=one["CreationDateTime"].date() if "CreationDateTime" in one else None,
        )
        yield Seen(table, [Wanted("units_per_day", "AWS/DynamoDB", used, of, "Sum", days=30, absent_is_zero=True)])


def _asked(namespace: str, of: dict[str, str]) -> Wanted:
    return Wanted("hits_per_day", namespace, "CurrConnections", of, "Maximum")


def _tags(place: Place, service: str, arn: str) -> dict[str, str]:
    if service == "memorydb":
        return tags_of(place.client(service).list_tags(ResourceArn=arn).get("TagList"))
    return tags_of(place.client(service).list_tags_for_resource(ResourceName=arn).get("TagList"))
