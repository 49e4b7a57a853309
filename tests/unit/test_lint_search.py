"""Which files a lint run opens, what it takes them for, and what a folder of somebody else's cannot make it do."""

import os
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from ssmwake.cli import command
from ssmwake.cli.search import search
from ssmwake.lint import Kind, kind_in_folder
from ssmwake.lint.names import ENDINGS, SEARCHED, SKIPPED, is_searched

TOP = Path(__file__).parents[2]
ASKS = "#!/bin/sh\ncurl -s http://169.254.169.254/latest/meta-data/ami-id\n"
BROKEN_TEMPLATE = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  Host:\n    Type: AWS::EC2::Instance\n   x: [\n"
RUNBOOK = "schemaVersion: '0.3'\ndescription: x\nassumeRole: '{{ Role }}'\nparameters: {Role: {type: String}}\n"
MIME = "Content-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/cloud-config\n\nruncmd: []\n--B--\n"
CONFIG = "write_files:\n  - path: /etc/a\nruncmd:\n  - date\n"


def lint(*argv: str) -> Result:
    """Return what the command says of files; no folder has a schema of cloud-init."""
    return CliRunner().invoke(command, ["lint", "--cloud-init-schema", "none", *argv])


@pytest.mark.parametrize(
    ("name", "text", "finding"),
    [
        ("user-data.sh", "yum install -y httpd\n", "1:1: error: .*write #!/bin/bash on the first line.*SW202"),
        ("boot.sh", "yum install -y httpd\nsystemctl enable httpd\n", "1:1: error: .*#!/bin/bash.*SW202"),
        ("zone.sh", "Z=$(curl http://169.254.169.254/latest/x)\n", "1:1: error: .*#!/bin/bash.*SW202"),
        ("user-data", "packages: [jq]\n", "1:1: error: .*put #cloud-config on the first line.*SW202"),
        ("userdata", CONFIG, "1:1: error: .*put #cloud-config on the first line.*SW202"),
        ("web.yaml", CONFIG, "1:1: error: .*put #cloud-config on the first line.*SW202"),
        ("web.yaml", "#cloudconfig\npackages: [jq]\n", "1:1: error: .*exactly #cloud-config.*SW202"),
        ("web.yaml", "#clud-config\npackages: [jq]\n", "1:1: error: .*#cloud-config.*SW202"),
        ("web.txt", "# cloud-config\npackages: [jq]\n", "1:1: error: .*exactly #cloud-config.*SW202"),
        ("web.txt", MIME, "1:1: error: .*MIME-Version.*SW202"),
        ("web.txt", MIME.partition("\n\n")[2], "1:1: error: .*MIME.*SW202"),
        ("stack.yaml", BROKEN_TEMPLATE, "5:4: error: broken YAML in a CloudFormation template.*SW203"),
        ("runbook.yaml", RUNBOOK, "1:1: error: no mainSteps"),
        ("launch.json", '{"LaunchTemplateData": {"ImageId": "ami-1",}', ".*: error: a comma before.*SW440"),
        ("user-data.bash", "date\n", "1:1: error: .*SW202"),
        ("user-data.tpl", "date ${zone}\n", "1:1: error: .*SW202"),
        ("user_data.tmpl", "date\n", "1:1: error: .*SW202"),
        ("userdata.j2", "date\n", "1:1: error: .*SW202"),
        ("user-data.txt", '{"packages": ["jq"]}\n', "1:1: error: .*put #cloud-config on the first line.*SW202"),
        ("web.yaml", "---\n#cloud-config\npackages: [jq]\n", "1:1: error: .*#cloud-config.*SW202"),
        ("web.yaml", "# the web servers\n\n#cloud-config\nhostname: a\n", "1:1: error: .*#cloud-config.*SW202"),
        ("web.j2", "##template:jinja\n#cloud-config\nhostname: a\n", "1:1: error: .*exactly ## template: jinja.*SW202"),
    ],
)
def test_what_a_file_is_meant_to_be_is_found_in_a_folder_and_by_the_hook(
    name: str, text: str, finding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text)
    pattern = re.compile(rf"^{re.escape(name)}:{finding}", re.MULTILINE)
    for argv in ((".",), ("--skip-unknown", name), (name,)):
        done = lint(*argv)
        assert pattern.search(done.stdout), done.output
        assert done.exit_code == 1


@pytest.mark.parametrize("text", ["#!/bin/sh\ndate\n", "#cloud-config\npackages: [jq]\n", BROKEN_TEMPLATE, RUNBOOK])
def test_utf_16_is_an_error_whatever_it_encodes(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "user-data.txt").write_bytes(text.encode("utf-16"))
    done = lint("--skip-unknown", "user-data.txt")
    assert re.match(r"user-data\.txt:1:1: error: .*UTF-16.*UTF-8", done.stdout)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("build.sh", "#!/bin/sh\ncd /srv\nrm -rf $1/*\n"),
        ("tools/release", "#!/bin/sh\ncd /srv\nrm -rf $1/*\n"),
        ("functions.sh", "install_it() { yum install -y jq; }\n"),
        ("lib.sh", "cd /srv\nrm -rf $1/*\n"),
        ("replace_userdata_base64.sh", "sed -i s/a/b/ user-data.sh\n"),
        ("render-user-data.sh", "#!/bin/sh\ncd /srv\nrm -rf $1/*\n"),
        ("user_data.py", "#!/usr/bin/python3\nprint('user data')\n"),
        ("userdata.json", '[{"name": "ada", "mail": "ada@example.com"}]\n'),
        ("user-data.yaml", "apiVersion: v1\nkind: Secret\ndata: {}\n"),
        ("user-data", ""),
        ("userdata.txt", "=== What user data is ===\nCustomize the instance at boot.\n"),
        (
            "message.json",
            '{\n  "Content": {\n    "schemaVersion": "2.2",\n    "action": "aws:runShellScript"\n  }\n}\n',
        ),
        ("cloud.cfg.d/99-user-data.cfg", "packages: [jq]\n"),
        ("user-data.j2", "{% include 'head' %}\npackages: [jq]\n"),
        ("app.yaml", "users: [a]\npackages: [b]\n"),
        ("notes.txt", "Content-Type: text/plain\n\nhello\n"),
        ("manifest.json", '{"schemaVersion": 2, "config": {"digest": "sha256:0"}}\n'),
        ("devfile.yaml", "schemaVersion: 2.2.0\nmetadata: {name: a}\n"),
        ("chart.yaml", "Resources:\n{{- range .Items }}\n  Type: AWS::EC2::Instance\n"),
        ("README.md", f"```\n{BROKEN_TEMPLATE}```\n"),
        ("backup.sql.gz", "\x1f\x8b not user data"),
        ("Makefile", "all:\n\tyum install -y jq\n"),
        ("vendor/user-data.sh", "date\n"),
        (".git/user-data.sh", "date\n"),
    ],
)
def test_what_nothing_says_to_be_ours_is_left_alone(
    name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode("latin-1"))
    done = lint(".")
    assert (done.stdout, done.exit_code) == ("", 0)
    assert done.stderr == "ssmwake: no user data, SSM documents or templates found\n"
    assert lint().output == done.output


