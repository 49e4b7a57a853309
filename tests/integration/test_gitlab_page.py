"""docs/lint.md shows a job for GitLab: what it runs fails for an error, and leaves the report that it keeps."""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

PAGE = (Path(__file__).parents[2] / "docs" / "lint.md").read_text(encoding="utf-8")
IMDSV1 = "curl -s http://169.254.169.254/latest/meta-data/placement/region"


@pytest.mark.parametrize(("command", "status"), [("date", 0), (IMDSV1, 1)])
def test_the_job_fails_for_an_error_and_leaves_its_report(command: str, status: int, tmp_path: Path) -> None:
    (shown,) = re.findall(r"```yaml\n(ssmwake:\n.*?)```", PAGE, re.DOTALL)
    job = yaml.safe_load(shown)["ssmwake"]
    install, *script = job["script"]
    assert re.fullmatch(r"python -m pip install --quiet \S+\.whl", install)
    (tmp_path / "user-data.sh").write_text(f"#!/bin/sh\n{command}\n")
    where = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    done = subprocess.run(["sh", "-ec", "\n".join(script)], cwd=tmp_path, env=where, capture_output=True, check=False)
    assert done.returncode == status, done.stderr
    assert job["artifacts"]["when"] == "always"
    report = ElementTree.parse(tmp_path / job["artifacts"]["reports"]["junit"])
    assert len(report.findall(".//testcase")) == 1
    assert len(report.findall(".//failure")) == status
