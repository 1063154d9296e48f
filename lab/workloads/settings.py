"""What a workload is told by its environment, read once at start."""

import os
import re
from collections.abc import Mapping
from pathlib import Path


class SettingError(Exception):
    """A setting is missing or cannot be used; the message names the variable and what to write instead."""


class Settings:
    """Typed reading of environment variables."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment

    def text(self, name: str, default: str | None = None) -> str:
        """The value of `name`; empty counts as missing."""
        value = self._environment.get(name) or default
        if value is None:
            raise SettingError(f"{name} is not set")
        return value

    def optional(self, name: str) -> str | None:
        return self._environment.get(name) or None

    def number(self, name: str, default: float, *, minimum: float = 0.0) -> float:
        """`name` as a number that is at least `minimum`."""
        value = self._environment.get(name)
        if not value:
            return default
        try:
            number = float(value)
        except ValueError:
            raise SettingError(f"{name} must be a number, not {value!r}") from None
        if not number >= minimum:
            raise SettingError(f"{name} must be at least {minimum:g}, not {value}")
        return number

    def count(self, name: str, default: int, *, minimum: int = 0) -> int:
        """`name` as a whole number that is at least `minimum`."""
        number = self.number(name, default, minimum=minimum)
        if number != int(number):
            raise SettingError(f"{name} must be a whole number, not {number:g}")
        return int(number)

    def mount(self, mount_path: str) -> Path:
        """Directory that the volume mounted at `mount_path` has on this machine."""
        name = mount_variable(mount_path)
        value = self._environment.get(name)
        if not value:
            raise SettingError(f"{name} is not set: mount a volume at {mount_path}")
        return Path(value)

    def service_url(self, name: str, scheme: str = "http") -> str:
        """Base URL of the Service `name` of this namespace, from the variables that Kubernetes sets for it."""
        prefix = name.upper().replace("-", "_")
        host, port = self.optional(f"{prefix}_SERVICE_HOST"), self.optional(f"{prefix}_SERVICE_PORT")
        if not host or not port:
            raise SettingError(
                f"{prefix}_SERVICE_HOST and {prefix}_SERVICE_PORT are not set: create Service {name} before this pod"
            )
        return f"{scheme}://{host}:{port}"


def mount_variable(mount_path: str) -> str:
    """Name of the variable that says where the volume of `mount_path` is: /etc/tls -> MOUNT_ETC_TLS."""
    return "MOUNT_" + re.sub(r"[^A-Za-z0-9]", "_", mount_path).lstrip("_").upper()
