"""Artifacts against a folder."""

import errno
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from ssmwake.dist import drift, replace, write
from ssmwake.model import Artifact, Invalid

ARTIFACTS = (Artifact("SHA256SUMS", "1  a\n2  b/c\n"), Artifact("a", "1\n"), Artifact("b/c", "2\n"))


def tree(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def refusal(folder: Path) -> str:
    before = tree(folder)
    with pytest.raises(Invalid) as caught:
        write(ARTIFACTS, folder)
    assert tree(folder) == before
    return str(caught.value)


def test_a_written_folder_holds_exactly_the_artifacts(tmp_path: Path) -> None:
    out = tmp_path / "new" / "dist"
    assert set(write(ARTIFACTS, out)) == {"SHA256SUMS", "a", "b/c"}
    assert tree(out) == {artifact.path: artifact.text for artifact in ARTIFACTS}
    assert drift(ARTIFACTS, out) == ()
    assert write(ARTIFACTS, out) == ()


def test_what_an_earlier_run_wrote_is_removed_with_its_folder(tmp_path: Path) -> None:
    write(ARTIFACTS, tmp_path)
    fewer = (Artifact("SHA256SUMS", "1  a\n"), ARTIFACTS[1])
    assert set(write(fewer, tmp_path)) == {"SHA256SUMS", "b/c"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["SHA256SUMS", "a"]


def test_drift_names_what_is_missing_stale_and_not_ours(tmp_path: Path) -> None:
    write(ARTIFACTS, tmp_path)
    (tmp_path / "a").write_text("x")
    (tmp_path / "b/c").unlink()
    (tmp_path / "z").write_text("")
    before = tree(tmp_path)
    said = [str(finding).removeprefix(f"{tmp_path}/") for finding in drift(ARTIFACTS, tmp_path)]
    assert said == [
        "a:1:1: error: stale; run ssmwake render [SW001]",
        "b/c:1:1: error: missing; run ssmwake render [SW001]",
        "z:1:1: error: not rendered from any template; remove it [SW001]",
    ]
    assert tree(tmp_path) == before


def test_an_absent_folder_has_drifted_and_is_not_made(tmp_path: Path) -> None:
    assert len(drift(ARTIFACTS, tmp_path / "no")) == 3
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("stranger", ["letters.txt", "a", "b/notes", "SHA256SUMS/x"])
def test_a_folder_that_is_not_ours_is_refused_and_untouched(tmp_path: Path, stranger: str) -> None:
    (tmp_path / stranger).parent.mkdir(exist_ok=True)
    (tmp_path / stranger).write_text("mine")
    assert "not written by ssmwake" in refusal(tmp_path)


def test_a_list_of_checksums_of_another_program_gives_no_right_to_its_files(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    (tmp_path / "SHA256SUMS").write_text("0  mine\n")
    assert f"{tmp_path}/SHA256SUMS:1:1: error: not written by ssmwake and 1 more" in refusal(tmp_path)


def test_a_file_that_joined_ours_is_refused(tmp_path: Path) -> None:
    write(ARTIFACTS, tmp_path)
    (tmp_path / "mine").write_text("")
    assert f"{tmp_path}/mine:1:1: error: not written by ssmwake" in refusal(tmp_path)


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "dist").write_text("mine")
    with pytest.raises(Invalid, match="not a folder"):
        write(ARTIFACTS, tmp_path / "dist")


def test_a_link_to_elsewhere_is_replaced_not_followed(tmp_path: Path) -> None:
    out, mine = tmp_path / "dist", tmp_path / "mine"
    write(ARTIFACTS, out)
    mine.write_text("1\n")
    (out / "a").unlink()
    (out / "a").symlink_to(mine)
    write((ARTIFACTS[0], Artifact("a", "new\n"), ARTIFACTS[2]), out)
    assert (mine.read_text(), (out / "a").read_text()) == ("1\n", "new\n")


def test_a_disk_that_fills_up_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(ARTIFACTS, tmp_path)
    whole = tempfile.NamedTemporaryFile
    calls: list[object] = []

    def full(*args: Any, **options: Any) -> Any:
        calls.append(args)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return whole(*args, **options)

    monkeypatch.setattr("tempfile.NamedTemporaryFile", full)
    other = tuple(Artifact(artifact.path, artifact.text + "new\n") for artifact in ARTIFACTS)
    with pytest.raises(Invalid, match="cannot be written: no space left on device; free some space"):
        write(other, tmp_path)
    assert tree(tmp_path) == {artifact.path: artifact.text for artifact in ARTIFACTS}


def test_a_disk_that_takes_nothing_leaves_no_empty_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args: Any, **options: Any) -> Any:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("tempfile.NamedTemporaryFile", full)
    with pytest.raises(Invalid):
        write(ARTIFACTS, tmp_path / "new" / "dist")
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_cut_off_leaves_a_folder_that_the_next_run_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(ARTIFACTS, tmp_path)
    other = tuple(Artifact(artifact.path, artifact.text + "new\n") for artifact in ARTIFACTS)
    other = (*other, Artifact("d", "4\n"))
    move = Path.replace

    def cut_off(path: Path, target: Path) -> Path:
        if target.name == "c":
            raise KeyboardInterrupt
        return move(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", cut_off)
        # Killed: nothing tidies up either.
        patch.setattr(Path, "unlink", lambda path, missing_ok=False: None)
        with pytest.raises(KeyboardInterrupt):
            write(other, tmp_path)
    assert any(path.name.endswith(".ssmwake-new") for path in tmp_path.iterdir())
    write(other, tmp_path)
    assert drift(other, tmp_path) == ()


def test_modes_follow_the_umask(tmp_path: Path) -> None:
    replace(tmp_path / "a", "")
    mask = os.umask(0)
    os.umask(mask)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o666 & ~mask
