#!/bin/sh
# Whether PostgreSQL accepts connections on $PORT. Calls the program itself: Debian's `pg_isready` in
# PATH is a Perl script around it, too slow to ask five times a second.
set -eu
. "$(dirname "$0")/find-postgres.sh"
exec "$postgres_bin/pg_isready" -h 127.0.0.1 -p "$PORT"
