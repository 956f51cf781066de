"""What ends a process of a cluster.

Exception
└── RoleError           it cannot do its work
    └── SettingError    a setting is missing or cannot be used
"""

from __future__ import annotations


class RoleError(Exception):
    """A process of a cluster cannot do its work; the message says why and what to do."""


class SettingError(RoleError):
    """Something that is needed was not set, or cannot be used; the message names it."""
