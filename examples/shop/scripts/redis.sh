#!/bin/sh
# Runs Redis on $PORT of 127.0.0.1; every change is appended to a file in a data folder of its own.
set -eu
: "${PORT:?must be set to the port to listen on}"
if ! command -v redis-server >/dev/null; then
  echo "error: Redis is not installed; on Debian: apt-get install redis-server" >&2
  exit 127
fi
data=${SHOP_DATA:-$PWD/.data}/redis
mkdir -p "$data"
exec redis-server --port "$PORT" --bind 127.0.0.1 --dir "$data" --appendonly yes --save '' \
  --daemonize no
