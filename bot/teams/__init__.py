"""Microsoft Teams: answers as Adaptive Cards."""
