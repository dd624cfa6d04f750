"""Readers: what stands in an account, as the estate calls it, by real boto3 against moto."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

from analysis.estate import Disk, Machine, Resource, Size
from analysis.kinds import (
    Address,
    ApiStage,
    Balancer,
    Bucket,
    Cache,
    CapacityReservation,
    ContainerService,
    Database,
    DatabaseCluster,
    DatabaseSnapshot,
    DataCluster,
    Desktop,
    Distribution,
    FileSystem,
    Function,
    HealthCheck,
    Image,
    Kubernetes,
    LogGroup,
    ModelEndpoint,
    NatGateway,
    PrivateEndpoint,
    Repository,
    ScalingGroup,
    SearchDomain,
    Secret,
    Snapshot,
    Table,
    Trail,
    Warehouse,
)
from analysis.money import Money
from providers.aws.readers import Place, Seen, discover
from tests.aws.double import Double

ACCOUNT, REGION = "123456789012", "us-east-1"
NOW = datetime.now(UTC)  # noqa: TID251 (moto makes things now)
FOLDER = Path(__file__).parents[2] / "providers" / "aws"


class NoPrices:
    """A price list on which nothing stands."""

    def machine(self, name: str, region: str, system: str = "Linux") -> Size | None:  # noqa: ARG002
        return Size(name=name, vcpus=2, memory_gb=8, hourly=Money.of("0.1", "USD"))

    def machines_like(self, name: str, region: str, system: str = "Linux") -> tuple[Size, ...]:  # noqa: ARG002
        return ()

    def newer_machine(self, name: str, region: str, system: str = "Linux") -> Size | None:  # noqa: ARG002
        return None

    arm_machine = newer_machine

    def database(self, name: str, region: str, engine: str, *, multi_zone: bool = False) -> Size | None:  # noqa: ARG002
        return None

    newer_database = arm_database = database

    def databases_like(self, name: str, region: str, engine: str, *, multi_zone: bool = False) -> tuple[Size, ...]:  # noqa: ARG002
        return ()


def seen(name: str) -> list[Seen]:
    clients: dict[str, Any] = {}

    def client(service: str) -> Any:
        return clients.setdefault(service, boto3.client(service, region_name=REGION))

    return list(discover()[name].read(Place(ACCOUNT, REGION, client, NOW, NoPrices())))


def one(name: str, kind: type[Resource], /, **said: Any) -> Any:
    """The one resource of a kind that a reader saw, with what is said of it."""
    [found] = [found.resource for found in seen(name) if isinstance(found.resource, kind)]
    for key, value in said.items():
        assert getattr(found, key) == value, (key, getattr(found, key))
    assert found.account == ACCOUNT and found.provider == found.cloud == "aws"
    return found


def wanted(name: str) -> set[str]:
    return {want.name for found in seen(name) for want in found.wanted}


def c(service: str) -> Any:
    return boto3.client(service, region_name=REGION)


def role() -> str:
    assumed = json.dumps({"Version": "2012-10-17", "Statement": []})
    arn: str = c("iam").create_role(RoleName="any", AssumeRolePolicyDocument=assumed)["Role"]["Arn"]
    return arn


TAGS = [{"Key": "team", "Value": "search"}]


def test_machines_say_since_when_and_what_they_hold(aws: Double) -> None:
    ec2 = c("ec2")
    image = ec2.register_image(Name="base", RootDeviceName="/dev/sda1")["ImageId"]
    made = ec2.run_instances(ImageId=image, InstanceType="m5.large", MinCount=1, MaxCount=1)["Instances"][0][
        "InstanceId"
    ]
    ec2.create_tags(Resources=[made], Tags=[*TAGS, {"Key": "Name", "Value": "api-1"}])
    address = ec2.allocate_address(Domain="vpc")
    ec2.associate_address(InstanceId=made, AllocationId=address["AllocationId"])
    machine = one("machines", Machine, name="api-1", running=True, tags={"team": "search", "Name": "api-1"})

    assert machine.since == NOW.date() and machine.stopped_since is None
    assert [name.rsplit("/", 1)[-1][:4] for name in machine.holds] == ["vol-", "eipa"]
    assert wanted("machines") == {"cpu_percent", "network_mb_per_day", "memory_percent"}
    ec2.stop_instances(InstanceIds=[made])
    assert one("machines", Machine, running=False, since=None).stopped_since == NOW.date()
    assert one("addresses", Address, holder_running=False, handle=address["AllocationId"]).attached_to.endswith(made)
    assert not one("disks", Disk).holder_running
    ec2.terminate_instances(InstanceIds=[made])
    assert seen("machines") == []
    aws.answer(
        "ec2",
        "DescribeCapacityReservations",
        {
            "CapacityReservations": [
                {
                    "CapacityReservationId": "cr-0a1b2c3d",
                    "InstanceType": "m5.large",
                    "TotalInstanceCount": 4,
                    "AvailableInstanceCount": 4,
                }
            ]
        },
    )
    one("scaling-groups", CapacityReservation, held=4, unused=4, size="m5.large")


def test_disks_snapshots_and_images(aws: Double) -> None:  # noqa: ARG001
    ec2 = c("ec2")
    volume = ec2.create_volume(AvailabilityZone="us-east-1a", Size=80, VolumeType="io1", Iops=500)["VolumeId"]
    snapshot = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    kept = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    ec2.create_tags(Resources=[kept], Tags=[{"Key": "aws:backup:source-resource", "Value": "x"}])
    device = {"DeviceName": "/dev/sda1", "Ebs": {"SnapshotId": snapshot}}
    image = ec2.register_image(Name="base", RootDeviceName="/dev/sda1", BlockDeviceMappings=[device])["ImageId"]
    one("disks", Disk, attached_to=None, idle_since=NOW.date(), tier="io1", iops=500, zone="us-east-1a")
    found = {each.resource.name: each.resource for each in seen("snapshots")}

    backup = found[kept]
    assert isinstance(backup, Snapshot) and backup.made_by == "AWS Backup"
    assert isinstance(found["base"], Image) and found["base"].used_by == 0 and found["base"].id.endswith(image)
    ec2.delete_volume(VolumeId=volume)
    gone = {each.resource.name: each.resource for each in seen("snapshots")}[kept]
    assert isinstance(gone, Snapshot) and not gone.of_exists and gone.size_gb == 80


def test_networks(aws: Double) -> None:  # noqa: ARG001
    ec2 = c("ec2")
    network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=network, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"us-east-1{'ab'[n]}")["Subnet"][
            "SubnetId"
        ]
        for n in (0, 1)
    ]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnets[0], AllocationId=address)["NatGateway"]["NatGatewayId"]
    one("gateways", NatGateway, network=network, direct=(), routed=False)
    table = ec2.create_route_table(VpcId=network)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    ec2.create_vpc_endpoint(VpcId=network, ServiceName="com.amazonaws.us-east-1.s3", VpcEndpointType="Gateway")
    ec2.create_vpc_endpoint(VpcId=network, ServiceName="com.amazonaws.us-east-1.kms", VpcEndpointType="Interface")
    one("gateways", NatGateway, direct=("s3",), routed=True)
    one("gateways", PrivateEndpoint, service="com.amazonaws.us-east-1.kms", network=network)
    assert wanted("gateways") == {"out_mb_per_day", "mb_per_day"}

    elb = c("elbv2")
    arn = elb.create_load_balancer(Name="edge", Subnets=subnets, Tags=TAGS)["LoadBalancers"][0]["LoadBalancerArn"]
    one("balancers", Balancer, targets=0, healthy=0, kind="application", tags={"team": "search"}, id=arn)
    group = elb.create_target_group(Name="web", Protocol="HTTP", Port=80, VpcId=network, TargetType="ip")[
        "TargetGroups"
    ][0]
    elb.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": "10.0.0.9", "Port": 80}])
    elb.create_listener(
        LoadBalancerArn=arn,
        Protocol="HTTP",
        Port=80,
        DefaultActions=[{"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}],
    )
    one("balancers", Balancer, targets=1, healthy=1)
    assert wanted("balancers") == {"requests_per_day"}


def test_groups(aws: Double) -> None:
    aws.answer("ec2", "DescribeCapacityReservations", {"CapacityReservations": []})
    image = c("ec2").register_image(Name="base", RootDeviceName="/dev/sda1")["ImageId"]
    scaling = c("autoscaling")
    scaling.create_launch_configuration(LaunchConfigurationName="l", ImageId=image, InstanceType="t3.micro")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        LaunchConfigurationName="l",
        MinSize=1,
        MaxSize=3,
        DesiredCapacity=2,
        AvailabilityZones=["us-east-1a"],
    )
    assert len(one("scaling-groups", ScalingGroup, smallest=1, wanted=2).members) == 2
    assert {each.resource.group for each in seen("machines")} == {"web"}  # type: ignore[attr-defined]
    [found] = [each.resource for each in seen("snapshots") if isinstance(each.resource, Image)]
    assert found.used_by == 3  # two machines and a configuration


def test_databases(aws: Double) -> None:  # noqa: ARG001
    rds = c("rds")
    usual = {
        "DBInstanceClass": "db.m5.large",
        "Engine": "postgres",
        "MasterUsername": "any",
        "MasterUserPassword": "anything",
    }
    rds.create_db_instance(DBInstanceIdentifier="orders", AllocatedStorage=100, MultiAZ=True, Tags=TAGS, **usual)
    rds.create_db_snapshot(DBSnapshotIdentifier="kept", DBInstanceIdentifier="orders")
    rds.create_db_cluster(
        DBClusterIdentifier="shop", Engine="aurora-postgresql", MasterUsername="any", MasterUserPassword="anything"
    )
    one("databases", Database, name="orders", multi_zone=True, storage_gb=100, running=True, tags={"team": "search"})
    one("databases", DatabaseCluster, engine="aurora-postgresql", io_optimized=False)
    one("databases", DatabaseSnapshot, of="orders", of_exists=True)
    rds.delete_db_instance(DBInstanceIdentifier="orders", SkipFinalSnapshot=True)
    one("databases", DatabaseSnapshot, of="orders", of_exists=False)
    assert wanted("databases") == set()


def test_stores(aws: Double) -> None:
    aws.answer("redshift", "DescribeScheduledActions", {"ScheduledActions": []})
    c("elasticache").create_cache_cluster(
        CacheClusterId="one", Engine="memcached", NumCacheNodes=2, CacheNodeType="cache.t3.micro"
    )
    one("caches", Cache, name="one", kind="cluster", nodes=2)
    c("redshift").create_cluster(
        ClusterIdentifier="reports",
        NodeType="ra3.xlplus",
        MasterUsername="any",
        MasterUserPassword="Anything1",
        Tags=TAGS,
    )
    one("warehouses", Warehouse, running=True, scheduled=False, tags={"team": "search"})
    c("opensearch").create_domain(DomainName="shop")
    one("search", SearchDomain, name="shop")
    units = {"ReadCapacityUnits": 50, "WriteCapacityUnits": 20}
    c("dynamodb").create_table(
        TableName="carts",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        ProvisionedThroughput=units,
    )
    one("tables", Table, provisioned=True, scaled=False, read_units=50, write_units=20)
    c("application-autoscaling").register_scalable_target(
        ServiceNamespace="dynamodb",
        ResourceId="table/carts",
        ScalableDimension="dynamodb:table:ReadCapacityUnits",
        MinCapacity=1,
        MaxCapacity=9,
    )
    one("tables", Table, scaled=True)
    assert {name: wanted(name) for name in ("caches", "warehouses", "search", "tables")} == {
        "caches": {"hits_per_day"},
        "warehouses": {"cpu_percent", "connections"},
        "search": {"requests_per_day"},
        "tables": {"units_per_day"},
    }


def test_functions_containers_and_control_planes(aws: Double) -> None:
    kept = [
        {
            "FunctionArn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:f:live",
            "RequestedProvisionedConcurrentExecutions": 5,
        }
    ]
    aws.answer("lambda", "ListProvisionedConcurrencyConfigs", {"ProvisionedConcurrencyConfigs": kept})
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("main.py", "")
    c("lambda").create_function(
        FunctionName="f",
        Runtime="python3.12",
        Role=role(),
        Handler="main.any",
        Code={"ZipFile": packed.getvalue()},
        MemorySize=512,
        Tags={"team": "search"},
    )
    one("functions", Function, memory_mb=512, warm=(("live", 5),), tags={"team": "search"})
    assert wanted("functions") == {"calls_per_day", "errors_per_day", "concurrency_percent"}
    ecs = c("ecs")
    ecs.create_cluster(clusterName="web")
    ecs.register_task_definition(family="t", containerDefinitions=[{"name": "n", "image": "i", "memory": 64}])
    ecs.create_service(cluster="web", serviceName="s", taskDefinition="t", desiredCount=3)
    one("containers", ContainerService, cluster="web", tasks=3, scaled=False)
    c("eks").create_cluster(
        name="shop", version="1.27", roleArn="arn:aws:iam::123456789012:role/any", resourcesVpcConfig={}
    )
    one("kubernetes", Kubernetes, version="1.27", name="shop")


def test_storage(aws: Double) -> None:  # noqa: ARG001
    s3 = c("s3")
    s3.create_bucket(Bucket="media")
    s3.put_bucket_versioning(Bucket="media", VersioningConfiguration={"Status": "Enabled"})
    s3.create_multipart_upload(Bucket="media", Key="k")
    one(
        "buckets",
        Bucket,
        lifecycle=False,
        versioned=True,
        expires_versions=False,
        stale_uploads=1,
        billed_as=("media",),
    )
    rules = [
        {"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 9}},
        {
            "ID": "b",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 9},
        },
    ]
    s3.put_bucket_lifecycle_configuration(Bucket="media", LifecycleConfiguration={"Rules": rules})
    one("buckets", Bucket, lifecycle=True, expires_versions=True, aborts_uploads=False)
    c("efs").create_file_system(CreationToken="t", Tags=TAGS)
    one("files", FileSystem, lifecycle=False, tags={"team": "search"})
    c("ecr").create_repository(repositoryName="web")
    one("registries", Repository, lifecycle=False, name="web")
    c("secretsmanager").create_secret(Name="old", SecretString="never read by us")
    one("secrets", Secret, last_used=None, created=NOW.date())
    assert not any(wanted(name) for name in ("buckets", "files", "registries", "secrets")), "their bills say enough"


def test_a_bucket_that_keeps_us_out_is_left_out_by_itself(aws: Double) -> None:
    for name in ("closed", "open"):
        c("s3").create_bucket(Bucket=name)
    aws.fault("s3", "GetBucketLifecycleConfiguration", kind="denied", times=1)

    assert [found.resource.name for found in seen("buckets")] == ["open"]


def test_operations(aws: Double) -> None:  # noqa: ARG001
    c("logs").create_log_group(logGroupName="/apex/web")
    found = one("logs", LogGroup, retention_days=0, stored_gb=0.0)
    assert found.billed_as == (f"{found.id}:*",)
    c("s3").create_bucket(Bucket="trails")
    trail = c("cloudtrail")
    for name in ("first", "second"):
        trail.create_trail(Name=name, S3BucketName="trails")
        trail.put_event_selectors(
            TrailName=name, EventSelectors=[{"ReadWriteType": "All", "IncludeManagementEvents": True}]
        )
        trail.start_logging(Name=name)
    assert [
        (each.resource.name, each.resource.first) for each in seen("trails") if isinstance(each.resource, Trail)
    ] == [
        ("first", True),
        ("second", False),
    ]
    origin = {
        "Items": [
            {
                "Id": "o",
                "DomainName": "example.com",
                "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "https-only"},
            }
        ],
        "Quantity": 1,
    }
    behaviour = {
        "TargetOriginId": "o",
        "ViewerProtocolPolicy": "https-only",
        "MinTTL": 0,
        "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}},
    }
    c("cloudfront").create_distribution(
        DistributionConfig={
            "CallerReference": "r",
            "Origins": origin,
            "DefaultCacheBehavior": behaviour,
            "Comment": "",
            "Enabled": True,
            "PriceClass": "PriceClass_All",
        }
    )
    one("edges", Distribution, everywhere=True)
    dns = c("route53")
    zone = dns.create_hosted_zone(Name="example.com", CallerReference="z")["HostedZone"]["Id"]
    check = {"Type": "HTTP", "FullyQualifiedDomainName": "example.com", "Port": 80}
    name = dns.create_health_check(CallerReference="h", HealthCheckConfig=check)["HealthCheck"]["Id"]
    one("names", HealthCheck, used=False)
    record = {
        "Name": "a.example.com",
        "Type": "A",
        "TTL": 60,
        "ResourceRecords": [{"Value": "192.0.2.1"}],
        "HealthCheckId": name,
        "SetIdentifier": "a",
        "Weight": 1,
    }
    dns.change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
    )
    one("names", HealthCheck, used=True)


def test_gates_with_a_cache(aws: Double) -> None:
    api = c("apigateway").create_rest_api(name="shop")["id"]
    stages = [
        {"stageName": "prod", "cacheClusterEnabled": True, "cacheClusterSize": "0.5"},
        {"stageName": "dev", "cacheClusterEnabled": False},
    ]
    aws.answer("apigateway", "GetStages", {"item": stages})
    one("gates", ApiStage, api=api, stage="prod", cache_gb=0.5)
    assert wanted("gates") == {"hits_per_day", "misses_per_day"}


def test_data(aws: Double) -> None:
    c("emr").run_job_flow(
        Name="nightly",
        Instances={"InstanceCount": 1, "MasterInstanceType": "m5.xlarge", "KeepJobFlowAliveWhenNoSteps": True},
        JobFlowRole="a",
        ServiceRole="b",
    )
    one("data-clusters", DataCluster, name="nightly", running=True)
    model = c("sagemaker")
    model.create_model(ModelName="m", ExecutionRoleArn="arn:aws:iam::123456789012:role/any")
    variant = {"VariantName": "v", "ModelName": "m", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}
    model.create_endpoint_config(EndpointConfigName="e", ProductionVariants=[variant])
    model.create_endpoint(EndpointName="prices", EndpointConfigName="e")
    model.create_notebook_instance(
        NotebookInstanceName="lab", InstanceType="ml.t3.medium", RoleArn="arn:aws:iam::123456789012:role/any"
    )
    found = {each.resource.name: each.resource for each in seen("models") if isinstance(each.resource, ModelEndpoint)}
    assert {name: each.kind for name, each in found.items()} == {"prices": "endpoint", "lab": "notebook"}
    at = NOW - timedelta(days=40)
    space = {"WorkspaceId": "ws-abcdefgh1", "UserName": "ana", "WorkspaceProperties": {"RunningMode": "ALWAYS_ON"}}
    aws.answer("workspaces", "DescribeWorkspaces", {"Workspaces": [space]})
    status = {"WorkspaceId": "ws-abcdefgh1", "LastKnownUserConnectionTimestamp": at}
    aws.answer("workspaces", "DescribeWorkspacesConnectionStatus", {"WorkspacesConnectionStatus": [status]})
    aws.answer("workspaces", "DescribeTags", {"TagList": TAGS})
    one("desktops", Desktop, always_on=True, last_used=date.fromordinal(at.date().toordinal()), tags={"team": "search"})


def test_every_page_that_is_asked_for_exists() -> None:
    """Operations can be paginated, and hold what is taken out of them, by botocore's own models."""
    for file in [*FOLDER.glob("readers/*.py")]:
        for service, operation, key in re.findall(r'pages\(\s*"([\w-]+)", "(\w+)", "(\w+)"', file.read_text()):
            client = c(service)
            assert client.can_paginate(operation), f"{file.name}: {service} {operation}"
            name = client.meta.method_to_api_mapping[operation]
            assert key in client.meta.service_model.operation_model(name).output_shape.members, (
                f"{service} {operation} {key}"
            )


def test_every_reader_is_asked_for_by_words_of_a_bill() -> None:
    found = discover()

    assert all(found[name].billed for name in found) and len(found) > 20
