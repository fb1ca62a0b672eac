"""What the SDK is told: options in code, then the environment, then defaults. Wrong ones are warned about, never raised."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any, Callable, Dict, Mapping, Optional
from urllib.parse import urlsplit

from ._log import warn, warn_once

DEFAULT_ENDPOINT = "http://127.0.0.1:4100"

#: Called with plain JSON data and what it is: ``"input"``, ``"output"`` or an event's ``"properties"``; its answer is sent.
Mask = Callable[[Any, str], Any]

_NUMBERS: Dict[str, float] = {
    "max_queue_size": 2048,
    "max_batch_size": 512,
    "flush_interval": 5.0,
    "request_timeout": 10.0,
    "max_retries": 5,
    "shutdown_timeout": 5.0,
}
_WHOLE = ("max_queue_size", "max_batch_size", "max_retries")
_LEAST = {"max_queue_size": 1, "max_batch_size": 1, "request_timeout": 0.001}


@dataclass(frozen=True)
class Settings:
    """All options with their values."""

    api_key: str
    endpoint: str
    disabled: bool
    debug: bool
    capture_content: bool
    mask: Optional[Mask]
    mode: str
    max_queue_size: int
    max_batch_size: int
    flush_interval: float
    request_timeout: float
    max_retries: int
    shutdown_timeout: float

    @property
    def is_recording(self) -> bool:
        return bool(self.api_key and self.endpoint) and not self.disabled


def read_settings(given: Mapping[str, Any], environ: Optional[Mapping[str, str]] = None) -> Settings:
    """Settings from options, of which None means not given."""
    env = os.environ if environ is None else environ
    disabled = _read_flag(given, env, "disabled", False)
    settings = Settings(
        api_key=_read_text(given, env, "api_key", ""),
        endpoint=_read_endpoint(_read_text(given, env, "endpoint", DEFAULT_ENDPOINT)),
        disabled=disabled,
        debug=_read_flag(given, env, "debug", False),
        capture_content=_read_flag(given, env, "capture_content", True),
        mask=given.get("mask"),
        mode=_read_mode(given.get("mode")),
        **{name: _read_number(given, name) for name in _NUMBERS},
    )
    if not settings.api_key and not disabled:
        warn_once(
            "no key", "no API key (api_key or COGNOBSERVE_API_KEY): nothing is recorded or sent"
        )
    return settings


def _read_text(given: Mapping[str, Any], env: Mapping[str, str], name: str, default: str) -> str:
    value = given.get(name)
    if value is None:
        value = env.get(f"COGNOBSERVE_{name.upper()}", "").strip() or default
    return str(value).strip()


def _read_flag(given: Mapping[str, Any], env: Mapping[str, str], name: str, default: bool) -> bool:
    value = given.get(name)
    if value is not None:
        return bool(value)
    text = env.get(f"COGNOBSERVE_{name.upper()}", "").strip().lower()
    return text in ("true", "1", "yes", "on") if text else default


def _read_number(given: Mapping[str, Any], name: str) -> Any:
    value, default = given.get(name), _NUMBERS[name]
    whole = int if name in _WHOLE else float
    if value is None:
        return whole(default)
    try:
        number = whole(value)
        if number >= _LEAST.get(name, 0) and number == number:
            return number
    except (TypeError, ValueError, OverflowError):
        pass
    warn(f"{name} is no usable number; {default:g} is used")
    return whole(default)


def _read_mode(value: Any) -> str:
    if value in (None, "batch", "immediate"):
        return value or "batch"
    warn('mode is neither "batch" nor "immediate"; "batch" is used')
    return "batch"


def _read_endpoint(text: str) -> str:
    """Without the slash at its end; empty if it cannot be used."""
    try:
        parts = urlsplit(text)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return text.split("?")[0].split("#")[0].rstrip("/")
    except ValueError:
        pass
    warn("the endpoint is no http or https address: nothing is recorded or sent")
    return ""


def show_address(text: str) -> str:
    """An endpoint without the user and password that it may name."""
    scheme, _, rest = text.partition("://")
    place, slash, path = rest.partition("/")
    before, at, host = place.rpartition("@")
    return f"{scheme}://{'***' if at else ''}{at}{host}{slash}{path}"
