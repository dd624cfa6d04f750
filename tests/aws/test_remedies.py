"""AWS commands: exact in syntax, reversible where AWS allows it, and never built with a name that is something else."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.session import get_session
from botocore.validate import ParamValidator

from analysis.findings import Action, Finding, Remedy
from analysis.money import Money
from providers.aws.remedies import FIXES, fix
from tests.providers.test_remedies import HOSTILE

ACCOUNT = "111122223333"
EC2 = f"arn:aws:ec2:eu-west-1:{ACCOUNT}:"
RDS = f"arn:aws:rds:eu-west-1:{ACCOUNT}:"
ID = "0a1b2c3d4e5f60718"


def arn(service: str, name: str) -> str:
    return f"arn:aws:{service}:eu-west-1:{ACCOUNT}:{name}"


CASES: Mapping[Action, tuple[str, str, str]] = {  # what it is about, what it becomes, what is there now
    Action.DELETE_DISK: (f"{EC2}volume/vol-{ID}", "", "eu-west-1a gp3"),
    Action.RETYPE_DISK: (f"{EC2}volume/vol-{ID}", "gp3 4000 250", "io1 8000"),
    Action.DELETE_SNAPSHOT: (f"{EC2}snapshot/snap-{ID}", "", f"vol-{ID}"),
    Action.RETIRE_IMAGE: (f"{EC2}image/ami-{ID}", "", ""),
    Action.STOP_MACHINE: (f"{EC2}instance/i-{ID}", "", ""),
    Action.RESIZE_MACHINE: (f"{EC2}instance/i-{ID}", "m5.large", "m5.2xlarge"),
    Action.END_MACHINE: (f"{EC2}instance/i-{ID}", "", "m5.large"),
    Action.SCHEDULE_MACHINE: (f"{EC2}instance/i-{ID}", "mon-fri 08:00-18:00 Europe/Berlin", ""),
    Action.EMPTY_GROUP: (
        arn("autoscaling", f"autoScalingGroup:{'0' * 8}-0000-0000-0000-{'0' * 12}:autoScalingGroupName/web"),
        "0 0",
        "2 6",
    ),
    Action.CANCEL_CAPACITY: (f"{EC2}capacity-reservation/cr-{ID}", "", "m5.large 4"),
    Action.RELEASE_ADDRESS: (f"{EC2}elastic-ip/eipalloc-{ID}", "", "203.0.113.7"),
    Action.DELETE_NAT: (f"{EC2}natgateway/nat-{ID}", "", f"vpc-{ID}"),
    Action.ADD_DIRECT_WAY: (f"{EC2}natgateway/nat-{ID}", "s3,dynamodb", f"vpc-{ID}"),
    Action.DELETE_ENDPOINT: (f"{EC2}vpc-endpoint/vpce-{ID}", "", f"vpc-{ID}"),
    Action.DELETE_BALANCER: (
        arn("elasticloadbalancing", "loadbalancer/app/edge/0123456789abcdef"),
        "",
        "application",
    ),
    Action.STOP_DATABASE: (f"{RDS}db:orders", "", "db.m5.large"),
    Action.RESIZE_DATABASE: (f"{RDS}db:orders", "db.m5.large", "db.m5.xlarge"),
    Action.RETYPE_DATABASE: (f"{RDS}db:orders", "gp3", "io1 8000"),
    Action.UPGRADE_DATABASE: (f"{RDS}db:orders", "15.7", "11.22"),
    Action.ONE_ZONE_DATABASE: (f"{RDS}db:orders", "", "db.m5.large"),
    Action.SWITCH_DATABASE_STORAGE: (f"{RDS}cluster:orders", "aurora-iopt1", "aurora"),
    Action.DELETE_DATABASE_SNAPSHOT: (f"{RDS}snapshot:orders-2024", "", "orders"),
    Action.DELETE_CACHE: (arn("elasticache", "replicationgroup:sessions"), "", "group"),
    Action.PAUSE_WAREHOUSE: (arn("redshift", "cluster:reports"), "", ""),
    Action.SCHEDULE_WAREHOUSE: (arn("redshift", "cluster:reports"), "mon-fri 08:00-18:00 UTC", ""),
    Action.DELETE_SEARCH: (arn("es", "domain/catalogue"), "", ""),
    Action.PAY_PER_REQUEST: (arn("dynamodb", "table/carts"), "", "50 20"),
    Action.RESIZE_FUNCTION: (arn("lambda", "function:resize"), "512", "1024"),
    Action.DROP_CONCURRENCY: (arn("lambda", "function:resize"), "", "live:5,beta:1"),
    Action.UPGRADE_KUBERNETES: (arn("eks", "cluster/shop"), "1.28", "1.27"),
    Action.ADD_LIFECYCLE: ("arn:aws:s3:::apex-media", "30", ""),
    Action.ABORT_UPLOADS: ("arn:aws:s3:::apex-media", "7", ""),
    Action.EXPIRE_VERSIONS: ("arn:aws:s3:::apex-media", "90", ""),
    Action.SET_RETENTION: (arn("logs", "log-group:/apex/web"), "30", ""),
    Action.STOP_TRAIL: (arn("cloudtrail", "trail/second"), "", ""),
    Action.DELETE_HEALTH_CHECK: ("arn:aws:route53:::healthcheck/01234567-89ab-cdef-0123-456789abcdef", "", ""),
    Action.DELETE_SECRET: (arn("secretsmanager", "secret:old/password-AbCdEf"), "", ""),
    Action.DROP_API_CACHE: ("arn:aws:apigateway:eu-west-1::/restapis/a1b2c3d4e5/stages/prod", "", "0.5"),
    Action.ADD_IMAGE_LIFECYCLE: (arn("ecr", "repository/team/web"), "14", ""),
    Action.ADD_FILE_LIFECYCLE: (arn("elasticfilesystem", f"file-system/fs-{ID}"), "30", ""),
    Action.END_DATA_CLUSTER: (arn("elasticmapreduce", "cluster/j-ABCDEFGH1234"), "", ""),
    Action.DELETE_MODEL_ENDPOINT: (arn("sagemaker", "endpoint/price-model"), "", ""),
    Action.STOP_NOTEBOOK: (arn("sagemaker", "notebook-instance/lab"), "", ""),
    Action.STOP_DESKTOP_ALONE: (arn("workspaces", "workspace/ws-abcdefgh1"), "", ""),
}
CLUSTERS = (
    (Action.UPGRADE_DATABASE, f"{RDS}cluster:orders", "", "12.4"),
    (Action.DELETE_DATABASE_SNAPSHOT, f"{RDS}cluster-snapshot:orders-2024", "", "orders"),
    (Action.DELETE_CACHE, arn("elasticache", "cluster:sessions"), "", "cluster"),
    (Action.DELETE_CACHE, arn("memorydb", "cluster/sessions"), "", "memorydb"),
    (Action.DELETE_BALANCER, arn("elasticloadbalancing", "loadbalancer/old-edge"), "", "classic"),
    (Action.STOP_MACHINE, f"i-{ID}", "", ""),
    (Action.SET_RETENTION, arn("logs", "log-group:/apex/web"), "365", "731"),
)
EVERY = [(action, *said) for action, said in CASES.items()] + list(CLUSTERS)
NAMES = [f"{action} of {resource.rsplit(':', 1)[-1]}" for action, resource, *_ in EVERY]
# What the CLI calls otherwise than the API, by its own help pages.
CALLED: Mapping[str, Mapping[str, Sequence[str]]] = {
    "run-instances": {"count": ("min-count", "max-count")},
    "update-cluster-version": {"kubernetes-version": ("version",)},
    "terminate-clusters": {"cluster-ids": ("job-flow-ids",)},
}
OPERATIONS = {"terminate-clusters": "terminate-job-flows"}
PLAIN = re.compile(r"[A-Za-z0-9/_+=.@-]+")  # no shell makes more of it than letters
NOT_OF_THE_SERVICE = {"region", "query", "output", "cli-input-json"}
SESSION = get_session()


def finding(action: Action, resource: str, target: str = "", source: str = "", **said: Any) -> Finding:
    made = Finding(
        id="a" * 20,
        check="any",
        title="waste",
        provider="aws",
        cloud="aws",
        account=ACCOUNT,
        region="eu-west-1",
        resource_id=resource,
        resource_name="one",
        tags={"team": "search"},
        monthly_waste=Money(Decimal(12), "USD"),
        frees_commitment=Money.zero("USD"),
        evidence=(),
        remedy=Remedy(action, target, source),
    )
    return replace(made, **said)


def test_every_action_has_its_commands() -> None:
    assert set(CASES) == set(FIXES)
    assert fix(finding(Action.REVIEW, "anything")).act == ""


@pytest.mark.parametrize(("action", "resource", "target", "source"), EVERY, ids=NAMES)
def test_its_syntax_is_that_of_the_service(action: Action, resource: str, target: str, source: str) -> None:
    found = fix(finding(action, resource, target, source))

    assert found.act and found.undo and ACCOUNT in found.safety
    for words in (*commands(found.act), *commands(found.undo)):
        assert_real(words)


@pytest.mark.parametrize(("action", "resource", "target", "source"), EVERY, ids=NAMES)
def test_a_shell_can_read_it(action: Action, resource: str, target: str, source: str) -> None:
    found = fix(finding(action, resource, target, source))
    for text in (found.act, found.undo):
        read = subprocess.run(["bash", "-n"], input=text, text=True, capture_output=True, check=False)
        assert read.returncode == 0, (text, read.stderr)


@pytest.mark.parametrize(("action", "resource", "target", "source"), EVERY, ids=NAMES)
def test_powershell_reads_what_bash_reads(action: Action, resource: str, target: str, source: str) -> None:
    """Outside of single quotes nothing stands that PowerShell takes for more than a letter; else the note says so."""
    found = fix(finding(action, resource, target, source))
    if "Written for bash" in found.safety:
        return
    for text in (found.act, found.undo):
        bare = re.sub(r"'[^']*'", "word", text)
        bare = re.sub(r'"?\$\(([^()"]*)\)"?', r" \1", bare)  # both run what stands in $( )
        assert re.fullmatch(r"[A-Za-z0-9_./:=+\- \n]*(?:(?:&&| > )[A-Za-z0-9_./:=+\- \n]*)*", bare), bare


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize(("action", "resource", "target", "source"), EVERY, ids=NAMES)
def test_a_hostile_name_is_never_put_in_a_command(
    action: Action, resource: str, target: str, source: str, name: str
) -> None:
    usual = finding(action, resource, target, source)
    for hostile in (
        replace(usual, resource_id=resource + name),
        replace(usual, resource_id=resource.replace("eu-west-1", name)),
        replace(usual, account=name),
        replace(usual, remedy=Remedy(action, target + name if target else "", source)),
        replace(usual, remedy=Remedy(action, target, source + name if source else "")),
    ):
        found = fix(hostile)
        if hostile.resource_id == resource and hostile.remedy == usual.remedy and hostile.account == usual.account:
            continue
        for text in (found.act, found.undo):
            assert name not in text or PLAIN.fullmatch(name), text
            assert name not in shlex.split(text), text


def test_an_action_on_something_else_is_withheld() -> None:
    for action, (resource, target, source) in CASES.items():
        other = f"{EC2}instance/i-{ID}" if "instance/i-" not in resource else f"{EC2}volume/vol-{ID}"
        found = fix(finding(action, other, target, source))
        assert not found.act and "not safe" in found.safety, action


def test_lifecycle_rules_that_are_there_are_kept(tmp_path: Any) -> None:
    """The act and the undo run by a real shell, with an ``aws`` that answers and takes what it is given."""
    found = fix(finding(Action.ABORT_UPLOADS, *CASES[Action.ABORT_UPLOADS]))
    tool = tmp_path / "aws"
    rules = '{"Rules": [{"ID": "mine", "Status": "Enabled"}]}'
    tool.write_text("#!/bin/sh\ncase $2 in get-*) echo '" + rules + "';; put-*) cp ${6#file://} put.json;; esac\n")
    tool.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    subprocess.run(["bash", "-ec", found.act], cwd=tmp_path, env=environment, check=True)
    assert '"mine"' in (tmp_path / "put.json").read_text()
    assert "AbortIncompleteMultipartUpload" in (tmp_path / "put.json").read_text()
    subprocess.run(["bash", "-ec", found.undo], cwd=tmp_path, env=environment, check=True)
    assert "AbortIncompleteMultipartUpload" not in (tmp_path / "put.json").read_text()


DESCRIBED: dict[str, tuple[Action, str, str, dict[str, Any]]] = {
    "elbv2": (
        Action.DELETE_BALANCER,
        "create_load_balancer",
        f"arn:aws:elasticloadbalancing:eu-west-1:{ACCOUNT}:loadbalancer/gwy/one/0123456789abcdef",
        {
            "LoadBalancers": [
                {
                    "LoadBalancerName": "one",
                    "Type": "gateway",
                    "IpAddressType": "ipv4",
                    "AvailabilityZones": [{"SubnetId": "subnet-1"}, {"SubnetId": "subnet-2"}],
                    "SecurityGroups": [],
                }
            ]
        },
    ),
    "elb": (
        Action.DELETE_BALANCER,
        "create_load_balancer",
        f"arn:aws:elasticloadbalancing:eu-west-1:{ACCOUNT}:loadbalancer/one",
        {
            "LoadBalancerDescriptions": [
                {
                    "LoadBalancerName": "one",
                    "Scheme": "internal",
                    "Subnets": ["subnet-1"],
                    "ListenerDescriptions": [
                        {
                            "Listener": {"Protocol": "TCP", "LoadBalancerPort": 80, "InstancePort": 80},
                            "PolicyNames": [],
                        }
                    ],
                }
            ]
        },
    ),
    "opensearch": (
        Action.DELETE_SEARCH,
        "create_domain",
        f"arn:aws:es:eu-west-1:{ACCOUNT}:domain/logs",
        {
            "DomainStatus": {
                "DomainId": "1/logs",
                "DomainName": "logs",
                "ARN": "arn",
                "EngineVersion": "OpenSearch_2.11",
                "ClusterConfig": {"InstanceType": "t3.small.search", "InstanceCount": 2},
                "VPCOptions": {"VPCId": "vpc-1", "SubnetIds": ["subnet-1"], "AvailabilityZones": ["a"]},
            }
        },
    ),
}


@pytest.mark.parametrize("service", DESCRIBED)
def test_what_was_deleted_is_made_again_from_the_file_that_was_kept(service: str, tmp_path: Path) -> None:
    """By a real shell and a real jq; what it asks for is what the service's own model takes."""
    action, operation, resource, described = DESCRIBED[service]
    found = fix(finding(action, resource))
    tool = tmp_path / "aws"
    (tmp_path / "said.json").write_text(json.dumps(described))
    tool.write_text('#!/bin/sh\ncase $2 in describe-*) cat said.json;; create-*) cp "${6#file://}" put.json;; esac\n')
    tool.chmod(0o755)
    for text in (found.act, found.undo):
        subprocess.run(
            ["bash", "-ec", text], cwd=tmp_path, env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=True, timeout=20
        )
    asked = json.loads((tmp_path / "put.json").read_text())
    client = boto3.client(service, region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    shape = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation]).input_shape
    report = ParamValidator().validate(asked, shape)
    assert not report.has_errors(), report.generate_report()
    assert asked.get("Subnets") or asked["VPCOptions"] == {"SubnetIds": ["subnet-1"], "SecurityGroupIds": []}


