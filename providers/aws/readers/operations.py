"""Logs and trails, names and edges, and the gates of APIs."""

from __future__ import annotations

from collections.abc import Iterator

from analysis.kinds import ApiStage, Distribution, HealthCheck, LogGroup, Trail
from providers.aws.readers import Place, Seen, Wanted, reader, tags_of

GB = 1 << 30
MOST_ZONES = 200
EVERYWHERE = "PriceClass_All"


@reader("logs", billed=("CloudWatch",))
def logs(place: Place) -> Iterator[Seen]:
    """CloudWatch log groups."""
    for one in place.pages("logs", "describe_log_groups", "logGroups"):
        name = one["logGroupName"]
        arn = place.arn("logs", f"log-group:{name}")
        group = LogGroup(
            **place.common(arn, name, {}),
            retention_days=one.get("retentionInDays", 0),
            stored_gb=one.get("storedBytes", 0) / GB,
            billed_as=(f"{arn}:*",),
        )
        yield Seen(group)


@reader("trails", billed=("CloudTrail",))
def trails(place: Place) -> Iterator[Seen]:
    """CloudTrail trails of this region; the first copy of management events is free, further ones are not."""
    client = place.client("cloudtrail")
    first = True
    found = client.describe_trails(includeShadowTrails=False).get("trailList", ())
    for one in sorted(
        found, key=lambda one: (not one.get("IsOrganizationTrail"), not one.get("IsMultiRegionTrail"), one["Name"])
    ):
        arn = one["TrailARN"]
        logging = bool(client.get_trail_status(Name=arn).get("IsLogging"))
        selectors = client.get_event_selectors(TrailName=arn)
        plain = selectors.get("EventSelectors", ())
        advanced = selectors.get("AdvancedEventSelectors", ())
        events = any(each.get("IncludeManagementEvents") for each in plain) or any(
            field.get("Field") == "eventCategory" and "Management" in field.get("Equals", ())
            for each in advanced
            for field in each.get("FieldSelectors", ())
        )
        counts = logging and events
        yield Seen(
            Trail(
                **place.common(arn, one["Name"], {}),
                logging=logging,
                management_events=events,
                first=counts and first,
            )
        )
        first = first and not counts


@reader("edges", billed=("CloudFront",), anywhere=True)
def edges(place: Place) -> Iterator[Seen]:
    """CloudFront distributions."""
    for page in place.client("cloudfront").get_paginator("list_distributions").paginate():
        for one in page.get("DistributionList", {}).get("Items", ()):
            names = one.get("Aliases", {}).get("Items") or [one["DomainName"]]
            tags = place.client("cloudfront").list_tags_for_resource(Resource=one["ARN"])["Tags"].get("Items")
            everywhere = one.get("PriceClass") == EVERYWHERE
            yield Seen(Distribution(**place.common(one["ARN"], names[0], tags_of(tags)), everywhere=everywhere))


@reader("names", billed=("Route 53",), anywhere=True)
def names(place: Place) -> Iterator[Seen]:
    """Route 53 health checks, with whether a record or another check uses them."""
    found = list(place.pages("route53", "list_health_checks", "HealthChecks"))
    if not found:
        return
    used = {child for one in found for child in one["HealthCheckConfig"].get("ChildHealthChecks", ())}
    zones = [zone["Id"] for zone in place.pages("route53", "list_hosted_zones", "HostedZones")]
    for zone in zones[:MOST_ZONES]:
        records = place.pages("route53", "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone)
        used |= {record["HealthCheckId"] for record in records if record.get("HealthCheckId")}
    for one in found:
        said = one["HealthCheckConfig"]
        name = said.get("FullyQualifiedDomainName") or said.get("IPAddress") or one["Id"]
        arn = f"arn:{place.partition}:route53:::healthcheck/{one['Id']}"
        known = one["Id"] in used or len(zones) > MOST_ZONES
        yield Seen(HealthCheck(**place.common(arn, name, {}), used=known, billed_as=(one["Id"],)))


@reader("gates", billed=("API Gateway",))
def gates(place: Place) -> Iterator[Seen]:
    """Stages of REST APIs that have a cache."""
    client = place.client("apigateway")
    for api in place.pages("apigateway", "get_rest_apis", "items"):
        for stage in client.get_stages(restApiId=api["id"]).get("item", ()):
            if not stage.get("cacheClusterEnabled"):
                continue
            name = stage["stageName"]
            arn = f"arn:{place.partition}:apigateway:{place.region}::/restapis/{api['id']}/stages/{name}"
            of = {"ApiName": api["name"], "Stage": name}
            gate = ApiStage(
                **place.common(arn, f"{api['name']}/{name}", tags_of(stage.get("tags"))),
                api=api["id"],
                stage=name,
                cache_gb=float(stage.get("cacheClusterSize", 0)),
            )
            counted = (("hits_per_day", "CacheHitCount"), ("misses_per_day", "CacheMissCount"))
            yield Seen(
                gate,
                [Wanted(said, "AWS/ApiGateway", metric, of, "Sum", absent_is_zero=True) for said, metric in counted],
            )
