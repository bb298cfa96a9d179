from conversations.models.conversation import Conversation

__all__ = ["Conversation"]
