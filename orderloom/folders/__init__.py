"""
Drop folders: files of any length in, acknowledgements and status files out.

:mod:`.poll` finds files, :mod:`.work` takes them through the engine chunk by chunk, :mod:`.broker` writes
what is told.  Why it is so: docs/decisions/folders.md.
"""
