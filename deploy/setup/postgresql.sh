#!/bin/sh
# See that PostgreSQL's server programs are on this machine.  Nothing is started here: the tests start private servers.
set -eu

for program in initdb /usr/lib/postgresql/*/bin/initdb; do
    if command -v "$program" >/dev/null 2>&1; then exit 0; fi
done
sh "$(dirname "$0")/debian-install.sh" "PostgreSQL, which the tests start on private ports," postgresql