COMPONENT = """name: a
schemaVersion: 1.0
phases:
- name: build
  steps:
  - name: Install
    action: ExecuteBash
    inputs: {commands: [date]}
"""


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("user-data.sh", "#!/bin/sh\ndate\n", Kind.USER_DATA),
        ("web-userdata.sh", "#!/bin/sh\ndate\n", Kind.USER_DATA),
        ("userData.sh", "#!/bin/sh\ndate\n", Kind.USER_DATA),
        ("user_data/web.sh", "#!/bin/sh\ndate\n", Kind.USER_DATA),
        ("web.sh", "#!/bin/sh\n# User data for the web servers\ndate\n", Kind.USER_DATA),
        ("web.sh", "#!/bin/bash\nexec > >(tee /var/log/user-data.log) 2>&1\n", Kind.USER_DATA),
        ("web.sh", "#!/bin/sh\necho ECS_CLUSTER=a >> /etc/ecs/ecs.config\n", Kind.USER_DATA),
        ("web.sh", "#!/bin/sh\n/opt/aws/bin/cfn-init -v --stack a\n", Kind.USER_DATA),
        ("web.sh", "#!/bin/sh\n/etc/eks/bootstrap.sh shop\n", Kind.USER_DATA),
        ("web.sh", ASKS, Kind.SCRIPT),
        ("web.sh", f"\n\n{ASKS}", Kind.SCRIPT),
        ("launch.sh", "#!/bin/sh\naws ec2 run-instances --user-data file://user-data.sh\n", None),
        ("web.sh.tpl", "#!/bin/sh\nhostname ${name}\n", Kind.TEMPLATEFILE),
        ("web.tpl", '#!/bin/sh\ndd count=${ coalesce(size, "512") }\n', Kind.TEMPLATEFILE),
        ("web.sh", "#!/bin/sh\ndd count=${SIZE:-512}\n", None),
        ("web.tofu", 'resource "aws_instance" "a" {}\n', Kind.TERRAFORM),
        ("data.b64", "I2Nsb3VkLWNvbmZpZwpwYWNrYWdlczogW2pxXQo=\n", Kind.USER_DATA),
        ("data.b64", "aGVsbG8sIHdvcmxkOiBub3RoaW5nIG9mIG91cnMK\n", None),
        ("component.yaml", COMPONENT, None),
    ],
)
def test_a_file_of_a_folder_is_taken_for_what_it_says(name: str, text: str, what: Kind | None) -> None:
    assert kind_in_folder(text.encode(), name) == what


