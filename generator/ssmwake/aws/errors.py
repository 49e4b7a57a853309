"""What AWS, the network or the credentials refused, in one line for the user, with what to do about it.

A line never holds a control character, whatever the other side sent.
"""

import re
from typing import Any

from botocore import exceptions as aws
from botocore.exceptions import BotoCoreError, ClientError

from ssmwake.terminal import printable

THROTTLED = frozenset(
    {
        "TooManyUpdates",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "SlowDown",
    }
)
EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired"})
UNKNOWN_KEYS = frozenset(
    {
        "UnrecognizedClientException",
        "InvalidClientTokenId",
        "AuthFailure",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
    }
)
DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AccessDeniedFault"})

LONGEST = 600
PASSWORD_IN_URL = re.compile(r"://[^\s/@]+@")

# Our own codes, for what has none from the service.
NONSENSE = "InvalidResponse"
TIMEOUT = "Timeout"
UNREACHABLE = "Unreachable"
NO_CREDENTIALS = "NoCredentials"
NO_PROFILE = "NoProfile"

# What keeps a caller from asking anything at all, whatever it is that is asked.
CREDENTIALS = EXPIRED | UNKNOWN_KEYS | {NO_CREDENTIALS, NO_PROFILE}

# Advice for errors whose message comes from the service.
ADVICE = {
    "DocumentLimitExceeded": "delete documents, or ask AWS for a higher quota",
    "DocumentVersionLimitExceeded": "delete versions that nobody runs any more, as docs/publish.md describes",
    "DocumentPermissionLimit": "share with fewer accounts",
    "MaxDocumentSizeExceeded": "make the document smaller",
    "InvalidDocumentContent": "run ssmwake lint",
    "InvalidDocumentSchemaVersion": "run ssmwake lint",
    "InvalidDocumentVersion": "the document was changed in between; try again",
    "DocumentAlreadyExists": "the document was created in between; try again",
    "TooManyTagsError": "remove tags; a document holds 50",
    "OptInRequired": "enable the region for the account",
}


def line(error: Exception, operation: str, resource: str, region: str) -> str:
    """Return the line that a person reads; operation is such as ssm:CreateDocument."""
    match error:
        case ClientError():
            return _service(error, operation, resource, region)
        case aws.NoCredentialsError() | aws.PartialCredentialsError() | aws.CredentialRetrievalError():
            return f"no usable credentials ({_words(error)}); set AWS_PROFILE, or run aws configure or aws sso login"
        case aws.ProfileNotFound():
            return f"{_words(error)}; add it to ~/.aws/config, or name another one"
        case aws.SSOError() | aws.TokenRetrievalError():
            return f"the sign-in is over ({_words(error)}); run aws sso login"
        case aws.NoRegionError():
            return "no region; give --region, or set AWS_REGION"
        case aws.InvalidRegionError():
            return f"{region!r} is not a region; name one such as eu-west-1"
        case aws.ConnectTimeoutError() | aws.EndpointConnectionError():
            return f"{_url(error)} does not answer; is {region} a region, and is there a network or a proxy to set?"
        case aws.ReadTimeoutError():
            return f"{_url(error)} did not answer {operation} in time; try again, or check the network and the proxy"
        case aws.ConnectionClosedError() | aws.ResponseStreamingError():
            return f"{_url(error)} did not finish its answer to {operation}; try again"
        case aws.SSLError():
            return f"{_words(error)}; set AWS_CA_BUNDLE if a proxy inspects the connection"
        case aws.HTTPClientError() | aws.ProxyConnectionError() | ValueError():
            return f"{_words(error)}; check the network, the proxy and AWS_ENDPOINT_URL"
        case BotoCoreError():
            return f"{_words(error)} ({operation})"
    return f"{_words(error)} ({operation})"


def _service(error: ClientError, operation: str, resource: str, region: str) -> str:
    code, said = code_of(error), _words_of(error)
    if code in DENIED and "MultiFactorAuthentication" in said:
        return f"the code for MFA was not accepted ({said}); try again with the next one"
    if code in DENIED:
        return _denied(said, operation, resource)
    if code in EXPIRED:
        return "the credentials have expired; renew them, for example with aws sso login, and try again"
    if code in UNKNOWN_KEYS:
        return f"the credentials are not accepted in {region} ({code}); is the region enabled for their account?"
    if code in THROTTLED:
        return f"{operation} was throttled too often ({code}); try again later"
    if status_of(error) >= 500:
        return f"{operation} failed at the service ({code}: {said}); try again"
    words = f"{operation} on {resource}: {said} ({code})"
    return f"{words}; {ADVICE[code]}" if code in ADVICE else words


def _denied(said: str, operation: str, resource: str) -> str:
    """Return the very action and resource; the service names them in most of its refusals, but not in all."""
    said = said.partition("Encoded authorization failure message")[0].strip(" .")
    action = re.search(r"not authorized to perform: ([\w:*-]+)", said)
    target = re.search(r"on resource: (\S+)", said)
    why = re.search(r"because (.+)$", said)
    name = action[1] if action else operation
    where = target[1].rstrip(".,") if target else resource
    reason = f" ({why[1].rstrip('.')})" if why else ""
    if name == "sts:AssumeRole":
        return f"not allowed: {name} on {where}{reason}; grant it to the caller, and let the role trust the caller"
    return f"not allowed: {name} on {where}{reason}; grant it"


def nonsense(operation: str, url: str, fault: str) -> str:
    """Return the line about an answer that the service would never give; `fault` is such as `has no Status`."""
    return (
        f"the answer of {one_line(url)} to {operation} {fault}, so it did not come from AWS; "
        "check AWS_ENDPOINT_URL and whether a proxy or a sign-in page answers instead"
    )


def code_of(error: Exception) -> str:
    """Return the service's code without what some services put around it; for other errors one of our own codes."""
    match error:
        case ClientError():
            code = str(error.response.get("Error", {}).get("Code", ""))
            return printable(code.rpartition("#")[2].partition(":")[0])
        case aws.ReadTimeoutError() | aws.ConnectTimeoutError():
            return TIMEOUT
        case (
            aws.NoCredentialsError()
            | aws.PartialCredentialsError()
            | aws.CredentialRetrievalError()
            | aws.SSOError()
            | aws.TokenRetrievalError()
        ):
            return NO_CREDENTIALS
        case aws.ProfileNotFound():
            return NO_PROFILE
        case aws.HTTPClientError() | aws.ConnectionError():
            return UNREACHABLE
    return type(error).__name__


def one_line(text: str) -> str:
    """Return a text on one line, without anything that a terminal would obey, and without passwords in URLs."""
    return printable(PASSWORD_IN_URL.sub("://***@", " ".join(text.split())))


def status_of(error: ClientError) -> int:
    """Return the HTTP status of a refusal."""
    status: Any = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return int(status)


def _words_of(error: ClientError) -> str:
    words = one_line(str(error.response.get("Error", {}).get("Message", ""))).rstrip(".")
    # Whatever listens at an endpoint that is not AWS may answer with a page.
    if re.match("<(!doctype|html)", words, re.IGNORECASE):
        return "a web page instead of a reason"
    return (words if len(words) <= LONGEST else words[:LONGEST] + "...") or "no reason given"


def _words(error: Exception) -> str:
    words = one_line(str(error)).rstrip(".")
    words = words if len(words) <= LONGEST else words[:LONGEST] + "..."
    return words[:1].lower() + words[1:]


def _url(error: BotoCoreError) -> str:
    return one_line(str(error.kwargs.get("endpoint_url", "the service"))).rstrip("/")
