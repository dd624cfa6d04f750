"""Data clusters, models and notebooks, and desktops."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.kinds import DataCluster, Desktop, ModelEndpoint
from providers.aws.readers import Place, Seen, Wanted, reader, tags_of

ALIVE = ["STARTING", "BOOTSTRAPPING", "RUNNING", "WAITING"]


@reader("data-clusters", billed=("MapReduce", "EMR"))
def clusters(place: Place) -> Iterator[Seen]:
    """EMR clusters that run or wait."""
    client = place.client("emr")
    for one in place.pages("emr", "list_clusters", "Clusters", ClusterStates=ALIVE):
        said = client.describe_cluster(ClusterId=one["Id"])["Cluster"]
        arn = one.get("ClusterArn") or place.arn("elasticmapreduce", f"cluster/{one['Id']}")
        cluster = DataCluster(**place.common(arn, one["Name"], tags_of(said.get("Tags"))), running=True)
        of = {"JobFlowId": one["Id"]}
        yield Seen(cluster, [Wanted("idle_percent", "AWS/ElasticMapReduce", "IsIdle", of, "Average", scale=100)])


@reader("models", billed=("SageMaker",))
def models(place: Place) -> Iterator[Seen]:
    """SageMaker endpoints by how often they were called, and notebooks by how long they have run."""
    client = place.client("sagemaker")
    for one in place.pages("sagemaker", "list_endpoints", "Endpoints"):
        name, arn = one["EndpointName"], one["EndpointArn"]
        tags = tags_of(client.list_tags(ResourceArn=arn).get("Tags"))
        running = one.get("EndpointStatus") == "InService"
        endpoint = ModelEndpoint(
            **place.common(arn, name, tags),
            kind="endpoint",
            running=running,
            created=one["CreationTime"].date(),
        )
        variants = client.describe_endpoint(EndpointName=name).get("ProductionVariants", []) if running else []
        of = {"EndpointName": name, "VariantName": variants[0]["VariantName"]} if len(variants) == 1 else {}
        calls = Wanted("calls_per_day", "AWS/SageMaker", "Invocations", of, "Sum", absent_is_zero=True)
        yield Seen(endpoint, [calls] if of else [])
    for one in place.pages("sagemaker", "list_notebook_instances", "NotebookInstances"):
        arn = one["NotebookInstanceArn"]
        tags = tags_of(client.list_tags(ResourceArn=arn).get("Tags"))
        changed = one.get("LastModifiedTime") or one.get("CreationTime")
        notebook = ModelEndpoint(
            **place.common(arn, one["NotebookInstanceName"], tags),
            kind="notebook",
            running=one.get("NotebookInstanceStatus") == "InService",
            since=changed.date() if changed else None,
        )
        yield Seen(notebook)


@reader("desktops", billed=("WorkSpaces",))
def desktops(place: Place) -> Iterator[Seen]:
    """WorkSpaces, with when somebody was last connected."""
    found = list(place.pages("workspaces", "describe_workspaces", "Workspaces"))
    if not found:
        return
    last = {
        one["WorkspaceId"]: one.get("LastKnownUserConnectionTimestamp")
        for one in place.pages("workspaces", "describe_workspaces_connection_status", "WorkspacesConnectionStatus")
    }
    client = place.client("workspaces")
    for one in found:
        name = one["WorkspaceId"]
        seen = last.get(name)
        desktop = Desktop(
            **place.common(
                place.arn("workspaces", f"workspace/{name}"),
                one.get("UserName", name),
                tags_of(client.describe_tags(ResourceId=name).get("TagList")),
            ),
            always_on=one.get("WorkspaceProperties", {}).get("RunningMode") == "ALWAYS_ON",
            last_used=seen.date() if seen else None,
            billed_as=(name,),
        )
        yield Seen(desktop)
