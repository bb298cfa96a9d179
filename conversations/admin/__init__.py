"""The admin's pages. Importing this package, as Django does at its start, registers them."""

from conversations.admin import accounts, conversations, switches

__all__ = ["accounts", "conversations", "switches"]
