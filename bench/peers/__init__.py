"""What the service is measured against: the same API in other people's usual way, and a floor."""
