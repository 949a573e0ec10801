"""The front ends: command line, interactive terminal and Telegram. They render what `retrieval` answers."""
