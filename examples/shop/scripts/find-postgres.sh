# Sourced: sets `postgres_bin` to the folder of PostgreSQL's programs, the server's among them. PATH
# may lead there by links to some of them only. Debian keeps the server out of PATH, in a folder for
# each version; the newest one is taken.
postgres_bin=
for initdb in "$(command -v initdb || true)" \
  $(ls -d /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -t / -k 5,5nr); do
  folder=$(dirname "$(readlink -f "$initdb")")
  if [ -x "$folder/initdb" ] && [ -x "$folder/postgres" ] && [ -x "$folder/pg_isready" ]; then
    postgres_bin=$folder
    break
  fi
done
if [ -z "$postgres_bin" ]; then
  echo "error: PostgreSQL's server is not installed; on Debian: apt-get install postgresql" >&2
  exit 127
fi
