"""shellcheck: what is an error, what is not worth a word, and what happens if it fails."""

from pathlib import Path

import pytest

from ssmwake.lint import File, lint, lint_all
from ssmwake.lint.shell import shellcheck
from ssmwake.model import Finding, Severity

BAD = "#!/bin/sh\ncd /srv\nrm -rf $1/*\n"


def found(script: str) -> list[str]:
    """Return the places, severities and codes of what is found in a script."""
    return [
        f"{one.where.line}:{one.where.column} {one.severity.value} {one.rule}"
        for one in lint("user-data.sh", script.encode())
        if one.rule in ("SW208", "SW231")
    ]


@pytest.mark.parametrize(
    ("script", "place"),
    [
        ("#!/bin/bash\necho <name> | tee /tmp/name\n", "2:11"),
        ("#!/bin/bash\nif true; then\n  date\n", "2:1"),
        ("#!/bin/bash\necho it's\n", "2:8"),
        ("#!/bin/bash\nwhile true; do date; done)\n", "2:26"),
        ("#!/bin/bash\nif[ -f /etc/a ]; then date; fi\n", "2:3"),
        ("#!/bin/bash\ncat <<EOF\ntext\n EOF\n", "2:5"),
        ("#!/bin/sh\napt-get update\na=(1 2)\necho ${a[0]} ${a[1]}\n", "3:3"),
        ("#!/bin/bash\nusermod -c a(b) c\n", "2:13"),
        ("#!/bin/dash\ndiff <(date) <(date)\n", "2:6"),
    ],
)
def test_shell_that_cannot_be_parsed_is_one_error(script: str, place: str) -> None:
    assert found(script) == [f"{place} error SW231"]
    assert "Fix any mentioned" not in str(lint("user-data.sh", script.encode()))


@pytest.mark.parametrize(
    "script",
    [
        "kubectl get ns shop -o jsonpath={.metadata.name}",
        "df -h | awk {'print $2'}",
        'echo "a"b"c"',
        "> /etc/motd",
        'echo "a {\n  b;\n}" > /etc/a\necho "c {\n  d;\n}" > /etc/c',
        "names=($(cat /etc/names))",
        'trap "rm -f $file" EXIT',
        "if [ -f /etc/a -a -f /etc/b ]; then date; fi",
        "export REGION=$(cat /etc/region)",
        'curl -o "/tmp/$(uname -m)" https://example.com/$(uname -s)',
        "mkdir -p /opt/$(date +%F)",
    ],
)
def test_matters_of_taste_are_not_reported(script: str) -> None:
    assert found(f"#!/bin/bash\n{script}\n") == []


def test_a_status_that_is_lost_matters_where_the_shell_would_stop_for_it() -> None:
    assert found("#!/bin/bash\nset -euo pipefail\nexport REGION=$(cat /etc/region)\n") == ["3:8 warning SW208"]


def test_what_bash_knows_is_fine_where_bash_is_sh() -> None:
    script = "yum install -y jq\n[[ -f /etc/a ]] && source /etc/a\na=(1 2)\n"
    assert found(f"#!/bin/sh\n{script}") == []
    assert found(f"#!/bin/sh\n{script.replace('yum', 'apt-get')}") == [
        "3:1 warning SW208",
        "3:20 warning SW208",
        "4:3 error SW231",
    ]


def test_a_line_that_another_program_fills_in_may_close_what_is_open() -> None:
    template = (
        "Resources:\n  I:\n    Type: AWS::EC2::Instance\n    Properties:\n      UserData:\n        Fn::Base64: !Sub |\n"
    )
    for line, errors in (("${End}", 0), ("echo ${End}", 1)):
        script = f"          #!/bin/sh\n          if true; then\n          {line}\n"
        text = f"{template}{script}Parameters: {{End: {{Type: String}}}}\n"
        assert sum(one.rule == "SW231" for one in lint("t.yaml", text.encode(), with_cfn_lint=False)) == errors


def acting_on(word: str, action: str) -> str:
    """Return a program that acts on a script with the word in it, and else is shellcheck."""
    look = f'for a; do case $a in *.sh) if grep -q {word} "$a"; then {action}; fi ;; esac; done'
    return f'#!/bin/sh\n{look}\nexec {shellcheck.program()} "$@"\n'


def run_with(program: str, folder: Path, monkeypatch: pytest.MonkeyPatch, *scripts: str) -> list[Finding]:
    """Return the findings of scripts with a shellcheck of our own."""
    path = folder / "shellcheck"
    path.write_text(program)
    path.chmod(0o755)
    monkeypatch.setattr(shellcheck, "program", lambda: str(path))
    return list(lint_all([File(f"{number}.sh", script.encode()) for number, script in enumerate(scripts)]))


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        ("#!/bin/sh\nkill -9 $$\n", "was ended by signal 9"),
        ("#!/bin/sh\nexit 3\n", "failed with status 3"),
        ("#!/bin/sh\necho '{\"comments\": ['\n", "failed with status 0"),
        ("#!/nowhere/sh\n", "cannot be run"),
    ],
)
def test_a_shellcheck_that_fails_is_a_finding_and_no_clean_bill(
    program: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = run_with(program, tmp_path, monkeypatch, BAD)
    assert (one.rule, one.severity) == ("SW200", Severity.ERROR)
    assert reason in one.message


def test_a_script_that_shellcheck_dies_of_takes_no_findings_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = acting_on("DEADLY", "kill -9 $$")
    scripts = [BAD.replace("srv", f"srv{number}") for number in range(5)]
    scripts.insert(2, "#!/bin/sh\necho DEADLY\n")
    all_findings = run_with(program, tmp_path, monkeypatch, *scripts)
    assert [one.where.path for one in all_findings if one.rule == "SW200"] == ["2.sh"]
    assert {one.where.path for one in all_findings if "SC2115" in one.message} == {f"{n}.sh" for n in (0, 1, 3, 4, 5)}


def test_a_script_that_takes_too_long_takes_no_findings_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shellcheck, "PATIENCE", 1)
    program = acting_on("SLOW", "exec sleep 30")
    all_findings = run_with(program, tmp_path, monkeypatch, BAD, "#!/bin/sh\necho SLOW\n")
    assert [(one.where.path, "took over 1 s" in one.message) for one in all_findings if one.rule == "SW200"] == [
        ("1.sh", True)
    ]
    assert any("SC2115" in one.message for one in all_findings)


def test_a_text_in_many_files_is_checked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = shellcheck.program()
    program = f'#!/bin/sh\nfor a; do case $a in *.sh) echo "$a" >>{tmp_path}/log ;; esac; done\nexec {real} "$@"\n'
    all_findings = run_with(program, tmp_path, monkeypatch, BAD, BAD, BAD)
    assert len((tmp_path / "log").read_text().splitlines()) == 1
    assert {one.where.path for one in all_findings} == {"0.sh", "1.sh", "2.sh"}
