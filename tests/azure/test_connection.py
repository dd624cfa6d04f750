"""How Azure is asked: only reads, at its own pace, by a token that goes nowhere else."""

from __future__ import annotations

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError
from azure.core.rest import HttpRequest
from azure.mgmt.costmanagement import CostManagementClient
from azure.mgmt.resourcegraph import ResourceGraphClient
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from analysis.errors import BadConfig, NotAllowed
from providers.azure.connection import Cloud, Connection, Identity, refusal
from providers.azure.permissions import READS
from providers.azure.retry import A_MINUTE, BUDGET
from tests.azure.double import BORN, CLIENT, ENDS, OBJECT, QPU, TENANT, Call, Double, Reply, token

ONE = "subscriptions/00000000-0000-4000-8000-000000000001"
TWO = "subscriptions/00000000-0000-4000-8000-000000000002"
ASKED: dict[str, Any] = {"type": "ActualCost", "timeframe": "MonthToDate", "dataset": {"granularity": "None"}}
NOTHING: dict[str, Any] = {"properties": {"columns": [], "rows": [], "nextLink": None}}


def query(connection: Connection, scope: str = ONE) -> Any:
    return connection.client(CostManagementClient).query.usage(scope, ASKED)  # type: ignore[call-overload]


@pytest.mark.parametrize("which", ["qpu", "entity", "tenant", "client", "clienttype"])
def test_the_wait_that_cost_management_names_in_its_own_header_is_kept(azure: Double, which: str) -> None:
    azure.on("POST", "/query", NOTHING)
    header = f"x-ms-ratelimit-microsoft.costmanagement-{which}-retry-after"
    azure.fault("/query", "throttled", times=2, headers={header: "17", "Retry-After": "3"})

    assert query(azure.connection()) is not None
    assert azure.watch.slept == [17.0, 17.0]
    assert azure.counted("/query") == 3


def test_a_wait_is_kept_as_each_service_names_it(azure: Double) -> None:
    azure.on("POST", "/query", NOTHING)
    azure.fault("/query", headers={"Retry-After": "4"})
    azure.fault("/query", headers={"x-ms-ratelimit-microsoft.consumption-tenant-retry-after": "6"})
    azure.on("POST", "/resources", {"data": [], "count": 0, "totalRecords": 0, "resultTruncated": "false"})
    azure.fault("/resources", headers={"x-ms-user-quota-resets-after": "00:00:05"})
    connection = azure.connection()

    query(connection)
    connection.client(ResourceGraphClient).resources({"query": "resources"})  # type: ignore[call-overload]

    assert azure.watch.slept == [4.0, 6.0, 5.0]


def test_throttling_that_never_ends_is_given_up_after_ten_minutes_for_that_scope_alone(azure: Double) -> None:
    azure.on("POST", "/query", NOTHING)
    azure.fault(ONE, headers={QPU: "45"}, times=None)
    connection = azure.connection()

    with pytest.raises(HttpResponseError) as refused:
        query(connection)

    assert sum(azure.watch.slept) <= BUDGET
    assert azure.counted(ONE) == 1 + BUDGET // 45
    assert refusal(refused.value).startswith("throttled: asked for ten minutes")
    assert query(connection, TWO) is not None


def test_no_scope_is_asked_more_than_four_times_a_minute(azure: Double) -> None:
    azure.on("POST", "/query", NOTHING)
    azure.fault("/query", "error500", times=3)
    connection = azure.connection()

    for number in range(26):
        query(connection, (ONE, TWO)[number % 2])

    moments: dict[str, list[float]] = defaultdict(list)
    for call in azure.calls:
        moments[call.scope].append(call.at)
    assert {len(every) for every in moments.values()} <= {13, 14, 15, 16}
    for every in moments.values():
        every.sort()
        assert all(later - former >= 60 for former, later in zip(every, every[A_MINUTE:], strict=False))


def test_threads_that_ask_together_get_turns_of_their_own(azure: Double) -> None:
    azure.on("POST", "/query", NOTHING)
    connection = azure.connection()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: query(connection), range(12)))

    assert azure.watch.seconds >= 120
    assert azure.counted("/query") == 12


def test_every_request_says_whose_it_is(azure: Double) -> None:
    azure.on("POST", "/query", NOTHING)

    query(azure.connection())

    assert azure.calls[0].headers["ClientType"] == "finops-pitcrew"
    assert azure.calls[0].headers["User-Agent"].startswith("finops-pitcrew")


