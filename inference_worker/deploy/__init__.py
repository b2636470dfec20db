"""The worker on more than one machine: several models behind one address, and replicas by Ray Serve."""
