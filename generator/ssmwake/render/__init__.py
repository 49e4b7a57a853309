"""Render artifacts: a config and the user's own user data in, files out, the same bytes for the same input.

templates/<room>/<name>.j2 becomes <room>/<name>. Two rooms are made in Python: the runtime is joined from shell, and
user data is merged with what the user has. An SSM document that is rendered as YAML gets a twin in JSON.
"""

import dataclasses
from collections.abc import Sequence

from ssmwake.cloud_init.parts import Part
from ssmwake.model import Artifact, Config, UserDataFormat
from ssmwake.render.runtime import runtime
from ssmwake.render.user_data import user_data

__all__ = ["Rendering", "render", "runtime", "user_data"]

SUMS = "SHA256SUMS"
RUNTIME = "runtime/ssmwake.sh"
# What is published.
DOCUMENTS = ("ssm/command.yaml", "ssm/automation.yaml")
USER_DATA = {
    "user-data/cloud-config.yaml": UserDataFormat.CLOUD_CONFIG,
    "user-data/script.sh": UserDataFormat.SCRIPT,
    "user-data/multipart.txt": UserDataFormat.MULTIPART,
}


def render(config: Config, parts: Sequence[Part] = ()) -> tuple[Artifact, ...]:
    """Return every artifact of the config, sorted by path, the checksums first."""
    return Rendering(config, parts).all()


class Rendering:
    """The artifacts of one config, each rendered when it is first asked for."""

    def __init__(self, config: Config, parts: Sequence[Part] = ()) -> None:
        self.config = config
        self.parts = tuple(parts)
        self._texts: dict[str, str] = {}

    def all(self) -> tuple[Artifact, ...]:
        """Return every artifact, the checksums included."""
        import hashlib

        artifacts = [Artifact(path, self.text(path)) for path in self.paths()]
        sums = [f"{hashlib.sha256(artifact.text.encode()).hexdigest()}  {artifact.path}\n" for artifact in artifacts]
        return (Artifact(SUMS, "".join(sums)), *artifacts)

    def paths(self) -> tuple[str, ...]:
        """Return the path of every artifact but the checksums."""
        from ssmwake.render import templates

        found = templates.paths()
        twins = [twin for path in found if (twin := _twin(path)) != path]
        return tuple(sorted({RUNTIME, *filter(self._is_what_it_says, USER_DATA), *found, *twins}))

    def _is_what_it_says(self, path: str) -> bool:
        # With parts of the user's own, a script or a cloud-config may have become a multipart.
        if not self.parts:
            return True
        return USER_DATA[path] is UserDataFormat.MULTIPART or not self.text(path).startswith("Content-Type:")

    def documents(self) -> tuple[Artifact, ...]:
        """Return the SSM documents, as they are published."""
        return tuple(Artifact(path, self.text(path)) for path in DOCUMENTS)

    def user_data(self) -> str:
        """Return the user data in the format of the config."""
        return user_data(self.config, self.parts)

    def launch_template_user_data(self, existing: bytes, name: str, *, replaces: bool = False) -> bytes:
        """Return the user data of a launch template whose version has `existing` user data; raise Invalid."""
        from ssmwake.render.launch_template import launch_template_user_data

        return launch_template_user_data(self.config, self.parts, existing, name, replaces=replaces)

    def text(self, path: str) -> str:
        """Return the text of one artifact."""
        if path not in self._texts:
            self._texts[path] = self._rendered(path)
        return self._texts[path]

    def _rendered(self, path: str) -> str:
        if path == RUNTIME:
            return runtime()
        if output_format := USER_DATA.get(path):
            settings = dataclasses.replace(self.config.user_data, format=output_format)
            return user_data(dataclasses.replace(self.config, user_data=settings), self.parts)
        if path.startswith("ssm/") and path.endswith(".json"):
            import json

            import yaml

            return json.dumps(yaml.safe_load(self.text(path.removesuffix("json") + "yaml")), indent=2) + "\n"
        from ssmwake.render.templates import render_template

        return render_template(path, self.config, self.text, self.parts)


def _twin(path: str) -> str:
    return path.removesuffix("yaml") + "json" if path.startswith("ssm/") and path.endswith(".yaml") else path