def commands(text: str) -> Iterator[list[str]]:
    """The AWS commands in a text, also those that give another one a value, as words."""
    for begin in re.finditer(r"\baws (?=[a-z0-9]+ [a-z-]+)", text):
        rest = text[begin.start() :]
        lexer = shlex.shlex(rest.replace("\\\n", " "), posix=True, punctuation_chars="&|;<>()")
        lexer.whitespace_split = True
        lexer.commenters = ""
        words: list[str] = []
        try:
            for word in lexer:
                if word[0] in "&|;<>)" or word.startswith("2>") or word == "$":
                    break
                words.append(word)
        except ValueError:  # a quotation that began outside of it
            pass
        yield [word.rstrip(')"') for word in words]


def assert_real(words: list[str]) -> None:
    """The service, the operation (or the waiter) and every option exist in botocore's model of it."""
    _, service, verb, *rest = words
    service = {"s3api": "s3"}.get(service, service)
    model = SESSION.get_service_model(service)
    operations = {xform_name(name, "-"): name for name in model.operation_names}
    if verb == "wait":
        waiters = SESSION.get_waiter_model(service)
        names = {xform_name(name, "-"): name for name in waiters.waiter_names}
        operation = model.operation_model(waiters.get_waiter(names[rest.pop(0)]).operation)
    else:
        operation = model.operation_model(operations[OPERATIONS.get(verb, verb)])
    members = operation.input_shape.members if operation.input_shape else {}
    known = {xform_name(name, "-") for name in members}
    said = {word.removeprefix("--") for word in rest if word.startswith("--")}
    given = {name for option in said for name in CALLED.get(verb, {}).get(option, (option,))}
    for option in given - NOT_OF_THE_SERVICE:
        plain = option.removeprefix("no-") if option not in known else option
        assert plain in known, f"{service} {verb} has no --{option}"
    required = {xform_name(name, "-") for name in (operation.input_shape.required_members if members else ())}
    assert "cli-input-json" in given or required - given - {"client-token"} == set(), (
        f"{service} {verb}: {required - given}"
    )
