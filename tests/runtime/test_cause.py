"""What the runtime makes of the agent's log: why it is not online, and when it tries again by itself."""

import os
import re
import socket
from contextlib import ExitStack

import pytest

from ssmwake.operate.retry import EVERY, REFUSED_LEAST, REFUSED_MOST, STEPS, Chain
from ssmwake.render.runtime import runtime as joined
from support.parts import call, write_log
from support.shells import SHELLS, Runtime

CORE = "INFO [amazon-ssm-agent] Starting Core Agent: amazon-ssm-agent - v3.3.1142.0"
DENIED = (
    "WARN [amazon-ssm-agent] [CredentialRefresher] EC2RoleProvider Failed to connect to Systems Manager with instance "
    "profile role credentials. Err: retrieved credentials failed to report to ssm. Error: AccessDeniedException: User: "
    "arn:aws:sts::123456789012:assumed-role/web/i-0a is not authorized to perform: ssm:UpdateInstanceInformation on "
    "resource: arn:aws:ec2:eu-west-1:123456789012:instance/i-0a because no identity-based policy allows the "
    "ssm:UpdateInstanceInformation action\n\tstatus code: 400, request id: 00000000-0000-0000-0000-000000000000"
)
POST = 'ERROR [CredentialRefresher] Retrieve credentials produced RequestError: send request failed\ncaused by: Post "'
HOST = "ssm.eu-west-1.amazonaws.com"
NO_NAME = f'{POST}https://{HOST}/": dial tcp: lookup {HOST} on 10.0.0.2:53: no such host'
NO_ROUTE = f'{POST}https://{HOST}/": dial tcp 52.95.1.1:443: i/o timeout'
NO_PROXY = f'{POST}https://{HOST}/": proxyconnect tcp: dial tcp 10.1.2.3:3128: connect: connection refused'
TLS = f'{POST}https://{HOST}:8443/": net/http: TLS handshake timeout'
NO_ROLE = (
    "INFO [ssm-agent-worker] Entering SSM Agent hibernate - EC2RoleRequestError: no EC2 instance role found\n"
    "caused by: EC2MetadataError: failed to make EC2Metadata request\n\tstatus code: 404, request id: \n"
    'caused by: <?xml version="1.0" encoding="iso-8859-1"?>'
)


CAUSES = [
    (DENIED, "refused", "Systems Manager refuses the agent", "let role web do ssm:UpdateInstanceInformation"),
    (NO_NAME, "unreachable", f"the agent cannot reach {HOST}: no such host", "open the way to ssm"),
    (NO_ROUTE, "unreachable", f"the agent cannot reach {HOST}: i/o timeout", "port 443"),
    (NO_PROXY, "unreachable", "the agent cannot reach its proxy 10.1.2.3:3128: connection refused", "proxy"),
    (TLS, "unreachable", f"the agent cannot reach {HOST}:8443: TLS handshake timeout", "port 443"),
    (
        "ERROR [CredentialRefresher] Retrieve credentials produced aws error: ThrottlingException: Rate exceeded",
        "refused",
        "Systems Manager refuses the agent",
        "AmazonSSMManagedInstanceCore",
    ),
    (
        "INFO [ssm-agent-worker] Entering SSM Agent hibernate - InvalidSignatureException: Signature expired: now",
        "refused",
        "Systems Manager refuses the agent",
        "set the clock",
    ),
    (
        "ERROR error: MachineFingerprintDoesNotMatch: unable to load",
        "refused",
        "Systems Manager refuses the agent",
        "sudo amazon-ssm-agent -register -clear; sudo systemctl restart amazon-ssm-agent.service",
    ),
]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_cause_names_the_action_or_the_host_and_quotes_file_time_and_sentence(shell: str, runtime: Runtime) -> None:
    for line, cause, sentence, todo in CAUSES:
        stamp = write_log(runtime.root, CORE, line)
        out = call(runtime, shell, 'explain_cause; printf "%s\\n" "$cause" "$sentence" "$todo" "$error"')
        said = out.splitlines()
        assert said[:2] == [cause, sentence], line
        assert todo in said[2]
        assert len(said) == 4
        start = f"{runtime.root}/var/log/amazon/ssm/amazon-ssm-agent.log: "
        assert said[3].startswith(f"{start}{stamp} ")
        assert len(said[3]) <= len(start) + 300
        # The sentence itself, and not the module that wrote it.
        assert "[CredentialRefresher]" not in said[3]


@pytest.mark.parametrize("shell", SHELLS)
def test_no_cause_is_named_where_the_log_has_none(shell: str, runtime: Runtime) -> None:
    over = "INFO [CredentialRefresher] Successfully connected with instance profile role credentials"
    for lines in ((), (CORE,), (DENIED, over), (NO_ROLE,), (DENIED, NO_ROLE)):
        write_log(runtime.root, *lines)
        assert call(runtime, shell, 'explain_cause; echo "$cause"') == "\n", lines


def test_what_was_logged_before_a_restart_is_the_cause_until_there_is_news(runtime: Runtime) -> None:
    write_log(runtime.root, CORE, NO_ROUTE, CORE)
    assert call(runtime, "dash", 'explain_cause; echo "$cause"') == "unreachable\n"


def test_keys_are_not_quoted(runtime: Runtime) -> None:
    write_log(runtime.root, f"ERROR Retrieve credentials produced aws error: ASIAABCDEFGHIJKLMNOP {'x' * 80}")
    error = call(runtime, "dash", 'explain_cause; echo "$error"')
    assert "REMOVED REMOVED" in error
    assert "ASIA" not in error


