"""Lines of other people's text that may hold a secret, and so are not shown."""

import re

HIDDEN = "(a line that may hold a secret)"

# The forms that those who issue them document, or that tools which look for secrets go by.
FORMS = (
    (re.compile(r"\b((?:AKIA|ASIA)[A-Z0-9]{16})\b"), "an access key id"),
    (
        re.compile(r"(?i)aws_secret_access_key[\"']?(?:\s*[=:]\s*|\s+)[\"']?([A-Za-z0-9/+]{40})\b"),
        "a secret access key",
    ),
    (re.compile(r"\b(gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_\w{60,255})\b"), "a token of GitHub"),
    (re.compile(r"\b(glpat-[\w-]{20,64})"), "a token of GitLab"),
    (re.compile(r"\b(xox[abeprs]-[A-Za-z0-9-]{20,255})"), "a token of Slack"),
    (re.compile(r"(hooks\.slack\.com/services/T\w{6,20}/B\w{6,20}/\w{20,40})"), "a webhook of Slack"),
    (re.compile(r"\b([rs]k_live_[A-Za-z0-9]{20,255})\b"), "a key of Stripe"),
    (re.compile(r"\b(npm_[A-Za-z0-9]{36})\b"), "a token of npm"),
    (re.compile(r"\b(glrt-[\w-]{20,64})"), "a token of a runner of GitLab"),
    (re.compile(r"\b(dckr_pat_[\w-]{20,64})"), "a token of Docker Hub"),
    (re.compile(r"\b(hvs\.[\w-]{24,200})"), "a token of Vault"),
    (re.compile(r"\b(tskey-(?:auth|client|api)-[\w-]{16,100})"), "a key of Tailscale"),
    (re.compile(r"\b(NRAK-[A-Z0-9]{27})\b"), "a key of New Relic"),
    (
        re.compile(r"(?i)\b(?:DD|DATADOG)_(?:API|APP)_KEY[\"']?\s*[=:]\s*[\"']?([0-9a-f]{32}|[0-9a-f]{40})\b"),
        "a key of Datadog",
    ),
    (re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s/:@'\"$<>{}]{1,80}:([^\s/@'\"$<>{}]{6,200})@"), "a password in a URL"),
)
# With the key itself below it, and not only the line that begins one.
PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z]+ ){0,3}PRIVATE KEY-----(?:\\n|\s){1,40}[A-Za-z0-9+/]{30}")

# Names that people give to secrets, with a value after them that is not the shell's to look up.
_NAMED = re.compile(
    r"(?i)(?:pass(?:w(?:or)?d|phrase|code)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|"
    r"credentials?|auth|bearer|license|licence|dsn)[\w-]*[\"']?(?:\s*[:=]\s*|\s+)(?![\"']?\$[({A-Za-z_]|\s)\S"
)
# The header and the path by which IMDSv2 gives a session token name no secret.
IMDS = re.compile(r"(?i)x-aws-ec2-metadata-token(?:-ttl-seconds)?|latest/api/token")
# curl -u user:password, mysql -psecret
_OPTION = re.compile(r"\s(?:-u|--user)[ =]?[\"']?[^\s:\"']+:[^\s$]|\s-p[^\s-]*[A-Z0-9]")
_TOKEN = re.compile(r"[A-Za-z0-9+/_=-]{24,}")
_USER_AND_PASSWORD = re.compile(r"^\s*(?:-\s+)?[\"']?[\w.-]+:[^\s:/][^\s:]*[\"']?\s*$|^(?:[^\s:]*:){4}\S+$")
_BEGIN, _END = re.compile(r"-----BEGIN "), re.compile(r"-----END ")
# A list of users and passwords is this near to the word that introduces it.
_NEAR = 12


def secret_lines(text: str) -> set[int]:
    """Return the numbers, from zero, of lines that may hold a secret; rather one too many than one too few."""
    found: set[int] = set()
    in_key, near = False, 0
    for number, line in enumerate(text.splitlines()):
        in_key = in_key or _BEGIN.search(line) is not None
        near = _NEAR if "chpasswd" in line or ".pgpass" in line or ".netrc" in line else near - 1
        if in_key or _may_hold_one(line) or (near > 0 and _USER_AND_PASSWORD.search(line)):
            found.add(number)
        if _END.search(line):
            in_key = False
    return found


def _may_hold_one(line: str) -> bool:
    line = IMDS.sub("", line)
    if any(pattern.search(line) for pattern, _ in FORMS) or _NAMED.search(line) or _OPTION.search(line):
        return True
    return any(_looks_random(match[0]) for match in _TOKEN.finditer(line))


def _looks_random(word: str) -> bool:
    kinds = [any(map(test, word)) for test in (str.islower, str.isupper, str.isdigit)]
    return all(kinds) or (kinds[2] and re.fullmatch(r"[0-9a-fA-F]{32,}", word) is not None)
