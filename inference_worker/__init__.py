"""The inference worker: model, SAEs, steering and dashboards in a process of their own."""
