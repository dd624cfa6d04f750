"""Buckets, file systems, image repositories and secrets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from analysis.kinds import Bucket, FileSystem, Repository, Secret
from providers.aws.connection import HOME
from providers.aws.readers import Place, Seen, reader, tags_of

STALE = timedelta(days=7)
NONE_THERE = ("NoSuchLifecycleConfiguration", "NoSuchTagSet", "LifecyclePolicyNotFoundException")
CLOSED = ("AccessDenied", "403", "NoSuchBucket", "PermanentRedirect", "IllegalLocationConstraintException")
GB = 1 << 30


@reader("buckets", billed=("Simple Storage Service", "S3"), anywhere=True)
def buckets(place: Place) -> Iterator[Seen]:
    """Every bucket of the account; one whose policy keeps us out is left out by itself."""
    client = place.client("s3")
    for one in client.list_buckets().get("Buckets", ()):
        try:
            yield Seen(_bucket(place, client, one["Name"], one.get("BucketRegion", "")))
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in CLOSED:
                raise


def _bucket(place: Place, client: Any, name: str, region: str) -> Bucket:  # noqa: ANN401
    rules = _absent(lambda: client.get_bucket_lifecycle_configuration(Bucket=name)["Rules"], ())
    active = [rule for rule in rules if rule.get("Status") == "Enabled"]
    tags = tags_of(_absent(lambda: client.get_bucket_tagging(Bucket=name)["TagSet"], ()))
    uploads = client.list_multipart_uploads(Bucket=name).get("Uploads", ())
    common = place.common(f"arn:{place.partition}:s3:::{name}", name, tags)
    return Bucket(
        **common | {"region": region or HOME},
        lifecycle=any(rule.get("Transitions") or rule.get("Expiration") for rule in active),
        versioned=client.get_bucket_versioning(Bucket=name).get("Status") == "Enabled",
        expires_versions=any(
            rule.get("NoncurrentVersionExpiration") or rule.get("NoncurrentVersionTransitions") for rule in active
        ),
        aborts_uploads=any(rule.get("AbortIncompleteMultipartUpload") for rule in active),
        stale_uploads=sum(upload["Initiated"] < place.now - STALE for upload in uploads),
        billed_as=(name,),
    )


@reader("files", billed=("Elastic File System",))
def files(place: Place) -> Iterator[Seen]:
    """EFS file systems."""
    client = place.client("efs")
    for one in place.pages("efs", "describe_file_systems", "FileSystems"):
        name = one["FileSystemId"]
        arn = one.get("FileSystemArn") or place.arn("elasticfilesystem", f"file-system/{name}")
        rules = client.describe_lifecycle_configuration(FileSystemId=name).get("LifecyclePolicies", ())
        system = FileSystem(
            **place.common(arn, one.get("Name") or name, tags_of(one.get("Tags"))),
            lifecycle=bool(rules),
            size_gb=one.get("SizeInBytes", {}).get("Value", 0) / GB,
        )
        yield Seen(system)


@reader("registries", billed=("Container Registry", "ECR"))
def registries(place: Place) -> Iterator[Seen]:
    """ECR repositories."""
    client = place.client("ecr")
    for one in place.pages("ecr", "describe_repositories", "repositories"):
        arn, name = one["repositoryArn"], one["repositoryName"]
        policy = _absent(lambda at=name: client.get_lifecycle_policy(repositoryName=at), None)
        tags = tags_of(client.list_tags_for_resource(resourceArn=arn).get("tags"))
        yield Seen(Repository(**place.common(arn, name, tags), lifecycle=policy is not None))


@reader("secrets", billed=("Secrets Manager",))
def secrets(place: Place) -> Iterator[Seen]:
    """Secrets: their names and when they were last read, never their values."""
    for one in place.pages("secretsmanager", "list_secrets", "SecretList"):
        last = one.get("LastAccessedDate")
        secret = Secret(
            **place.common(one["ARN"], one["Name"], tags_of(one.get("Tags"))),
            last_used=last.date() if last else None,
            created=one["CreatedDate"].date() if "CreatedDate" in one else None,
        )
        yield Seen(secret)


def _absent(ask: Any, otherwise: Any) -> Any:  # noqa: ANN401
    """An answer, or another one where AWS says by an error that there is none."""
    try:
        return ask()
    except ClientError as error:
        if error.response.get("Error", {}).get("Code") in NONE_THERE:
            return otherwise
        raise
