"""The Telegram bot: the same answers as the terminal, on a phone.

`running.run` starts it. An update goes inbox → access → a handler in `handlers` → `answers` → `sending`; what has to
outlive a restart is in `state`.
"""
