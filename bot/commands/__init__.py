"""One module a command; each has a `command` that `bot.cli` finds by the module's name."""
