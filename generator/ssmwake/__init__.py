"""Render, lint and publish what wakes a sleeping SSM agent: cloud-init user data and SSM documents."""

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ssmwake.api import doctor, document, execute, lint, plan, user_data
    from ssmwake.aws.client import Refused
    from ssmwake.model import Invalid

__version__ = "0.1.0"

__all__ = ["Invalid", "Refused", "doctor", "document", "execute", "lint", "plan", "user_data"]


def __getattr__(name: str) -> Any:
    # Not imported before they are asked for: every verb of the command line imports this module.
    if name == "lint":
        import ssmwake.lint

        return ssmwake.lint
    if name == "Invalid":
        from ssmwake.model import Invalid

        return Invalid
    if name == "Refused":
        from ssmwake.aws.client import Refused

        return Refused
    if name in __all__:
        from ssmwake import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Lint(ModuleType):
    """The room of lint, which can be called too, as `ssmwake.lint(...)`."""

    def __call__(self, *arguments: Any, **settings: Any) -> Any:
        from ssmwake import api

        return api.lint(*arguments, **settings)


class _Package(ModuleType):
    """This package: importing a module of lint binds the room to the name that is also a function of the API."""

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "lint" and isinstance(value, ModuleType):
            value.__class__ = _Lint
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
