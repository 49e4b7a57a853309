#!/bin/sh
# Install what the tests use besides Python: the shells that the runtime must work in, what watches its processes, and
# what boots containers and a virtual machine. Needs root and apt (Debian, Ubuntu).
set -eu

command -v apt-get >/dev/null || { echo 'make setup: this machine has no apt-get; see tools/setup.sh for the list' >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo 'make setup: run it as root (sudo make setup)' >&2; exit 1; }

set -- busybox dash bash mksh yash ksh93u+m zsh fish curl python3 strace procps make git openssl openssh-server openssh-client \
    systemd-container mmdebstrap zstd iproute2 util-linux debian-archive-keyring \
    qemu-system-x86 qemu-utils e2fsprogs
# For the example with the AWS CDK.
command -v node >/dev/null || set -- "$@" nodejs

export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends "$@" >/dev/null