@pytest.mark.parametrize("kind", ["error500", "error502", "error503", "reset"])
def test_what_breaks_is_asked_four_times(azure: Double, kind: str) -> None:
    azure.on("POST", "/query", NOTHING)
    azure.fault("/query", kind, times=3)
    assert query(azure.connection()) is not None
    assert azure.counted("/query") == 4

    azure.fault("/query", kind, times=None)
    with pytest.raises(Exception, match=r".") as broken:
        query(azure.connection(), TWO)
    assert azure.counted(TWO) == 4
    assert "\n" not in refusal(broken.value)


def test_what_is_refused_is_asked_once_and_the_next_step_is_told(azure: Double) -> None:
    azure.fault("/query", "denied", times=None)

    with pytest.raises(HttpResponseError) as refused:
        query(azure.connection())

    assert azure.counted("/query") == 1
    assert refusal(refused.value) == ("AuthorizationFailed: a role is missing there, `pitcrew doctor azure` names it")


def test_nothing_is_written(azure: Double) -> None:
    connection = azure.connection()
    costs = connection.client(CostManagementClient)
    budget: dict[str, Any] = {"properties": {}}
    for write in (
        lambda: costs.exports.delete(ONE, "finops"),
        lambda: costs.exports.execute(ONE, "finops"),
        lambda: costs.budgets.create_or_update(ONE, "all", budget),  # type: ignore[call-overload]
        lambda: costs.send_request(HttpRequest("POST", f"/{ONE}/providers/Microsoft.Compute/register")),
    ):
        with pytest.raises(NotAllowed, match="not on the list of what it reads"):
            write()

    assert azure.calls == []


def test_a_token_never_leaves_its_cloud(azure: Double) -> None:
    stolen = HttpRequest("POST", "https://evil.example/providers/Microsoft.CostManagement/query", json=ASKED)

    with pytest.raises(NotAllowed, match=r"evil\.example is not this Azure cloud"):
        azure.connection().client(CostManagementClient).send_request(stolen)
    with pytest.raises(NotAllowed, match="no storage account of this cloud"):
        azure.connection(cloud=Cloud()).blob("https://mine.blob.core.windows.net.evil.example/c/b?sig=x")


def test_every_read_that_is_listed_is_a_read() -> None:
    posts = {read.name for read in READS if read.method == "POST"}

    assert {read.method for read in READS} == {"GET", "POST"}
    assert posts == {
        "Microsoft.ResourceGraph/resources",
        "Microsoft.CostManagement/query",
        "Microsoft.CostManagement/generateCostDetailsReport",
        "/subscriptions/{id}/metrics:getBatch",
    }
    assert all(read.action.endswith(("/read", "Report/action")) for read in READS)


def test_what_is_asked_is_counted(azure: Double) -> None:
    azure.on("POST", "/query", NOTHING)
    azure.fault("/query", "error500")
    connection = azure.connection()

    query(connection)

    assert connection.calls == Counter({"Microsoft.CostManagement/query": 2})


def test_a_service_principal_signs_in_by_the_untouched_policies_of_the_sdk(azure: Double) -> None:
    azure.on("POST", "/query", NOTHING)
    identity = Identity("secret", TENANT, CLIENT, "a-long-secret")
    connection = azure.connection(credential=identity.credential(azure.cloud))

    query(connection)

    [given] = [call for call in azure.calls if call.path.endswith("/oauth2/v2.0/token")]
    assert given.body["client_id"] == CLIENT and given.body["scope"].startswith(f"{azure.url}/.default")
    assert connection.who() == {"oid": OBJECT, "appid": CLIENT, "tid": TENANT}
    assert "a-long-secret" not in repr(identity)


def test_a_secret_that_has_expired_is_said_with_the_next_step(azure: Double) -> None:
    said = {
        "error": "invalid_client",
        "error_description": "AADSTS7000222: The provided client secret keys ... expired",
    }
    azure.on("POST", "/oauth2/v2.0/token", Reply(401, said))
    connection = azure.connection(credential=Identity("secret", TENANT, CLIENT, "old").credential(azure.cloud))

    with pytest.raises(ClientAuthenticationError) as refused:
        query(connection)

    assert refusal(refused.value) == (
        "AADSTS7000222: the client secret has expired: make a new one and set AZURE_CLIENT_SECRET"
    )


