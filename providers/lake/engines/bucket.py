"""A folder in S3, for engines that read tables where their files lie (Athena, Trino's Hive connector)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from analysis.errors import BadConfig
from providers.lake.engines.warehouse import Unreachable

FAULTS = (BotoCoreError, ClientError)


class Bucket:
    """``s3://bucket/folder``, with whatever credentials the AWS SDK finds in the environment."""

    def __init__(self, url: str, region: str | None = None) -> None:
        said = urlsplit(url)
        if said.scheme != "s3" or not said.netloc:
            raise BadConfig(
                f"lake.url: files={url or '…'} must be a folder in S3 that the engine reads: s3://bucket/folder"
            )
        self._name, self._folder = said.netloc, said.path.strip("/")
        self._s3: Any = boto3.client("s3", region_name=region)

    def place(self, table: str) -> str:
        """Where the files of a table lie, as a URL."""
        return f"s3://{self._name}/{self._key(table)}"

    def put(self, file: Path, table: str) -> None:
        """Put a file where those of a table lie."""
        try:
            self._s3.upload_file(str(file), self._name, f"{self._key(table)}{file.name}")
        except (*FAULTS, boto3.exceptions.S3UploadFailedError) as error:
            raise Unreachable(f"its files cannot be written to s3://{self._name}/{self._folder} ({error})") from error

    def drop(self, table: str) -> None:
        """Remove the files of a table."""
        try:
            listed = self._s3.list_objects_v2(Bucket=self._name, Prefix=self._key(table)).get("Contents", [])
            for one in listed:
                self._s3.delete_object(Bucket=self._name, Key=one["Key"])
        except FAULTS as error:
            raise Unreachable(f"its files cannot be removed from s3://{self._name}/{self._folder} ({error})") from error

    def read(self, url: str) -> bytes:
        """The content of an object, which is removed then: answers are read once."""
        said = urlsplit(url)
        try:
            found: bytes = self._s3.get_object(Bucket=said.netloc, Key=said.path.lstrip("/"))["Body"].read()
        except FAULTS as error:
            raise Unreachable(f"its answer cannot be read from {url} ({error})") from error
        self.forget(url)
        return found

    def forget(self, url: str) -> None:
        """Remove an object, if it is there, with what Athena writes beside it."""
        said = urlsplit(url)
        try:
            for key in (said.path.lstrip("/"), f"{said.path.lstrip('/')}.metadata"):
                self._s3.delete_object(Bucket=said.netloc, Key=key)
        except FAULTS as error:
            raise Unreachable(f"its answer cannot be removed from {url} ({error})") from error

    def _key(self, table: str) -> str:
        return f"{self._folder}/{table}/".lstrip("/")