def test_a_script_that_only_asks_imds_is_linted_for_that_and_not_as_user_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "facts.sh").write_text(ASKS + "cd /srv\nsleep 600\n" + "# long\n" * 3000)
    done = lint(".")
    assert [line.split("[")[-1] for line in done.stdout.splitlines()] == ["SW210]"]
    assert "1 script" in done.stderr
    assert "SW201" in lint("facts.sh").stdout


def test_large_user_data_in_a_folder_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "user-data.sh").write_text("#!/bin/sh\n" + "true\n" * 4000)
    assert "SW201" in lint(".").stdout


def test_the_hook_and_the_page_have_the_list_of_the_search() -> None:
    hooks = yaml.safe_load((TOP / ".pre-commit-hooks.yaml").read_text())
    assert next(hook for hook in hooks if hook["id"] == "ssmwake")["files"] == SEARCHED.pattern
    page = (TOP / "docs" / "lint.md").read_text()
    section = page.partition("### Which files in a folder are linted")[2].partition("\n#")[0]
    assert {*re.findall(r"`\.([\w-]+)`", section)} == set(ENDINGS)
    assert {name for name in SKIPPED if f"`{name}`" in section} == SKIPPED


def test_names_without_an_ending_are_opened() -> None:
    assert all(map(is_searched, ("user-data", "a/b/userdata", "Makefile", "web.SH", "user-data_web", "a.tf")))
    closed = ("a.py", "README.md", ".gitignore", "a/.env", "user-data.d/a.py", "a.b/c.go", "user-data.plain-tail")
    assert not any(map(is_searched, closed))


