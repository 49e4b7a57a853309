"""What goes wrong between the stand-in agent and AWS, and how the agent's own log words it."""

from __future__ import annotations

import socket
import time

DENIED = "AccessDeniedException"
EXPIRED = "ExpiredTokenException"
FINGERPRINT = "MachineFingerprintDoesNotMatch"
SKEWED = "InvalidSignatureException"
NO_HOST_MANAGEMENT = (
    "error calling RequestManagedInstanceRoleToken: AccessDeniedException: Systems Manager's instance management role "
    "is not configured for account: 123456789012"
)
# The SDK adds the causes on lines of their own; they are no failure of the network.
NO_ROLE = (
    "EC2RoleRequestError: no EC2 instance role found\n"
    "caused by: EC2MetadataError: failed to make EC2Metadata request\n\n\tstatus code: 404, request id: "
)


class NoRoleError(Exception):
    """No usable role: the agent asks Default Host Management, is denied, and takes the long sleep."""


class TransientError(Exception):
    """A failure after which the agent comes back in five minutes, then later and later."""


def worded(refusal: str, role: str, instance: str) -> str:
    """Return what the log says about a refusal of SSM."""
    if refusal == DENIED:
        return denied(role, instance)
    if refusal == SKEWED:
        now, late = (time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() + skew)) for skew in (3600, 0))
        refusal += f": Signature expired: {late} is now earlier than {now} ({now} - 5 min.)"
    if refusal == FINGERPRINT:
        refusal += ": Fingerprint doesn't match"
    return f"{refusal}\n\tstatus code: 400, request id: 00000000-0000-0000-0000-000000000000"


def denied(role: str, instance: str) -> str:
    """Return what SSM says to a role that lacks its permission."""
    return (
        f"{DENIED}: User: arn:aws:sts::123456789012:assumed-role/{role}/{instance} is not authorized to perform: "
        f"ssm:UpdateInstanceInformation on resource: arn:aws:ec2:eu-central-1:123456789012:instance/{instance} "
        "because no identity-based policy allows the ssm:UpdateInstanceInformation action\n\tstatus code: 400, "
        "request id: 00000000-0000-0000-0000-000000000000"
    )


def unreachable(address: tuple[str, int], error: OSError) -> str:
    """Return what the log says when nobody answers at the endpoint, or its name is not found."""
    name, port = address
    if isinstance(error, socket.gaierror):
        reason = f"dial tcp: lookup {name}: no such host"
    elif isinstance(error, TimeoutError):
        reason = f"dial tcp {name}:{port}: i/o timeout"
    else:
        reason = f"dial tcp {name}:{port}: connect: {(error.strerror or str(error)).lower()}"
    return f'RequestError: send request failed\ncaused by: Post "https://ssm.eu-central-1.amazonaws.com/": {reason}'
