"""The types of the settings that the Python API takes; docs/configuration.md says what each setting does."""

import os
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Literal, TypedDict

# In seconds, as a duration, or as ssmwake.yaml has it: 90, timedelta(seconds=90), "90s".
Time = int | str | timedelta
# User data of one's own: bytes, text, or the path of a file.
UserData = bytes | str | os.PathLike[str]


class Settings(TypedDict, total=False):
    """What user data and the documents are rendered from; docs/configuration.md says what each setting does."""

    role: str
    timeout: Time
    poll: Time
    poll_healthy: Time
    restart_after: Sequence[Time]
    instance_connect: bool
    on_ready: Sequence[str]


class UserDataKeywords(Settings, total=False):
    """Those of user data besides."""

    format: Literal["cloud-config", "script", "multipart"]
    foreground: bool
    strict: bool


class DocumentKeywords(TypedDict, total=False):
    """How the documents are published."""

    command_name: str
    automation_name: str
    tags: Mapping[str, str]
    share_with: Sequence[str]
    keep_versions: int


class LaunchTemplateKeywords(TypedDict, total=False):
    """What becomes of a launch template."""

    base: Literal["default", "latest"]
    promote: bool
    user_data: Literal["merge", "replace"]


class PublishKeywords(TypedDict, total=False):
    """Where to publish; launch templates go by id or name."""

    regions: Sequence[str]
    accounts: Sequence[str]
    external_id: str
    external_ids: Mapping[str, str]
    launch_templates: Mapping[str, LaunchTemplateKeywords]


class PlanSettings(UserDataKeywords, total=False):
    """Everything that a plan is made from."""

    documents: DocumentKeywords
    publish: PublishKeywords