@pytest.mark.parametrize("kind", [None, Kind.USER_DATA])
def test_files_that_a_program_names_are_linted_as_in_a_search_of_the_folder(
    kind: Kind | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = ("multipart", "user-data", "web.boothook", "facts", ".hidden")
    endings = (
        "",
        ".head",
        ".ours",
        ".part",
        ".plain-tail",
        ".bak",
        ".rb",
        ".web",
        ".SH",
        *(f".{each}" for each in ENDINGS),
    )
    folders = (".", "app/user-data", "app.d", ".github", ".terraform/modules/a", *SKIPPED, "infra/vendor/x")
    texts = ("Content-Type: multipart/mixed; boundary=b\n\nno boundary\n", f"--==b\n{ASKS}", ASKS)
    for folder in folders:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for number, name in enumerate(word + ending for word in words for ending in endings):
            Path(folder, name).write_text(texts[number % 3])
    everything = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    searched = {file.path: file.kind for file in search(["."], kind).files}
    assert 50 < len(searched) < len(everything) / 2
    for paths in (everything, [str(tmp_path / path) for path in everything]):
        named = search(paths, kind, skip_unknown=True)
        assert {os.path.relpath(file.path): file.kind for file in named.files} == searched
        assert named.unread == []


def test_a_folder_above_the_current_one_does_not_keep_a_named_file_from_being_linted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / ".cache" / "vendor" / "infra"
    project.mkdir(parents=True)
    (project.parent / "user-data.sh").write_text(ASKS)
    (project / "user-data.sh").write_text(ASKS)
    monkeypatch.chdir(project)
    paths = ["../user-data.sh", str(project / "user-data.sh")]
    assert [file.path for file in search(paths, skip_unknown=True).files] == paths


def test_stdin_is_linted_whatever_is_skipped() -> None:
    done = CliRunner().invoke(command, ["lint", "--skip-unknown", "-"], input=ASKS)
    assert "SW210" in done.stdout


def test_a_path_is_linted_once_however_it_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.sh").write_text(ASKS)
    assert [file.path for file in search(["a.sh", "./a.sh", ".", str(tmp_path)]).files].count("a.sh") == 1
    assert lint("a.sh", "./a.sh", ".").stdout.count("SW210") == 1


def test_what_is_excluded_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a/b/user-data.sh", "a/c/user-data.sh", "user-data.sh"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(ASKS)

    def left(*patterns: str) -> list[str]:
        argv = [word for pattern in patterns for word in ("--exclude", pattern)]
        return [line.split(":")[0] for line in lint(*argv, ".").stdout.splitlines() if "SW210" in line]

    assert left("a") == ["user-data.sh"]
    assert left("a/b/") == ["a/c/user-data.sh", "user-data.sh"]
    assert left("b", "*/c/*.sh") == ["user-data.sh"]
    assert left("*.sh") == []


def test_rules_are_selected_and_ignored_by_ids_and_their_beginnings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.sh").write_text(f"{ASKS}cd /srv/app\nsource /etc/a\n")

    def ids(*argv: str) -> list[str]:
        return re.findall(r"\[(\w+)\]$", lint(*argv, "a.sh").stdout, re.MULTILINE)

    assert ids() == ["SW210", "SW208", "SW208"]
    assert ids("--select", "SW210") == ids("--ignore", "sw208") == ["SW210"]
    assert ids("--select", "SW2", "--ignore", "SC2164,SC3") == ["SW210"]
    assert ids("--select", "SC2164") == ["SW208"]
    assert ids("--ignore", "SW") == []
    for wrong in ("--select=SW9", "--ignore=no", "--select="):
        refused = lint(wrong, "a.sh")
        assert refused.exit_code == 2
        assert "Traceback" not in refused.output


def test_a_summary_ends_each_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.sh").write_text(ASKS.replace("/latest", ""))
    (tmp_path / "b.yaml").write_text("#cloud-config\npackages: [jq]\n")
    (tmp_path / "c.yaml").write_text("schemaVersion: 2.2\nmainSteps: []\n")
    done = lint("--format", "json", ".")
    assert done.stderr == ("ssmwake: 1 user data, 1 script, 1 SSM document: 4 errors; --fix can fix 2\n")
    assert lint("b.yaml").stderr == "ssmwake: 1 user data: no findings\n"
    assert lint("gone.yaml").stderr.endswith("ssmwake: no file linted: 1 error\n")


def test_pipes_devices_and_links_of_a_folder_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    outside = tmp_path / "outside"
    inside = tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "secret.sh").write_text(ASKS)
    os.mkfifo(inside / "user-data.sh")
    (inside / "user-data").symlink_to("/dev/zero")
    (inside / "user-data.txt").symlink_to(outside / "secret.sh")
    (inside / "folder").symlink_to(outside)
    monkeypatch.chdir(inside)
    assert lint(".").stderr == "ssmwake: no user data, SSM documents or templates found\n"
    names = ["user-data.sh", "user-data", "user-data.txt"]
    assert lint("--skip-unknown", *names).stderr == "ssmwake: no user data, SSM documents or templates found\n"


@pytest.mark.parametrize("name", ["pipe", "device", "link", "folder/secret.sh", "../outside/secret.sh"])
def test_terraform_reads_no_pipes_and_nothing_outside(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    inside = tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    (outside / "secret.sh").write_text(ASKS)
    os.mkfifo(inside / "pipe")
    (inside / "device").symlink_to("/dev/zero")
    (inside / "link").symlink_to(outside / "secret.sh")
    (inside / "folder").symlink_to(outside)
    body = f'resource "aws_instance" "a" {{\n  user_data = file("${{path.module}}/{name}")\n}}\n'
    (inside / "main.tf").write_text(body)
    monkeypatch.chdir(inside)
    for path in (".", "main.tf", str(inside)):
        done = lint(path)
        assert (done.stdout, done.exit_code) == ("", 0)


def test_fix_does_not_write_through_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = "#!/bin/sh\r\ndate\r\n"
    (tmp_path / "mine").write_bytes(before.encode())
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "user-data.sh").symlink_to("../mine")
    monkeypatch.chdir(tmp_path / "folder")
    assert lint("--fix", ".").exit_code == 0
    done = lint("--fix", "user-data.sh")
    assert done.exit_code == 1
    assert "a link to ../mine, through which --fix does not write; name that file" in done.stdout
    assert (tmp_path / "mine").read_bytes() == before.encode()


