"""End users: what the app says of them, made into one shape. Whose a call is, is decided in ``_scope``."""

from __future__ import annotations

import collections.abc
import json
from typing import Any, Dict, Mapping, Optional, TypedDict, Union, cast

from ._encoding import encode
from ._log import note_fault, warn_once


class _UserId(TypedDict):
    id: Union[str, int]


class User(_UserId, total=False):
    """A user: ``id``, and if you like ``name`` and ``email``. Any other key is an attribute, such as ``plan``."""

    name: Optional[str]
    email: Optional[str]


#: What is accepted where a user is named: an id, a mapping with ``id``, or None for nobody.
UserLike = Union[str, int, User, Mapping[str, Any], None]

_MOST_PROFILE_BYTES = 64 * 1024


class Person:
    """A user as it is sent. ``id`` is None for nobody; ``profile`` is None if only the id is known."""

    __slots__ = ("id", "profile", "wire")

    def __init__(self, id: Optional[str], profile: Optional[Dict[str, Any]] = None) -> None:
        self.id = id
        self.profile = profile
        self.wire: Optional[bytes] = None
        if id is not None and profile:
            self.wire = encode({"id": id, **profile}, _MOST_PROFILE_BYTES)

    def show(self) -> Optional[User]:
        """The user as the app would write it."""
        if self.id is None:
            return None
        return cast(User, {"id": self.id, **(self.profile or {})})


NOBODY = Person(None)


def read_id(value: Any) -> Optional[str]:
    """An id as text; None for what names nobody."""
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    try:
        text = str(value) if isinstance(value, (str, int)) or _has_own_text(value) else ""
    except Exception as error:
        note_fault("id", error)
        return None
    return text if text.strip() else None


def _has_own_text(value: Any) -> bool:
    """UUIDs, ObjectIds and their like say who they are; the text of a plain object says where it lies."""
    if isinstance(value, (collections.abc.Mapping, list, tuple, set, bytes, float)):
        return False
    own: Any = type(value).__str__
    return own is not object.__str__


def read_person(user: Any, user_id: Any = None) -> Optional[Person]:
    """Whom ``user`` and ``user_id`` name; None if neither names anybody."""
    named = read_id(user_id)
    profile: Optional[Dict[str, Any]] = None
    if isinstance(user, collections.abc.Mapping):
        inner = read_id(user.get("id"))
        if named is not None and inner is not None and inner != named:
            warn_once(
                "two users", "user_id and user['id'] differ: user_id holds, the profile is left out"
            )
        else:
            named = named if named is not None else inner
            profile = {str(key): value for key, value in user.items() if key != "id"}
            if named is None:
                warn_once("no user id", "a user without an id was given: it names nobody")
    elif named is None:
        named = read_id(user)
    if named is None:
        return None
    return Person(named, _copy(profile) if profile else None)


def _copy(profile: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    """Plain data, so that what the app changes later is not sent as what it was."""
    plain = json.loads(encode(profile, _MOST_PROFILE_BYTES))
    return plain if isinstance(plain, dict) else None


def merge(user: UserLike, attributes: Mapping[str, Any]) -> UserLike:
    """A user with attributes given as keywords."""
    if not attributes:
        return user
    if user is None:
        return None
    known: Mapping[str, Any] = user if isinstance(user, collections.abc.Mapping) else {"id": user}
    return dict(known, **attributes)
