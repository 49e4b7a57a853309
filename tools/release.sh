#!/bin/sh
# Make a release of this commit: a tag, a wheel, an sdist, and their hashes in build/release. Nothing is uploaded.
#
# The version is the one in generator/ssmwake/__init__.py; CHANGELOG.md must have a section for it. PYTHON is a Python
# with the development dependencies (`make release` passes that of .venv).
set -eu

python=${PYTHON:-python3}
cd "$(dirname "$0")/.."
fail() {
    echo "release: $1" >&2
    exit 1
}

version=$("$python" -c 'import re; print(re.search(r"__version__ = \"(.+)\"", open("generator/ssmwake/__init__.py").read())[1])')
[ -z "$(git status --porcelain)" ] || fail 'the work tree has changes; commit them first'
grep -qE "^## $version \\([0-9]{4}-[0-9]{2}-[0-9]{2}\\)$" CHANGELOG.md ||
    fail "CHANGELOG.md has no section '## $version (YYYY-MM-DD)'; write it, and commit it"
! git rev-parse -q --verify "refs/tags/v$version" >/dev/null || fail "the tag v$version exists; raise the version first"

rm -rf build/release
# The commit's time, so that a second build of the same commit gives the same bytes.
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
"$python" -m build --no-isolation --outdir build/release . >/dev/null
(cd build/release && sha256sum ssmwake-* >SHA256SUMS && cat SHA256SUMS)
git tag -a "v$version" -m "ssmwake $version"
echo "release: tagged v$version; build/release holds the wheel, the sdist and SHA256SUMS" >&2
