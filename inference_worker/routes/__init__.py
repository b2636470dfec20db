"""Routes by subject; each module has `router(worker)`."""