def test_a_certificate_signs_in_and_its_key_stays_here(azure: Double, tmp_path: Path) -> None:
    azure.on("POST", "/query", NOTHING)
    private = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pitcrew")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(private.public_key())
    signed = made.serial_number(1).not_valid_before(BORN).not_valid_after(ENDS).sign(private, hashes.SHA256())
    key = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file = tmp_path / "pitcrew.pem"
    file.write_bytes(key + signed.public_bytes(Encoding.PEM))
    identity = Identity("certificate", TENANT, CLIENT, certificate=file)

    query(azure.connection(credential=identity.credential(azure.cloud)))

    [given] = [call for call in azure.calls if call.path.endswith("/oauth2/v2.0/token")]
    assert given.body["client_assertion_type"].endswith("jwt-bearer") and "client_secret" not in given.body
    assert "PRIVATE KEY" not in str(azure.calls)


def test_a_pod_signs_in_by_the_token_of_its_service_account(
    azure: Double, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure.on("POST", "/query", NOTHING)
    (tmp_path / "token").write_text("of the service account")
    monkeypatch.setenv("AZURE_FEDERATED_TOKEN_FILE", str(tmp_path / "token"))

    query(azure.connection(credential=Identity("workload", TENANT, CLIENT).credential(azure.cloud)))

    [given] = [call for call in azure.calls if call.path.endswith("/oauth2/v2.0/token")]
    assert given.body["client_assertion"] == "of the service account"


def test_a_container_with_a_managed_identity_needs_no_secret(azure: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    azure.on("POST", "/query", NOTHING)
    said = {"access_token": token(azure.url), "expires_on": "4102444800", "token_type": "Bearer", "resource": azure.url}
    azure.on("GET", "^/msi/token$", said)
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{azure.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "of the container")

    query(azure.connection(credential=Identity("managed").credential(azure.cloud)))

    [given] = [call for call in azure.calls if call.path == "/msi/token"]
    assert given.query["resource"] == azure.url


def test_without_any_identity_every_way_to_one_is_told(azure: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    connection = azure.connection(credential=Identity("cli").credential(azure.cloud))

    with pytest.raises(ClientAuthenticationError) as refused:
        query(connection)
    assert refusal(refused.value).startswith("no Azure credentials: set AZURE_TENANT_ID, AZURE_CLIENT_ID")


@pytest.mark.parametrize("kind", ["secret", "certificate", "workload"])
def test_an_identity_that_lacks_something_is_refused_before_it_is_used(kind: Any, tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=f"Azure identity '{kind}'"):
        Identity(kind, certificate=tmp_path / "none.pem").credential(Cloud())


def test_a_link_to_the_next_page_is_followed_with_the_same_body(azure: Double) -> None:
    def page(call: Call) -> Any:
        link = (
            f"{azure.url}{call.path}?api-version=2025-03-01&$skiptoken=1" if not call.query.get("$skiptoken") else None
        )
        return {"properties": {"columns": [], "rows": [], "nextLink": link}}

    azure.on("POST", "/query", page)
    first = query(azure.connection())
    azure.connection().client(CostManagementClient).send_request(
        HttpRequest("POST", first.properties.next_link, json=ASKED)
    ).raise_for_status()

    assert [call.body for call in azure.calls] == [ASKED, ASKED]


def test_blob_storage_that_is_busy_is_asked_again_by_our_own_clock(azure: Double) -> None:
    listed = b"""<?xml version="1.0" encoding="utf-8"?>
<EnumerationResults ContainerName="bill"><Blobs/><NextMarker/></EnumerationResults>"""
    azure.on("GET", "^/apexbill/bill$", Reply(200, listed, {"Content-Type": "application/xml"}))
    azure.fault("^/apexbill/bill$", "error503", times=3)
    cloud = Cloud(azure.url, azure.url, azure.url, f"{azure.url}/{{account}}")
    connection = azure.connection(cloud=cloud)

    assert list(connection.container("apexbill", "bill").list_blobs()) == []
    assert azure.counted("/apexbill/bill") == 4 and len(azure.watch.slept) == 3
    assert connection.calls == Counter({"blob/GET": 4})