@pytest.mark.parametrize("shell", SHELLS)
def test_a_password_of_a_proxy_is_not_quoted(shell: str, runtime: Runtime) -> None:
    proxy = "http://svc:Sup3r%S@cret@proxy.example.com:3128"
    write_log(
        runtime.root,
        f'ERROR Failed: Post "https://ssm.eu-west-1.amazonaws.com/": invalid proxy address "{proxy}": parse "{proxy}"',
        f'caused by: Post "https://ssm.eu-west-1.amazonaws.com/": parse "{proxy}": invalid URL escape',
    )
    quoted = call(runtime, shell, 'explain_cause; echo "$sentence $error"')
    assert "Sup3r" not in quoted
    assert "cret@" not in quoted
    assert "proxy.example.com:3128" in quoted


def window(runtime: Runtime, shell: str, minutes: int, state: str = "asleep", error: str = "") -> str:
    commands = f"agent={state} age={minutes * 60 + 1} error='{error}' retry=''; describe_retry; echo \"$retry\""
    return call(runtime, shell, commands).strip()


def sleeping(text: str) -> str:
    return f"INFO [CredentialRefresher] Sleeping for {text} before retrying retrieve credentials"


@pytest.mark.parametrize("shell", SHELLS)
def test_the_window_comes_from_the_log_as_long_as_it_lies_ahead(shell: str, runtime: Runtime) -> None:
    write_log(runtime.root, CORE, sleeping("25m27s"), ago=10 * 60)
    assert window(runtime, shell, 10) == "15 to 16 min"
    write_log(runtime.root, CORE, sleeping("5m0s"), ago=60)
    assert window(runtime, shell, 1, error="x") == "4 to 5 min"
    # It is over, or of an earlier start, or unreadable: what is known of the agent instead.
    write_log(runtime.root, CORE, sleeping("25m27s"), ago=40 * 60)
    assert window(runtime, shell, 40) == "10 to 20 min"
    write_log(runtime.root, sleeping("25m27s"), CORE)
    assert window(runtime, shell, 3) == "22 to 27 min"
    for text in ("1h0m0s", "45s", "m", "$(id)m", "999x9m"):
        write_log(runtime.root, CORE, sleeping(text))
        assert window(runtime, shell, 3) == "22 to 27 min", text


@pytest.mark.parametrize("shell", SHELLS)
def test_without_the_log_the_window_follows_the_chain_and_is_never_negative(shell: str, runtime: Runtime) -> None:
    ages = (0, 24, 26, 29, 31, 61, 89, 149, 700)
    assert [window(runtime, shell, age) for age in ages] == [
        "25 to 30 min",
        "1 to 6 min",
        "0 to 4 min",
        "0 to 1 min",
        "19 to 29 min",
        "14 to 29 min",
        "0 to 1 min",
        "0 to 1 min",
        "0 to 20 min",
    ]
    assert window(runtime, shell, 31, error="AccessDeniedException") == "19 to 29 min"
    for state, error in (("asleep", "RequestError"), ("hibernating", "")):
        later = [window(runtime, shell, age, state, error) for age in (0, 5, 60, 214, 215, 5000)]
        assert later == ["0 to 5 min", "0 to 10 min", "0 to 15 min", "0 to 1 min", "0 to 60 min", "0 to 60 min"]
    for state in ("online", "starting", "down", "connecting"):
        assert window(runtime, shell, 10, state) == ""


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shorter_sleep_that_is_configured_is_known(shell: str, runtime: Runtime) -> None:
    path = runtime.root / "etc/amazon/ssm/amazon-ssm-agent.json"
    path.parent.mkdir(parents=True)
    path.write_text(
        '{"Profile": {"ShareCreds": true},\n "Ssm": {"CredentialRetryMaxSleepSeconds" : 300, "Endpoint": ""}}'
    )
    assert window(runtime, shell, 3) == "0 to 2 min"
    path.write_text('{"Ssm":{"CredentialRetryMaxSleepSeconds":60}}')
    assert window(runtime, shell, 3) == "0 to 1 min"


def test_the_runtime_and_the_doctor_have_the_same_chains() -> None:
    assert set(re.findall(r"\b(refused_from|refused_to|backoff_last)=([1-9][0-9]*)", joined())) == {
        ("refused_from", str(REFUSED_LEAST)),
        ("refused_to", str(REFUSED_MOST)),
        ("backoff_last", str(EVERY)),
    }
    (tries,) = re.findall(r"backoff_tries='([0-9 ]+)'", joined())
    assert tuple(map(int, tries.split())) == STEPS[Chain.ERROR] == STEPS[Chain.HIBERNATION]


@pytest.mark.parametrize("shell", SHELLS)
def test_an_agent_whose_packets_are_dropped_cannot_reach_systems_manager(shell: str, runtime: Runtime) -> None:
    write_log(runtime.root, CORE)
    show = f'pid={os.getpid()} user=$(id -u); explain_cause; printf "%s|" "$cause" "$sentence" "$error"'
    with socket.socket() as listener, ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        # Once its queue is full, the kernel drops what else wants to connect.
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        assert call(runtime, shell, show) == "unreachable|the agent cannot reach Systems Manager||"
    assert call(runtime, shell, f"sentence=''; {show}") == "|||"


@pytest.mark.parametrize("shell", SHELLS)
def test_status_of_a_machine_without_an_agent_is_a_report_in_every_shell(shell: str, runtime: Runtime) -> None:
    result = runtime.run("status", "--json", "--endpoint", "http://127.0.0.1:9", shell=shell)
    assert (result.status, result.report["reason"], result.report["agent_retry"]) == (75, "imds-unreachable", "")
    assert result.err == ""
