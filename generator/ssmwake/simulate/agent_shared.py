"""What the stand-in agent's processes share: their clock, their log, IMDS, SSM, and the file that says who they are."""

from __future__ import annotations

import json
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ssmwake.simulate.agent_errors import NO_ROLE, NoRoleError, TransientError

IAM = "/latest/meta-data/iam/security-credentials/"
MINUTE = 60.0
KEY_CACHE = 30 * MINUTE
# Minutes after each failure that is neither a missing role nor a denial; the hibernating worker pings at the same pace.
BACKOFF = (5, 10, 10, 10, 20, 20, 20, 40, 40, 40, 60)
NEVER = "0001-01-01T00:00:00Z"
# Keys of an agent that does not live on the role, and what it asks for them with: its instance's identity, or the
# registration that an activation left. The endpoint knows all four.
HOST_MANAGEMENT_KEY = "ASIAHOSTMANAGEMENT"
ACTIVATION_KEY = "ASIAACTIVATION"
IDENTITY_KEY = "ASIAINSTANCEIDENTITY"
REGISTRATION_KEY = "ASIAREGISTRATION"
# For how many seconds the agent's HTTP client keeps an idle connection.
IDLE = 90.0
# For how many seconds it tries to connect.
DIAL = 30.0


@dataclass(frozen=True)
class Host:
    """Where the agent lives, what it is, and how fast its clock runs."""

    root: Path
    imds: str
    ssm: tuple[str, int]
    scale: float = 1.0
    hurry: float = 1.0
    seed: int = 52
    messages: tuple[str, int] = ("", 0)
    release: str = "3.3"
    activation: bool = False

    def wait(self, seconds: float) -> None:
        """Let the agent's own time pass."""
        time.sleep(seconds / self.scale)

    def work(self, seconds: float) -> None:
        """Spend what a piece of work costs."""
        time.sleep(seconds / self.hurry)

    def log(self, message: str, file: str = "amazon-ssm-agent.log", level: str = "INFO") -> None:
        """Append a line to one of the agent's logs."""
        now = time.time()
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(now)) + f".{int(now % 1 * 10_000):04d}"
        path = self.root / "var/log/amazon/ssm" / file
        line = f"{stamp} {level} {message}\n"
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a", encoding="utf-8") as log:
                log.write(line)


