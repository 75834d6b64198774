#!/bin/sh
# See that RabbitMQ is on this machine.  Nothing is started here: the tests and `make hub` start private nodes.
set -eu

for program in rabbitmq-server /usr/sbin/rabbitmq-server /usr/lib/rabbitmq/bin/rabbitmq-server; do
    if command -v "$program" >/dev/null 2>&1; then exit 0; fi
done
sh "$(dirname "$0")/debian-install.sh" "RabbitMQ, which the tests start on private ports," rabbitmq-server
