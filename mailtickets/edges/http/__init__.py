"""HTTP for those who run the desk: is it well, its figures, the status page.

Without the table `[http]` nothing of this is imported.
"""
