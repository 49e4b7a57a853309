"""What the runtime makes of each way in which IMDS can fail: in every shell, with every HTTP client."""

from dataclasses import dataclass

import pytest

from ssmwake.simulate.imds import Imds
from support.shells import Result, Runtime


@dataclass(frozen=True)
class Row:
    """A fault of the simulator, and what `ssmwake wait` must say of it."""

    fault: str
    status: int
    reason: str


# The reasons are part of the contract: scripts branch on them.
MATRIX = (
    Row("imds-disabled", 69, "imds-disabled"),
    Row("token-403", 69, "imds-disabled"),
    Row("token-404", 69, "no-imdsv2"),
    Row("token-405", 69, "no-imdsv2"),
    Row("token-400", 75, "token-rejected"),
    Row("token-hang", 75, "imds-unreachable"),
    Row("token-empty", 75, "token-garbled"),
    Row("token-html", 75, "token-garbled"),
    Row("token-long", 75, "token-garbled"),
    Row("token-huge", 75, "oversize-body"),
    Row("token-503", 75, "imds-busy"),
    Row("token-expires", 0, "ready"),
    Row("get-401", 75, "token-refused"),
    Row("get-403", 75, "imds-forbidden"),
    Row("get-empty", 75, "role-list-garbled"),
    Row("no-role", 75, "no-role"),
    Row("list-empty", 75, "role-list-garbled"),
    Row("list-html", 75, "role-list-garbled"),
    Row("list-binary", 75, "role-list-garbled"),
    Row("list-dotdot", 75, "role-list-garbled"),
    Row("list-two-lines", 0, "ready"),
    Row("list-huge", 75, "oversize-body"),
    Row("list-503", 75, "imds-busy"),
    Row("code-assume-role", 78, "creds-AssumeRoleUnauthorizedAccess"),
    Row("code-failed", 78, "creds-Failed"),
    Row("credentials-no-token", 75, "creds-missing-Token"),
    Row("credentials-no-key", 75, "creds-missing-AccessKeyId"),
    Row("credentials-expired", 0, "ready"),
    Row("credentials-one-line", 0, "ready"),
    Row("credentials-html", 75, "creds-garbled"),
    Row("credentials-empty", 75, "creds-garbled"),
    Row("credentials-huge", 75, "oversize-body"),
    Row("credentials-404", 75, "imds-http-404"),
    Row("credentials-503", 75, "imds-busy"),
    Row("credentials-429", 75, "imds-busy"),
    Row("credentials-hang", 75, "imds-unreachable"),
    Row("partial-short", 75, "partial-body"),
    Row("partial-reset", 75, "partial-body"),
    Row("trickle", 75, "partial-body"),
    Row("hang", 75, "imds-unreachable"),
    Row("refused", 75, "imds-unreachable"),
    Row("reset", 75, "imds-unreachable"),
    Row("no-reply", 75, "imds-unreachable"),
    Row("slow", 0, "ready"),
    Row("error-500", 75, "imds-busy"),
    Row("error-503", 75, "imds-busy"),
    Row("error-429", 75, "imds-busy"),
    Row("redirect-302", 75, "imds-http-302"),
    Row("info-404", 0, "ready"),
    Row("info-html", 0, "ready"),
    Row("info-empty", 0, "ready"),
)


@pytest.mark.parametrize("row", MATRIX, ids=lambda row: row.fault)
def test_each_fault_has_its_status_and_its_reason_in_every_shell_with_every_client(
    row: Row, runtime: Runtime, imds: Imds
) -> None:
    imds.attach("web")
    imds.fault(row.fault)
    options = ("wait", "--endpoint", imds.url, "--timeout", "4")
    wrong = [result for result in runtime.run_everywhere(*options) if verdict(result) != expected(row, result)]
    # IMDS has two seconds to answer, which a busy machine can take from us: whoever disagrees runs once more, alone.
    again = [runtime.run(*options, shell=result.shell, client=result.client) for result in wrong]
    assert [result for result in again if verdict(result) != expected(row, result)] == []


Verdict = tuple[int, str, int, bool, str]


def verdict(result: Result) -> Verdict:
    report = result.report
    return result.status, report["reason"], report["exit"], report["ok"], report["client"]


def expected(row: Row, result: Result) -> Verdict:
    reason = row.reason
    if (row.fault, result.client) == ("list-binary", "bash"):
        # bash drops the zero byte, so that one seems to be missing.
        reason = "partial-body"
    return row.status, reason, row.status, row.status == 0, result.client
