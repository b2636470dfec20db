"""Pages of features and sources as files that open from disk: no server, no network, no script.

They show what the site's pages show, made from the same displays and drawn with the same style sheets.
"""
