"""People: who asks, what they may do, how they sign in, and their keys."""
