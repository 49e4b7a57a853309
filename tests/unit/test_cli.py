"""The command line as a person meets it: streams, exit statuses, one line for each thing that goes wrong."""

import base64
import gzip
import hashlib
import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

import ssmwake
from ssmwake.cli import VERBS, command
from ssmwake.model import Invalid
from ssmwake.render.runtime import carried

ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "PYTHONPATH": str(Path(__file__).parents[2] / "generator"),
    "PYTHONDONTWRITEBYTECODE": "1",
}


def run(
    *argv: str, stdin: bytes = b"", cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "ssmwake", *argv]
    done = subprocess.run(
        command, input=stdin, capture_output=True, cwd=cwd, env={**ENVIRONMENT, **environment}, timeout=60, check=False
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done


def words(done: subprocess.CompletedProcess[bytes]) -> list[str]:
    """Return what is said on stderr but for the size, and the form, of user data."""
    lines = done.stderr.decode().splitlines()
    return [line for line in lines if not line.startswith("user data:") or line.startswith("user data: error:")]


def shell(line: str) -> subprocess.CompletedProcess[bytes]:
    program = f"{sys.executable} -m ssmwake"
    return subprocess.run(
        ["bash", "-c", line.replace("ssmwake", program, 1)],
        env=ENVIRONMENT,
        capture_output=True,
        timeout=60,
        check=False,
    )


def test_user_data_goes_to_stdout_and_its_size_to_stderr() -> None:
    done = run("user-data")
    assert done.returncode == 0
    assert yaml.safe_load(done.stdout)["runcmd"][-1].endswith(" || sh /var/lib/ssmwake/ssmwake install || true")
    assert done.stderr.decode() == f"user data: {len(done.stdout):,} of 16,384 bytes\n"


def test_all_forms_of_user_data_have_the_same_content() -> None:
    plain = run("user-data", "--format", "script").stdout
    assert plain.startswith(b"#!/bin/sh\n")
    inside = gzip.decompress(run("user-data", "--format", "script", "--gzip").stdout)
    assert carried().encode() in inside
    assert [line for line in inside.splitlines() if line.startswith(b"sh ")] == plain.splitlines()[-3:-2]
    assert base64.b64decode(run("user-data", "--format", "script", "--base64").stdout) == plain
    packed = base64.b64decode(run("user-data", "--format", "script", "--gzip", "--base64").stdout)
    assert gzip.decompress(packed) == inside


def test_options_stand_over_the_config(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        "role: a\ntimeout: 5m\non-ready: [one]\nuser-data: {include: [own.yaml], format: script}\n"
    )
    (tmp_path / "own.yaml").write_text("#cloud-config\nruncmd:\n- echo own\n")
    argv = ("--format", "cloud-config", "--role", "b", "--on-ready", "two", "--foreground", "--strict")
    done = run("user-data", "-c", f"{tmp_path}/c.yaml", *argv)
    value = yaml.safe_load(done.stdout)
    files = {file["path"]: file["content"] for file in value["write_files"]}
    assert files["/etc/ssmwake.conf"] == "SSMWAKE_CARRIER=ssmwake\nSSMWAKE_ROLE=b\nSSMWAKE_TIMEOUT=300\n"
    assert files["/etc/ssmwake.on-ready"] == "#!/bin/sh\nset -e\none\ntwo\n"
    home = "sh /var/lib/ssmwake/ssmwake"
    _, install, run_it, own = value["runcmd"]
    assert install.endswith(f" || {home} install || exit")
    assert (run_it, own) == (f"{home} run || exit", "echo own")


def test_an_include_from_stdin_is_merged() -> None:
    done = run("user-data", "--include", "-", "--gzip", stdin=b"#!/bin/sh\necho own\n")
    assert b"echo own" in gzip.decompress(done.stdout)
    assert b"user data: a multipart, because stdin is a script, which stays a part of its own" in done.stderr


@pytest.mark.parametrize(
    ("argv", "stdin", "status", "expected"),
    [
        (
            ["user-data", "-c", "no.yaml"],
            b"",
            1,
            "no.yaml:1:1: error: cannot be read: no such file or directory; check the path",
        ),
        (["user-data", "-c", "."], b"", 1, ".:1:1: error: cannot be read: is a directory; check the path"),
        (["user-data", "-c", "a\0b"], b"", 1, "'a\\x00b':1:1: error: cannot be read: not a path; name a file"),
        (
            ["user-data", "-c", "/dev/zero"],
            b"",
            1,
            "/dev/zero:1:1: error: more than 16,777,216 bytes; is it the right file?",
        ),
        (["user-data", "-c", "-"], b"nope: 1", 1, "-:1:1: error: unknown key 'nope'; known are role"),
        (["user-data", "--include", "no.sh"], b"", 1, "no.sh:1:1: error: cannot be read: no such file or directory"),
        (["user-data", "--include", "-"], b"", 1, "-:1:1: error: empty; leave it out or write user data into it"),
        (["user-data", "-c", "-", "--include", "-"], b"", 2, "Error: stdin can be read only once; give - only once"),
        (
            ["user-data", "--role", "a b"],
            b"",
            2,
            "Error: Invalid value for --role: role is 'a b': not the name of an IAM role",
        ),
        (
            ["user-data", "--timeout", "0"],
            b"",
            2,
            "Error: Invalid value for --timeout: timeout is '0'; 1s to 1d are allowed",
        ),
        (
            ["user-data", "--on-ready", " "],
            b"",
            2,
            "Error: Invalid value for --on-ready: on-ready is ' ': an empty command",
        ),
        (
            ["user-data", "--format", "x"],
            b"",
            2,
            "Error: Invalid value for '--format': 'x' is not one of 'cloud-config', 'script'",
        ),
        (["user-data", "x"], b"", 2, "Error: your own user data is given with an option; did you mean --include x?"),
        (["nope"], b"", 2, "Error: No such command 'nope'."),
        (["completion"], b"", 2, "  fish"),
        (
            ["user-data", "my app.sh"],
            b"",
            2,
            "Error: your own user data is given with an option; did you mean --include 'my",
        ),
        (
            ["explain", "SW22"],
            b"",
            2,
            "Error: Invalid value for ID: no rule is called SW22; ids that begin with it: SW220, SW",
        ),
        (["rendr"], b"", 2, "Error: No such command 'rendr'. Did you mean 'render'?"),
        (["render", "-o", "/dev/null"], b"", 1, "/dev/null:1:1: error: not a folder; choose another with -o"),
        (
            ["init", "/dev/null/x"],
            b"",
            1,
            "/dev/null/x:1:1: error: cannot be written: not a directory; check the path",
        ),
        (["user-data", "--external"], b"[]", 1, "-:1:1: error: not an object; Terraform's external data source sends"),
        (["user-data", "--external"], b'{"rle": "a"}', 1, "-:1:1: error: unknown key 'rle'; did you mean 'role'?"),
        (["user-data", "--external"], b'{"role": 3}', 1, "-:1:1: error: role must be text, not 3; use tostring()"),
        (
            ["user-data", "--external"],
            b'{"strict": "1"}',
            1,
            "-:1:1: error: strict is '1'; it must be 'true' or 'false'",
        ),
        (
            ["user-data", "--external"],
            b'{"format": "x"}',
            2,
            "Error: Invalid value for --format: 'x'; known are cloud-config",
        ),
    ],
)
def test_a_mistake_is_one_line_and_a_status(
    tmp_path: Path, argv: list[str], stdin: bytes, status: int, expected: str
) -> None:
    done = run(*argv, stdin=stdin, cwd=tmp_path) if "\0" not in "".join(argv) else in_process(argv)
    assert (done.returncode, done.stdout) == (status, b"")
    assert words(done)[-1].startswith(expected)
    assert list(tmp_path.iterdir()) == []


def in_process(argv: list[str]) -> subprocess.CompletedProcess[bytes]:
    """Run what no process can be given as arguments."""
    code = f"import sys; sys.argv = ['ssmwake', *{argv!r}]; from ssmwake.cli import main; main()"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, env=ENVIRONMENT, timeout=60, check=False)


