"""The interpreter that a #! line names: a folder, a misspelt program, or a program in a folder that no image has."""

import difflib
import re

# Programs that scripts are written for, of which misspelt ones are known.
USUAL = ("bash", "sh", "env", "python3", "python", "perl", "ruby", "zsh", "dash", "node")
# What else a #! line may name, with any version: a word that is nearly one of the above, and is meant.
OTHERS = re.compile(
    r"(?:python|perl|ruby|node|nodejs|php|lua|pypy|tclsh|raku)[\d.]*|(?:r?ba|da|a|o?k|mk|z|t?c|ya|fi|pw|wi)?sh|bats|busybox|"
    r"[gmn]?awk|sed|make|jq|expect|Rscript"
)
FOLDERS = re.compile(
    r"/(?:(?:usr|usr/local|usr/pkg|opt/\S+|home/\S+|root/\S+|nix/\S+|run/\S+|snap/\S+|var/\S+)/)?s?bin"
)
# Parts of the folders above, in another order or misspelt.
PARTS = {"usr", "user", "bin", "sbin", "local", "env", "bash", "etc", "lib", "urs", "usr.bin", "bin.bash"}


def problem_of(named: str) -> str:
    """Return why the kernel does not find an interpreter, given by its whole path; nothing where it may."""
    folder, _, name = named.rpartition("/")
    if not name or named in ("/bin", "/usr/bin", "/usr/local/bin"):
        return f"{named} is a folder and not a program; write /bin/bash, or another one"
    is_usual_folder = FOLDERS.fullmatch(folder) is not None
    if is_usual_folder and not OTHERS.fullmatch(name) and (near := _meant(name)):
        return f"no image has {named[:60]}; did you mean {_path(near)}?"
    if name in USUAL and not is_usual_folder and set(folder.split("/")[1:]) <= PARTS:
        return f"no image has {named[:60]}; write {_path(name)}"
    return ""


def _meant(name: str) -> str:
    """Return the program whose letters were left out, doubled or exchanged."""
    exchanged = next((one for one in USUAL if sorted(one) == sorted(name) and one != name), "")
    near = difflib.get_close_matches(name, USUAL, 1, 0.76)
    return "" if name in USUAL else exchanged or (near[0] if near else "")


def _path(name: str) -> str:
    return f"/bin/{name}" if name in ("bash", "sh", "dash", "zsh") else f"/usr/bin/{name}"
