#!/bin/sh
# Whether Redis answers on $PORT, and has read its file: until then it answers with an error, and
# `redis-cli` exits with 0 all the same.
answer=$(redis-cli -h 127.0.0.1 -p "$PORT" ping) || exit 1
echo "$answer"
[ "$answer" = PONG ]
