"""The command line as people meet it in their own folder: the config, help, files, colours, and completion."""

import fcntl
import gzip
import os
import pty
import re
import select
import stat
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from ssmwake.render.runtime import runtime
from support import tools

SOURCE = str(Path(__file__).parents[2] / "generator")
USING = "ssmwake: using ./ssmwake.yaml\n"


def run(*words: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ssmwake", *words],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": SOURCE, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a config and user data of the user's own."""
    (tmp_path / "ssmwake.yaml").write_text("role: db\n")
    (tmp_path / "setup.sh").write_text("#!/bin/sh\ndate\n")
    (tmp_path / "app.yaml").write_text("#cloud-config\npackages: [nginx]\n")
    return tmp_path


@pytest.mark.parametrize("words", [("user-data",), ("document", "command"), ("render", "-o", "out")])
def test_the_config_of_the_folder_is_read_and_announced(words: tuple[str, ...], folder: Path) -> None:
    done = run(*words, cwd=folder)
    assert done.returncode == 0
    assert done.stderr.startswith(USING)
    text = (folder / "out/user-data/script.sh").read_text() if words[0] == "render" else done.stdout
    assert "SSMWAKE_ROLE=db" in text
    if words[0] == "render":
        assert run("render", "--check", "-o", "out", cwd=folder).returncode == 0
        assert run("render", "--check", "-o", "out", "--no-config", cwd=folder).returncode == 1
        return
    assert "SSMWAKE_ROLE=db" not in run(*words, "--no-config", cwd=folder).stdout
    (folder / "other.yaml").write_text("role: web\n")
    named = run(*words, "-c", "other.yaml", cwd=folder)
    assert "SSMWAKE_ROLE=web" in named.stdout
    assert USING not in named.stderr


def test_publish_and_lint_read_it_too(folder: Path) -> None:
    (folder / "ssmwake.yaml").write_text("documents: {command-name: of-mine}\n")
    assert "of-mine" in run("publish", "--print-policy", cwd=folder).stdout
    assert USING in run("lint", "setup.sh", cwd=folder).stderr
    assert USING not in run("lint", "--no-config", "setup.sh", cwd=folder).stderr
    (folder / "ssmwake.yaml").write_text("rol: x\n")
    broken = run("publish", "--check", "--region", "eu-west-1", cwd=folder)
    assert (broken.returncode, "ssmwake.yaml:1:1: error: unknown key 'rol'" in broken.stderr) == (2, True)


def test_config_and_no_config_exclude_each_other(folder: Path) -> None:
    assert run("user-data", "-c", "ssmwake.yaml", "--no-config", cwd=folder).returncode == 2


@pytest.mark.parametrize("content", [None, "folder", "link"])
def test_a_config_that_cannot_be_read_is_not_passed_over(content: str | None, tmp_path: Path) -> None:
    config = tmp_path / "ssmwake.yaml"
    if content == "folder":
        config.mkdir()
    elif content == "link":
        config.symlink_to("nowhere")
    done = run("user-data", cwd=tmp_path)
    assert done.returncode == (0 if content is None else 1)
    assert "Traceback" not in done.stderr


def test_lint_knows_our_own_config(folder: Path) -> None:
    assert run("lint", "ssmwake.yaml", cwd=folder).returncode == 0
    (folder / "sub").mkdir()
    (folder / "sub/ssmwake.yaml").write_text("\nrol: x\n")
    done = run("lint", "sub/ssmwake.yaml", cwd=folder)
    assert done.returncode == 1
    assert done.stdout.startswith("sub/ssmwake.yaml:2:1: error: unknown key 'rol'; did you mean 'role'? [SW011]")


def test_init_names_the_schema_and_prints_it(tmp_path: Path) -> None:
    done = run("init", cwd=tmp_path)
    assert "ssmwake init --schema > ssmwake.schema.json" in done.stderr
    first = (tmp_path / "ssmwake.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=ssmwake.schema.json"
    before = (tmp_path / "ssmwake.yaml").read_text()
    printed = run("init", "--schema", cwd=tmp_path)
    assert printed.stdout.startswith("{")
    assert (tmp_path / "ssmwake.yaml").read_text() == before
    assert run("user-data", cwd=tmp_path).returncode == 0


def test_help_goes_to_stdout(tmp_path: Path) -> None:
    bare, overview = run(cwd=tmp_path), run("help", cwd=tmp_path)
    assert (bare.returncode, bare.stderr) == (0, "")
    assert bare.stdout == overview.stdout == run("--help", cwd=tmp_path).stdout
    assert run("help", "user-data", cwd=tmp_path).stdout == run("user-data", "--help", cwd=tmp_path).stdout
    wrong = run("help", "rendr", cwd=tmp_path)
    assert (wrong.returncode, "Did you mean 'render'?" in wrong.stderr) == (2, True)


@pytest.mark.parametrize("verb", ["status", "run", "watch", "install", "uninstall"])
def test_a_verb_of_the_runtime_says_where_it_runs(verb: str, tmp_path: Path) -> None:
    for words in ((verb,), (verb, "--help"), ("help", verb)):
        done = run(*words, cwd=tmp_path)
        assert done.returncode == 2
        assert f"there:     sudo /usr/local/sbin/ssmwake {verb}\n" in done.stderr
        assert "from here: `ssmwake " in done.stderr


@pytest.mark.parametrize(("typed", "verb"), [("statu", "status"), ("instal", "install"), ("unistall", "uninstall")])
def test_a_misspelt_verb_of_the_runtime_says_the_same(typed: str, verb: str, tmp_path: Path) -> None:
    for words in ((typed,), (typed, "--help"), ("help", typed)):
        done = run(*words, cwd=tmp_path)
        assert (done.returncode, done.stdout) == (2, "")
        assert (
            f"Error: No such command {typed!r}. Did you mean {verb!r}?\n`{verb}` runs on the instance.\n" in done.stderr
        )


def test_output_to_a_pipe_or_a_link_is_written_through(folder: Path) -> None:
    whole = run("runtime", cwd=folder).stdout
    pipe, link, made = folder / "pipe", folder / "link", folder / "made"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True) as reader:
        assert run("runtime", "-o", "pipe", cwd=folder).returncode == 0
        assert reader.communicate(timeout=10)[0] == whole
    assert pipe.is_fifo()
    for _ in ("a link to nothing", "a link to a file"):
        link.unlink(missing_ok=True)
        link.symlink_to("made")
        assert run("runtime", "-o", "link", cwd=folder).returncode == 0
        assert (link.is_symlink(), made.read_text()) == (True, whole)
    # A device of its own: only root may make one, and only root could take the machine's away.
    if os.geteuid() == 0:
        device = folder / "null"
        os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        assert run("runtime", "-o", "null", cwd=folder).returncode == 0
        assert device.is_char_device()
    assert run("runtime", "-o", "/dev/stdout", cwd=folder).stdout == whole


def test_output_goes_to_a_file_whole_or_not_at_all(folder: Path) -> None:
    for words in (("user-data",), ("document", "automation"), ("runtime",)):
        done = run(*words, "-o", "file", cwd=folder)
        assert (done.returncode, done.stdout) == (0, "")
        assert (folder / "file").read_text() == run(*words, cwd=folder).stdout
    assert (folder / "file").read_text() == runtime()
    assert run("user-data", "--gzip", "-o", "file", cwd=folder).returncode == 0
    assert gzip.decompress((folder / "file").read_bytes()).startswith(b"#cloud-config")
    before = (folder / "file").read_bytes()
    assert run("user-data", "--include", "nowhere", "-o", "file", cwd=folder).returncode == 1
    assert (folder / "file").read_bytes() == before
    refused = run("user-data", "-o", "no/such\0folder".replace("\0", "/") + "/", cwd=folder)
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("flags", [(), ("--gzip", "--base64"), ("--base64",)])
def test_the_size_comes_once_last_and_for_what_was_written(flags: tuple[str, ...], folder: Path) -> None:
    done = run("user-data", "--include", "app.yaml", *flags, "-o", "out", cwd=folder)
    data = (folder / "out").read_bytes()
    if flags:
        import base64

        data = base64.b64decode(data)
    *_, last = done.stderr.splitlines()
    assert last == f"user data: {len(data):,} of 16,384 bytes" + (" with gzip" if "--gzip" in flags else "")
    assert done.stderr.count("of 16,384 bytes") == 1


def test_user_data_of_ones_own_is_an_option(folder: Path) -> None:
    done = run("user-data", "app.yaml", "setup.sh", cwd=folder)
    assert done.returncode == 2
    assert "did you mean --include app.yaml --include setup.sh?" in done.stderr


def test_a_role_is_taken_from_its_arn(tmp_path: Path) -> None:
    done = run("user-data", "--role", "arn:aws:iam::123456789012:role/team/web", cwd=tmp_path)
    assert "SSMWAKE_ROLE=web\n" in done.stdout
    assert "using web" in done.stderr
    profile = run("user-data", "--role", "arn:aws:iam::123456789012:instance-profile/web", cwd=tmp_path)
    assert profile.returncode == 2
    assert "an instance profile; write the name of its role" in profile.stderr
    (tmp_path / "ssmwake.yaml").write_text("role: arn:aws:iam::123456789012:role/team/web\n")
    assert "write its name, 'web'" in run("user-data", cwd=tmp_path).stderr


@pytest.mark.parametrize(
    ("words", "environment", "expected"),
    [
        ((), {}, False),
        (("--color", "always"), {}, True),
        (("--color", "always"), {"NO_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "1"}, True),
        ((), {"FORCE_COLOR": "0"}, False),
        ((), {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (("--color", "never"), {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_is_asked_for_after_the_verb_or_by_the_environment(
    words: tuple[str, ...], environment: dict[str, str], expected: bool, tmp_path: Path
) -> None:
    (tmp_path / "x.sh").write_text("#!/bin/sh\ncurl http://169.254.169.254/latest/meta-data/\n")
    assert ("\x1b[" in run("lint", "x.sh", *words, cwd=tmp_path, **environment).stdout) == expected
    assert ("\x1b[" in run(*words, "lint", "x.sh", cwd=tmp_path, **environment).stdout) == expected


def test_parts_of_a_multipart_have_the_names_of_their_files(folder: Path) -> None:
    def names(*files: str) -> list[str]:
        words = [word for name in files for word in ("--include", name)]
        assert run("user-data", *words, "--gzip", "-o", "out", cwd=folder).returncode == 0
        return re.findall(r'filename="(.*?)"', gzip.decompress((folder / "out").read_bytes()).decode())

    (folder / "a.sh").write_text("#!/bin/sh\necho a\n")
    (folder / "b c.sh").write_text("#!/bin/sh\necho b\n")
    assert names("app.yaml", "setup.sh") == ["app.yaml", "setup.sh", "ssmwake"]
    assert names("a.sh", "setup.sh") == ["a.sh", "setup.sh", "ssmwake"]
    # cloud-init runs scripts in the order of their names, and that must stay the order of the options.
    assert names("setup.sh", "a.sh") == ["part-001-setup.sh", "part-002-a.sh", "ssmwake"]
    assert names("b c.sh", "app.yaml") == ["app.yaml", "ssmwake"]
    both = ("--include", "a.sh", "--include", "setup.sh")
    run("user-data", *both, "--gzip", "-o", "whole.txt", cwd=folder)
    assert names("whole.txt") == ["a.sh", "setup.sh", "ssmwake"]


# --- completion in real shells

SHELLS = {
    "bash": (["bash", "--norc", "-i"], 'eval "$(ssmwake completion bash)"\n'),
    "zsh": (["zsh", "-f", "-i"], 'autoload -Uz compinit && compinit -u; eval "$(ssmwake completion zsh)"\n'),
    "fish": (["fish", "--no-config", "-i"], "ssmwake completion fish | source\n"),
}
COMPLETED = [
    ("ssmwake user-d", "user-data"),
    ("ssmwake user-data --inc", "--include"),
    ("ssmwake user-data --include set", "setup.sh"),
    ("ssmwake lint app", "app.yaml"),
    ("ssmwake user-data -c other-c", "other-config.yaml"),
    ("ssmwake try --fault imds-dis", "imds-disabled"),
    # Several fit.
    ("ssmwake explain SW20", "SW209"),
]


class Terminal:
    """An interactive shell on a terminal of its own."""

    def __init__(self, argv: list[str], cwd: Path, environment: dict[str, str]) -> None:
        self.leader, follower = pty.openpty()
        self.process = subprocess.Popen(
            argv,
            stdin=follower,
            stdout=follower,
            stderr=follower,
            cwd=cwd,
            env=environment,
            start_new_session=True,
            # Line editors want a terminal that controls their session.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509
        )
        os.close(follower)

    def type(self, text: str) -> None:
        os.write(self.leader, text.encode())

    def read(self, seconds: float, *wanted: str) -> str:
        """Return what appears within the seconds, without its escapes; sooner if it is what is wanted."""
        seen, deadline = "", time.monotonic() + seconds
        while time.monotonic() < deadline and not any(each in seen for each in wanted):
            if select.select([self.leader], [], [], 0.1)[0]:
                data = os.read(self.leader, 65_536).decode("utf-8", "replace")
                # fish asks the terminal what it is, and where the cursor is.
                if "\x1b[c" in data or "\x1b[0c" in data:
                    self.type("\x1b[?62c")
                if "\x1b[6n" in data:
                    self.type("\x1b[1;1R")
                seen += re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", data)
        return seen

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.leader)


@pytest.mark.parametrize("shell", SHELLS)
def test_completion_in_a_real_shell_on_a_terminal(shell: str, folder: Path) -> None:
    tools.require(shell)
    for name in ("bin", "home"):
        (folder / name).mkdir()
    program = folder / "bin/ssmwake"
    program.write_text(f'#!/bin/sh\nPYTHONPATH={SOURCE} exec {sys.executable} -m ssmwake "$@"\n')
    program.chmod(0o755)
    (folder / "other-config.yaml").write_text("role: x\n")
    argv, install = SHELLS[shell]
    environment = {"PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(folder / "home"), "TERM": "xterm"}
    terminal = Terminal(argv, folder, {**environment, "PS1": "> ", "LC_ALL": "C.UTF-8"})
    try:
        terminal.read(20, "> ", "# ", "$ ")
        terminal.type(install.replace("\n", "\r"))
        terminal.read(6)
        missing = []
        for start, expected in COMPLETED:
            word = start.split()[-1]
            terminal.type(start)
            terminal.read(0.7)
            terminal.type("\t")
            wanted = (expected, expected.removeprefix(word) + " ")
            seen = terminal.read(6, *wanted)
            if not any(each in seen for each in wanted):
                # Several fit: the second Tab lists them.
                terminal.type("\t")
                seen += terminal.read(10, *wanted)
            if not any(each in seen for each in wanted):
                missing.append((start, seen))
            # Discards the line.
            terminal.type("\x15")
            terminal.read(0.5)
        assert missing == []
    finally:
        terminal.close()
