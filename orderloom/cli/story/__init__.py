"""
The story that ``orderloom demo`` plays: scenes, the stage they are played on, and what has to come of them.

``native/`` holds what is sent; ``rules/`` what the shipped rules lack: more phones, voice and television.
"""
