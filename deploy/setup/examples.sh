#!/bin/sh
# See that what the examples in other languages need is on this machine.
set -eu

missing=
command -v node >/dev/null 2>&1 || missing="nodejs"
command -v npm >/dev/null 2>&1 || missing="$missing npm"
command -v cc >/dev/null 2>&1 || missing="$missing gcc libc6-dev"
[ -e /usr/include/amqp.h ] || missing="$missing librabbitmq-dev"
[ -n "$missing" ] || exit 0
# shellcheck disable=SC2086 -- a list of packages
sh "$(dirname "$0")/debian-install.sh" "The examples in JavaScript and C, which the tests run," $missing
