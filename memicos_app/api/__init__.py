"""The public REST API: one router a subject, each route a few lines over `library`."""
