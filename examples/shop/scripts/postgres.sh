#!/bin/sh
# Runs PostgreSQL on $PORT of 127.0.0.1, with a data folder of its own that the first start creates.
#
# The server refuses to run as root. As root this script hands it to an unprivileged user instead
# (`postgres` where there is one, else `nobody`; SHOP_USER names another). That user may be barred
# from this folder, as anything below a 0700 home is; the data then goes to /var/tmp, in a folder that
# only that user can open. SHOP_DATA names another place.
set -eu
: "${PORT:?must be set to the port to listen on}"
: "${DB_PASSWORD:?must be set to the password of the database user}"
. "$(dirname "$0")/find-postgres.sh"

fail() {
  echo "error: $*" >&2
  exit 1
}

data=${SHOP_DATA:-$PWD/.data}/postgres
unprivileged=
if [ "$(id -u)" = 0 ]; then
  user=${SHOP_USER:-postgres}
  id -u "$user" >/dev/null 2>&1 || user=nobody
  unprivileged="setpriv --reuid=$(id -u "$user") --regid=$(id -g "$user") --clear-groups --"
fi

# With root's rights the folder is made here and given to that user; otherwise it is the caller's own.
mkdir -p "$(dirname "$data")"
[ -d "$data" ] || mkdir -m 700 "$data"
if [ -n "$unprivileged" ]; then
  if ! $unprivileged test -x "$(dirname "$data")"; then
    rmdir "$data" 2>/dev/null || true
    data=/var/tmp/forge-shop-$(printf %s "$data" | cksum | cut -d ' ' -f 1)
    echo "user $user cannot enter this folder; the data is kept in $data"
    [ -d "$data" ] || mkdir -m 700 "$data"
  fi
  # A folder in /var/tmp could have been put there by anybody; only ours is taken.
  [ ! -L "$data" ] || fail "$data is a symbolic link; remove it, or set SHOP_DATA to another folder"
  case $(stat -c %u "$data") in
    0) chown "$user" "$data" ;;
    "$(id -u "$user")") ;;
    *) fail "$data belongs to another user; remove it, or set SHOP_DATA to another folder" ;;
  esac
elif [ ! -O "$data" ]; then
  fail "$data belongs to another user; remove it, or set SHOP_DATA to another folder"
fi
cd "$data" 2>/dev/null || fail "cannot enter $data"

# The new cluster gets its name when it is whole, so that a first start that was cut off is no trouble.
if [ ! -d cluster ]; then
  echo "creating a database cluster in $data"
  rm -rf new password
  (umask 077 && printf '%s\n' "$DB_PASSWORD" >password)
  [ -z "$unprivileged" ] || chown "$user" password
  $unprivileged "$postgres_bin/initdb" --pgdata=new --username=shop --pwfile=password \
    --auth=scram-sha-256 --encoding=UTF8 --no-locale >initdb.log 2>&1 ||
    { cat initdb.log >&2; fail "initdb failed"; }
  rm -f password
  mv new cluster
fi

# No Unix socket: its path would be too long in a deep folder. The options are for small machines.
exec $unprivileged "$postgres_bin/postgres" -D cluster -p "$PORT" \
  -c listen_addresses=127.0.0.1 -c unix_socket_directories= \
  -c max_connections=40 -c shared_buffers=32MB -c logging_collector=off
