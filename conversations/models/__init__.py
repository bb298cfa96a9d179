from conversations.models.conversation import Conversation
from conversations.models.oversight import Breaker, ContentView, Job, ParkedEvent

__all__ = ["Breaker", "ContentView", "Conversation", "Job", "ParkedEvent"]