def test_diff_never_writes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "user-data.sh").write_bytes(b"#!/bin/sh\r\ndate\r\n")
    for argv in (("--diff",), ("--diff", "--fix"), ("--fix", "--diff", "--format", "json")):
        assert "+#!/bin/sh" in lint(*argv, "user-data.sh").output
        assert b"\r" in (tmp_path / "user-data.sh").read_bytes()


HOSTILE = "a\n::stop-commands::x\x1b]52;c;cHduZWQ=\x07\n::error ::##vso[task.complete]y.sh"


def test_nothing_of_a_folder_is_a_command_to_a_terminal_or_a_workflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / HOSTILE).write_text(ASKS)
    (tmp_path / "::error::forged.sh").write_bytes(f"#!/bin/sh\r\n::error::x\r\n{ASKS}".encode())
    (tmp_path / "##[error]forged.sh").write_text(ASKS)
    (tmp_path / "doc.yaml").write_text(
        'schemaVersion: "2.2"\n"\\e]0;title\\a\\n::error file=a::forged\u202e": 1\nmainSteps: []\n'
    )
    for argv in ((".",), ("--diff", "."), ("::error::forged.sh",), ("--no-such\x1b[2J",), ("no\x1b[2J\n::error::",)):
        output = lint(*argv).output
        assert {char for char in output if not char.isprintable()} <= {"\n", "\t"}
        assert not [line for line in output.splitlines() if re.match(r"\s*::", line) or re.search(r"##\w*\[", line)]
    assert "SW210" in lint(".").stdout


def test_a_file_that_is_called_like_an_option_is_never_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.yaml").write_text("lint: {ignore: [{rule: SW210, reason: none}]}\n")
    (tmp_path / "--config=x.yaml").write_text(f"#cloud-config\nruncmd:\n- {ASKS.splitlines()[1]}\n")
    done = lint("--skip-unknown", "--", "--config=x.yaml")
    assert (done.exit_code, "--config=x.yaml:3:" in done.stdout) == (1, True)
    refused = lint("--skip-unknown", "--config=x.yaml", "a.sh")
    assert refused.exit_code == 2
    assert "put -- before the files" in refused.output
    assert "--config=x.yaml:3:" in lint(".").stdout


@pytest.mark.parametrize(
    "value",
    [
        'templatefile(coalesce(var.template, "${path.module}/boot.tpl"), { name = "web" })',
        'coalesce(var.user_data, file("${path.module}/boot.tpl"))',
        'try(var.user_data, templatefile("boot.tpl", { name = "web" }))',
    ],
)
def test_what_terraform_falls_back_to_is_read(value: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "boot.tpl").write_text(ASKS)
    (tmp_path / "main.tf").write_text(f'resource "aws_instance" "a" {{\n  user_data = {value}\n}}\n')
    assert "boot.tpl:2:1: error: asks IMDS" in lint("main.tf").stdout


def test_named_programs_and_pages_are_skipped_unless_they_are_user_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_text("# User data\n")
    (tmp_path / "report.sarif").write_text("{}\n")
    (tmp_path / "boot.py").write_text(f"#!/bin/sh\n{ASKS.partition(chr(10))[2]}")
    (tmp_path / "notes").write_text("import os\nprint(os.name)\n")
    done = lint("README.md", "report.sarif", "boot.py", "notes")
    assert re.findall(r"^([\w.]+):.*\[(\w+)\]$", done.stdout, re.MULTILINE) == [
        ("boot.py", "SW210"),
        ("notes", "SW202"),
    ]
    assert "write #!/usr/bin/env python3 on the first line" in done.stdout
    assert "skipped, as not user data by the name: README.md, report.sarif; --kind user-data" in done.stderr
    done = lint("README.md", "--kind", "user-data")
    assert "[SW202]" in done.stdout
    assert "skipped" not in done.stderr
