"""Code of others that is told of conversations, and may add to their metadata (docs/plugins.md).

What a plugin needs is here; the rest of the package finds plugins and calls them.
"""

from conversations.caller import Caller
from conversations.plugins.specs import Conversation, Event, Metadata, Patch, hookimpl

__all__ = ["Caller", "Conversation", "Event", "Metadata", "Patch", "hookimpl"]
