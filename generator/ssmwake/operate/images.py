"""Which images bring the SSM agent, by their names: a rule of thumb, which one trace of the agent overrules."""

import fnmatch

from ssmwake.operate.facts import Image

# From AWS's list of AMIs with the agent preinstalled.
WITH_AGENT = (
    "al2023-ami-2023*",
    "al2023-ami-ecs-*",
    "amzn2-ami-hvm-*",
    "amzn2-ami-kernel-*",
    "amzn2-ami-ecs-*",
    "amazon-eks-*node-*",
    "ubuntu/images/*/ubuntu-*",
    "ubuntu-pro-server/*",
    "ubuntu-pro-fips*-server/*",
    "suse-sles-15-sp[3-9]-*",
    "almalinux*",
    "windows_server-20*",
    "amzn-ec2-macos-1[3-9]*",
    "amzn-ec2-macos-2*",
)
WITHOUT_AGENT = (
    "al2023-ami-minimal-*",
    "amzn2-ami-minimal-*",
    "ubuntu-minimal/*",
    "ubuntu-pro-minimal/*",
    "ubuntu/images-minimal/*",
    # Canonical's images bring the agent from 16.04 on.
    "ubuntu/images/*/ubuntu-trusty-*",
    "ubuntu/images/*/ubuntu-precise-*",
    "rhel-*",
    "debian-*",
    "rocky-*",
    "fedora-*",
    "centos*",
    "ol[6-9]*",
    "ol10*",
    "freebsd*",
    "flatcar-*",
    "talos-*",
)


def brings_agent(image: Image) -> bool | None:
    """Return whether an image brings the agent; None for a name that is not known."""
    name = image.name.lower()
    if any(fnmatch.fnmatchcase(name, pattern) for pattern in WITHOUT_AGENT):
        return False
    return True if any(fnmatch.fnmatchcase(name, pattern) for pattern in WITH_AGENT) else None


LABELS = {
    "al2023-": "Amazon Linux 2023",
    "amzn2-": "Amazon Linux 2",
    "ubuntu": "Ubuntu",
    "suse-sles": "SLES",
    "almalinux": "AlmaLinux",
    "rhel-": "RHEL",
    "debian-": "Debian",
    "windows_server": "Windows Server",
    "amzn-ec2-macos": "macOS",
}


def label(image_name: str, platform: str) -> str:
    """Return what an image is called among people; its platform where its name is not known."""
    name = image_name.lower()
    found = next((words for start, words in LABELS.items() if name.startswith(start)), "")
    return found or {"windows": "Windows", "macos": "macOS", "linux": "Linux"}.get(platform, platform)


# The user that EC2 Instance Connect and ssh reach, by what the name of the image begins with.
USERS = {
    "ubuntu": "ubuntu",
    "debian-": "admin",
    "fedora-": "fedora",
    "centos": "centos",
    "rocky-": "rocky",
}


def login_user(image: Image | None) -> str:
    """Return the user that the image lets in by ssh; ec2-user where nothing says otherwise."""
    name = image.name.lower() if image else ""
    return next((user for start, user in USERS.items() if name.startswith(start)), "ec2-user")