def rename_process(name: str) -> None:
    """Show a name in /proc/PID/comm, where the kernel keeps 15 bytes of it."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name, encoding="ascii")


def duration(seconds: float) -> str:
    """Write a duration as Go does: 25m27s, 1h0m0s."""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes // 60}h{minutes % 60}m{rest}s" if minutes >= 60 else f"{minutes}m{rest}s"


def exchange(
    address: tuple[str, int], method: str, path: str, headers: dict[str, str], dial: float, timeout: float | None = None
) -> tuple[int, str, socket.socket]:
    """Send a request and return status, body, and the open socket, which the caller closes.

    `dial` is for how many seconds it tries to connect, `timeout` for how many it waits for the reply.
    """
    connection = socket.create_connection(address, dial)
    try:
        connection.settimeout(timeout)
        lines = [f"{method} {path} HTTP/1.1", f"Host: {address[0]}", *(f"{name}: {headers[name]}" for name in headers)]
        connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
        with connection.makefile("rb") as reply:
            status = int(reply.readline().split()[1])
            length = 0
            while line := reply.readline().strip().lower():
                if line.startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            return status, reply.read(length).decode("utf-8", "replace"), connection
    except (IndexError, ValueError) as error:
        connection.close()
        raise OSError("garbled reply") from error
    except OSError:
        connection.close()
        raise


class IdleConnection:
    """The connection of the last call, which an HTTP client keeps open for a while in case of another one."""

    def __init__(self, host: Host) -> None:
        self._lifetime = IDLE / host.scale
        self._socket: socket.socket | None = None
        self._until = 0.0

    def keep(self, connection: socket.socket) -> None:
        """Keep this connection, and close the one before it."""
        self.close()
        self._socket = connection
        self._until = time.monotonic() + self._lifetime

    def tidy(self) -> None:
        """Close the connection once it has been idle for long enough."""
        if time.monotonic() >= self._until:
            self.close()

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class ImdsClient:
    """The agent's view of IMDS: one second per request, and a token that is kept."""

    role = ""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "169.254.169.254", parts.port or 80)
        self._token = ""

    def get(self, path: str) -> tuple[int, str]:
        """Return status and body; OSError when there is no answer or no token."""
        for _ in range(2):
            if not self._token:
                ttl = {"X-aws-ec2-metadata-token-ttl-seconds": "21600", "Content-Length": "0"}
                status, token = self._send("PUT", "/latest/api/token", ttl)
                if status != 200 or not token:
                    raise OSError(f"token: HTTP {status}")
                self._token = token
            status, body = self._send("GET", path, {"X-aws-ec2-metadata-token": self._token})
            if status != 401:
                break
            self._token = ""
        return status, body

    def _send(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
        status, body, connection = exchange(self._address, method, path, headers, 1.0, 1.0)
        connection.close()
        return status, body


def fetch_key(host: Host, imds: ImdsClient) -> str:
    """Return the role's access key after three tries at the most; NoRoleError or TransientError when there is none."""
    for pause in (1.0, 1.1, 0.0):
        try:
            status, name = imds.get(IAM)
            if status == 200:
                imds.role = name.splitlines()[0]
                status, text = imds.get(IAM + imds.role)
            if status == 200:
                return key_of(json.loads(text))
            if status not in (429, 500, 503):
                break
        except (OSError, ValueError, IndexError):
            pass
        host.work(pause)
    raise NoRoleError(NO_ROLE)


def key_of(credentials: dict[str, str]) -> str:
    code = credentials.get("Code")
    if code == "AssumeRoleUnauthorizedAccess":
        raise NoRoleError(f"EC2RoleRequestError: {code}")
    if code != "Success":
        raise TransientError(f"{code}: credentials are not there")
    return credentials.get("AccessKeyId") or ""


def call(host: Host, action: str, key: str, idle: IdleConnection) -> str:
    """Make one call to SSM, waiting without limit; return "" or the name of its error; OSError: nobody answers."""
    headers = {"X-Amz-Target": f"AmazonSSM.{action}", "Authorization": authorization(key), "Content-Length": "0"}
    status, body, connection = exchange(host.ssm, "POST", "/", headers, DIAL / host.hurry)
    idle.keep(connection)
    if status == 200:
        return ""
    with suppress(ValueError):
        return str(json.loads(body).get("__type") or status)
    return str(status)


def authorization(key: str) -> str:
    return f"AWS4-HMAC-SHA256 Credential={key}/20260101/eu-central-1/ssm/aws4_request"


def identity_file(host: Host) -> Path:
    return host.root / "var/lib/amazon/ssm/runtimeconfig/identity_config.json"


def write_identity(host: Host, instance: str, source: str) -> None:
    """Record where the credentials come from; the runtime and the agent itself read it."""
    now = time.time()
    fields = {
        "SchemaVersion": "1.1",
        "InstanceId": instance,
        "IdentityType": "OnPrem" if host.activation else "EC2",
        "ShareFile": "",
        "ShareProfile": "",
    }
    fields["CredentialsExpiresAt"] = iso(now + 2 * KEY_CACHE / host.scale) if source else NEVER
    fields["CredentialsRetrievedAt"] = iso(now) if source else NEVER
    fields["CredentialSource"] = source
    path = identity_file(host)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".tmp")
    fresh.write_text(json.dumps(fields, separators=(",", ":")), encoding="utf-8")
    fresh.chmod(0o600)
    fresh.replace(path)


def longest_sleep(host: Host) -> float:
    """Return what the agent's settings allow: from 3.3.3050.0 on, 60 to 1800 s (the agent's README)."""
    path = host.root / "etc/amazon/ssm/amazon-ssm-agent.json"
    try:
        seconds = float(json.loads(path.read_text(encoding="utf-8"))["Ssm"]["CredentialRetryMaxSleepSeconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return 30 * MINUTE
    return seconds if MINUTE <= seconds <= 30 * MINUTE else 30 * MINUTE


def iso(seconds: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1e9):09d}Z"


def is_trusted(host: Host) -> bool:
    """Say whether the file of an earlier life vouches for credentials, which the agent then does not check."""
    try:
        fields = json.loads(identity_file(host).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(fields.get("CredentialSource")) and str(fields.get("CredentialsExpiresAt")) > iso(time.time())


def source_on_file(host: Host) -> str:
    """Return the source of the credentials that the identity file names: EC2, SSM or nothing."""
    try:
        return str(json.loads(identity_file(host).read_text(encoding="utf-8")).get("CredentialSource"))
    except (OSError, ValueError):
        return ""
