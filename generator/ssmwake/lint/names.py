"""Which files a search of a folder opens, by name: one list for lint, the pre-commit hook and the docs."""

import re
from pathlib import PurePosixPath

# Endings of text that may be user data.
TEXTS = (
    *("sh", "bash", "txt", "yaml", "yml", "cfg", "mime"),
    *("tftpl", "tpl", "tmpl", "j2", "jinja", "jinja2"),
    *("userdata", "user-data", "user_data", "cloud-config", "cloudconfig", "cloud-init", "cloudinit"),
)
# Endings of files that are opened; whether lint knows what they hold, the content decides.
ENDINGS = (*TEXTS, "json", "template", "cfn", "tf", "tofu", "gz", "b64")
# Words in a name that say that the file is user data, or is meant to be.
WORDS = r"user[-_. ]?data|cloud[-_. ]?config|boot[-_]?hook"
# Endings of a name such as `user-data.web`, whose first part is one of the words, that make it no user data: those of
# programs, of pages and of what a program compiled or packed.
PROGRAMS_AND_PAGES = (
    *(
        "py",
        "pyc",
        "pyi",
        "go",
        "rs",
        "rb",
        "ts",
        "tsx",
        "js",
        "jsx",
        "mjs",
        "java",
        "kt",
        "swift",
        "cs",
        "c",
        "h",
        "cpp",
    ),
    *("php", "pl", "lua", "ex", "exs", "erl", "scala", "sql", "ps1", "psm1", "bat", "cmd", "lock", "proto", "graphql"),
    *(
        "md",
        "rst",
        "adoc",
        "html",
        "htm",
        "css",
        "scss",
        "svg",
        "png",
        "jpg",
        "jpeg",
        "gif",
        "pdf",
        "csv",
        "xml",
        "sarif",
        "vue",
    ),
)
# With those of settings, archives and images.
OTHERS = (
    *PROGRAMS_AND_PAGES,
    *(
        "json",
        "toml",
        "ini",
        "tf",
        "tofu",
        "tfvars",
        "hcl",
        "zip",
        "tar",
        "tgz",
        "gz",
        "xz",
        "bz2",
        "iso",
        "img",
        "b64",
    ),
    *("template", "cfn", "log", "bin", "db", "patch", "diff", "pp", "ign", "bu", "nix"),
)
# Endings of units of systemd, of a piece that is not user data by itself, or of a copy that nobody launches.
_PIECES = (
    r"(?:[^\W_]+[-_])*(?:head|tail|header|footer|prefix|suffix|part)|orig|bak|old|swp|sig|asc|sha256|md5|"
    "service|target|socket|timer|mount|path|slice"
)
# What is opened: a known ending, a name without an ending, or one of the words in the last part of the name, or as all
# of it before any ending, as in `user-data.web`.
SEARCHED = re.compile(
    rf"(?i)(?:\.(?:{'|'.join(ENDINGS)})|(?:^|/)[^./][^./]*|(?:{WORDS})[^/.]*|(?:^|/)(?:{WORDS})"
    rf"\.(?!(?:{_PIECES})$)[\w-]+)$"
)
# Folders of what others wrote or a program made; those whose name begins with a dot are not searched either.
SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages", "vendor", "venv"})

_SAYS_USER_DATA = re.compile(rf"(?i)(?<![a-z0-9])(?:ec2|aws)?(?:{WORDS})(?![a-z])")
# A program that makes user data, or does something with it, begins with a verb.
_DOES_SOMETHING = re.compile(
    r"(?i)(?:build|check|convert|create|decode|dump|encode|fetch|generate|gen|get|lint|make|parse|print|push|render|replace|"
    r"run|send|show|test|update|upload|validate|write)[-_.]"
)
# Drop-ins of /etc/cloud/cloud.cfg.d are read by cloud-init without a first line.
_DROP_INS = "cloud.cfg.d"


def is_searched(path: str) -> bool:
    """Return whether a search of a folder opens the file, by its name."""
    return SEARCHED.search(path.replace("\\", "/")) is not None


def is_searched_folder(name: str) -> bool:
    """Return whether a search goes into a folder of this name."""
    return not name.startswith(".") and name not in SKIPPED


def is_program_or_page(path: str) -> bool:
    """Return whether the name of a file is that of a program or a page, which no content makes user data."""
    return PurePosixPath(path.replace("\\", "/")).suffix[1:].lower() in PROGRAMS_AND_PAGES


def says_user_data(path: str) -> bool:
    """Return whether the name of a text file says that it is user data."""
    pure = PurePosixPath(path.replace("\\", "/"))
    # `user-data.web` has no ending but a word more; `user_data.py` is a program about user data.
    ending = pure.suffix[1:].lower()
    is_text = (
        not ending
        or ending in TEXTS
        or (ending not in OTHERS and not re.fullmatch(_PIECES, ending) and re.fullmatch(rf"(?i){WORDS}", pure.stem))
    )
    if _DOES_SOMETHING.match(pure.name):
        return False
    return bool(is_text) and _DROP_INS not in pure.parts and _SAYS_USER_DATA.search(pure.name) is not None


def is_in_user_data_folder(path: str) -> bool:
    """Return whether a folder that the path names is called after user data."""
    folders = PurePosixPath(path.replace("\\", "/")).parts[:-1]
    return any(re.fullmatch(r"(?i)user[-_]?data", folder) for folder in folders)
