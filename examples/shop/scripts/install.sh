#!/bin/sh
# Installs the Node packages that package-lock.json pins, unless just these are there already.
set -eu
if ! command -v npm >/dev/null; then
  echo "error: Node.js and npm are not installed; on Debian: apt-get install nodejs npm" >&2
  exit 127
fi
wanted=$(cksum <package-lock.json)
if [ "$(cat node_modules/.installed 2>/dev/null)" = "$wanted" ]; then
  echo "packages are up to date"
  exit 0
fi
echo "installing packages from the npm registry"
npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier
echo "$wanted" >node_modules/.installed
