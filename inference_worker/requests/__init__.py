"""What each kind of request means: from the wire's types to the engine and back. Runs in the model's thread."""