def test_user_data_past_the_limit_is_refused_with_what_would_help(tmp_path: Path) -> None:
    large = tmp_path / "large.sh"
    large.write_text("#!/bin/sh\n" + "echo the same words again and again\n" * 1000)
    done = run("user-data", "--include", str(large))
    assert (done.returncode, done.stdout) == (1, b"")
    size = re.search(r"; --gzip makes it ([0-9,]+); pass that with fileb://, or add --base64 ", words(done)[-1])
    assert size
    packed = run("user-data", "--include", str(large), "--gzip")
    assert (packed.returncode, f"{len(packed.stdout):,}") == (0, size[1])
    done = run("user-data", "--include", str(large), "--base64")
    assert words(done)[-1].endswith(f"EC2 takes 16,384; --gzip makes it {size[1]} [SW201]")
    large.write_text(
        "#!/bin/sh\n" + "".join(hashlib.sha256(bytes([n % 256, n // 256])).hexdigest() for n in range(1000))
    )
    done = run("user-data", "--include", str(large), "--gzip")
    assert (done.returncode, done.stdout) == (1, b"")
    assert "with gzip, EC2 takes 16,384; fetch your larger files from S3" in words(done)[-1]


def test_terraform_gets_every_form_as_an_object_of_strings() -> None:
    done = run(
        "user-data", "--external", stdin=b'{"role": "web", "on-ready": "a\\nb", "foreground": "true", "format": ""}'
    )
    answer = json.loads(done.stdout)
    assert all(isinstance(value, str) for value in answer.values())
    plain = answer["user_data"].encode()
    assert plain == run("user-data", "--role", "web", "--on-ready", "a", "--on-ready", "b", "--foreground").stdout
    assert base64.b64decode(answer["user_data_base64"]) == plain
    inside = yaml.safe_load(gzip.decompress(base64.b64decode(answer["user_data_base64gzip"])))
    assert inside["runcmd"] == yaml.safe_load(plain)["runcmd"]
    assert inside["write_files"][-1]["content"] == carried()
    assert (answer["sha256"], answer["bytes"]) == (hashlib.sha256(plain).hexdigest(), str(len(plain)))


def test_the_document_has_two_spellings() -> None:
    document = yaml.safe_load(run("document", "command").stdout)
    assert json.loads(run("document", "command", "--format", "json").stdout) == document
    longer = yaml.safe_load(run("document", "command", "--role", "web", "--timeout", "1h").stdout)
    inputs = longer["mainSteps"][0]["inputs"]
    assert inputs["timeoutSeconds"] == "3720"
    assert "SSMWAKE_ROLE=web\nSSMWAKE_TIMEOUT=3600\n" in inputs["runCommand"][0]


def test_init_writes_the_empty_config_and_leaves_a_file_alone(tmp_path: Path) -> None:
    assert run("init", cwd=tmp_path).returncode == 0
    before = (tmp_path / "ssmwake.yaml").read_text()
    done = run("init", cwd=tmp_path)
    assert done.returncode == 1
    assert words(done) == ["ssmwake.yaml:1:1: error: exists; remove it, or name another file [SW004]"]
    assert (tmp_path / "ssmwake.yaml").read_text() == before
    assert run("init", "-").stdout.decode() == before
    assert run("render", "-c", "ssmwake.yaml", cwd=tmp_path).returncode == 0
    assert run("render", "--check", cwd=tmp_path).returncode == 0
    assert json.loads(run("init", "--schema", "-").stdout)["title"] == "ssmwake.yaml"


def test_render_reports_drift_on_stdout_and_writes_nothing(tmp_path: Path) -> None:
    done = run("render", "--check", cwd=tmp_path)
    assert done.returncode == 1
    assert (
        "dist/runtime/ssmwake.sh:1:1: error: missing; run ssmwake render [SW001]" in done.stdout.decode().splitlines()
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_each_shell(name: str) -> None:
    assert b"_SSMWAKE_COMPLETE" in run("completion", name).stdout


def test_completion_knows_the_verbs() -> None:
    done = run(_SSMWAKE_COMPLETE="bash_complete", COMP_WORDS="ssmwake us", COMP_CWORD="1")
    assert done.stdout.split() == [b"plain,user-data"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("ssmwake doctor --list as", ["plain,asleep"]),
        ("ssmwake doctor --region eu-west-", ["plain,eu-west-1", "plain,eu-west-2", "plain,eu-west-3"]),
        ("ssmwake publish --region ap-northeast-2", ["plain,ap-northeast-2"]),
        ("ssmwake wait --profile pro", ["plain,prod"]),
        ("ssmwake publish --profile pro", ["plain,prod"]),
    ],
)
def test_completion_knows_the_values_of_options(line: str, expected: list[str], tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("[profile prod]\nregion = eu-west-1\n[profile dev]\n")
    count = str(len(line.split()) - 1)
    done = run(_SSMWAKE_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=count, AWS_CONFIG_FILE=str(config))
    assert done.stdout.decode().split() == expected


def test_help_of_each_verb_here_fits_a_screen() -> None:
    for verb in ("", "init", "render", "user-data", "document", "completion"):
        done = run(*verb.split(), "--help")
        assert done.returncode == 0
        assert len(done.stdout.splitlines()) <= 24


# Their help is one sentence and a list.
WITHOUT_EXAMPLE = ("init", "completion", "help")


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in WITHOUT_EXAMPLE])
def test_the_examples_of_the_help_are_command_lines_that_parse(verb: str) -> None:
    context = click.Context(command, info_name="ssmwake")
    found = command.get_command(context, verb)
    assert found
    shown = [
        one
        for line in re.findall(r"ssmwake [^\n]+", found.epilog or "")
        for one in re.split(r" && | [|>] ", line)
        if one.startswith("ssmwake ")
    ]
    assert shown
    for line in shown:
        name, *words = shlex.split(line)[1:]
        assert name == verb
        found.make_context(verb, words, parent=context).close()


@pytest.mark.parametrize("verb", VERBS)
def test_the_help_of_an_option_is_a_sentence_and_says_its_default_last(verb: str) -> None:
    found = command.get_command(click.Context(command), verb)
    assert found
    for option in found.params:
        if isinstance(option, click.Option):
            assert re.fullmatch(r"[^\s\[][^\[]*\.(  \[default: [^]]+\])?", option.help or ""), option.opts


def test_a_version_is_one_line() -> None:
    assert run("--version").stdout.decode() == f"ssmwake {ssmwake.__version__}\n"


def test_a_closed_pipe_gives_no_traceback() -> None:
    done = shell("ssmwake user-data --gzip --base64 | true; exit ${PIPESTATUS[0]}")
    assert (done.returncode, b"Traceback" in done.stderr, b"Exception" in done.stderr) in [
        (0, False, False),
        (1, False, False),
    ]


def test_a_full_disk_is_one_line() -> None:
    done = shell("ssmwake user-data >/dev/full")
    assert done.returncode == 1
    assert words(done) == ["ssmwake: error: no space left on device"]


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-"])
def test_a_closed_stream_gives_no_traceback(closed: str) -> None:
    done = shell(f"ssmwake user-data {closed}")
    assert done.returncode == (1 if closed.startswith(">") else 0)
    assert b"Traceback" not in done.stderr


def test_ctrl_c_is_130_and_one_line() -> None:
    code = (
        "import sys, signal\n"
        "from ssmwake.cli import main, inputs\n"
        "inputs.contents = lambda *a: signal.raise_signal(signal.SIGINT)\n"
        "sys.argv = ['ssmwake', 'user-data', '--include', '/dev/null']\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=ENVIRONMENT, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"\nssmwake: interrupted\n")


def test_binary_is_kept_from_a_terminal() -> None:
    said = on_a_terminal("user-data", "--gzip", stream="stdout")
    assert said == b""
    said = on_a_terminal("user-data", "--gzip", "--base64", stream="stdout")
    assert gzip.decompress(base64.b64decode(said)).startswith(b"#cloud-config")


def on_a_terminal(*argv: str, stream: str = "stderr", **environment: str) -> bytes:
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "ssmwake", *argv]
    out, err = (follower, subprocess.DEVNULL) if stream == "stdout" else (subprocess.DEVNULL, follower)
    values = {**ENVIRONMENT, **environment}
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=values)
    os.close(follower)
    said = b""
    try:
        while block := os.read(leader, 65536):
            said += block
    except OSError:
        # How Linux says that the last one has closed the other end.
        pass
    finally:
        os.close(leader)
        child.wait(timeout=60)
    return said


def test_colour_is_for_terminals_and_for_those_who_want_it() -> None:
    argv = ("user-data", "-c", "no.yaml")
    assert b"\x1b[" in on_a_terminal(*argv)
    assert b"\x1b[" not in on_a_terminal(*argv, NO_COLOR="1")
    assert b"\x1b[" not in on_a_terminal("--color", "never", *argv)
    assert b"\x1b[" in on_a_terminal("--color", "always", *argv, NO_COLOR="1")
    assert b"\x1b[" not in run(*argv).stderr
    assert b"\x1b[" in run("--color", "always", *argv).stderr


def test_the_python_api_gives_what_the_command_gives() -> None:
    text = ssmwake.user_data(role="web", on_ready=["echo \U0001f600"], strict=True)
    assert text.encode() == run("user-data", "--role", "web", "--on-ready", "echo \U0001f600", "--strict").stdout
    assert "echo own" in ssmwake.user_data(include=(b"#!/bin/sh\necho own\n",))
    with pytest.raises(Invalid, match="did you mean 'role'"):
        ssmwake.user_data(rol="web")  # type: ignore[call-overload]


HEAVY = {"jinja2", "jsonschema", "rich", "cfnlint", "boto3", "botocore", "hypothesis", "email", "yaml"}


def loaded_by(*argv: str) -> set[str]:
    """Return the names of the modules that a command imports."""
    code = (
        f"import sys\nfrom ssmwake.cli import main\nsys.argv = {['ssmwake', *argv]!r}\n"
        "try:\n    main()\nfinally:\n    print(*sorted(sys.modules), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=ENVIRONMENT, timeout=60, check=True)
    return set(done.stderr.decode().splitlines()[-1].split())


def test_user_data_imports_nothing_that_it_does_not_need() -> None:
    loaded = loaded_by("user-data")
    assert "ssmwake.render.user_data" in loaded
    assert loaded & HEAVY == set()


def test_linting_a_script_imports_nothing_that_is_for_other_files(tmp_path: Path) -> None:
    (tmp_path / "x.sh").write_text("#!/bin/sh\ndate\n")
    loaded = loaded_by("lint", str(tmp_path / "x.sh"))
    assert "ssmwake.lint.shell.parser" in loaded
    assert loaded & HEAVY == set()


@pytest.mark.parametrize("argv", [("explain", "SW210"), ("explain", "SC2164"), ("lint", "--list-rules")])
def test_the_table_of_rules_needs_neither_aws_nor_jinja_nor_cfn_lint(argv: tuple[str, ...]) -> None:
    loaded = loaded_by(*argv)
    assert "ssmwake.rules" in loaded
    assert loaded & {"boto3", "botocore", "jinja2", "cfnlint", "jsonschema"} == set()


def test_help_imports_no_verb() -> None:
    code = "import sys\nfrom ssmwake.cli import main\nsys.argv = ['ssmwake', '-h']\nmain()\nprint(*sys.modules)\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=ENVIRONMENT, timeout=60, check=True)
    assert {name for name in done.stdout.decode().splitlines()[-1].split() if name.startswith("ssmwake.cli.")} == {
        "ssmwake.cli.output"
    }
