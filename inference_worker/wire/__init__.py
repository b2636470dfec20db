"""What goes over the wire between the site and the inference worker: types only, nothing that runs.

Requests accept camelCase and snake_case; answers are written in camelCase. Field names follow the
published reference inference server.
"""
