#!/bin/sh
# The demo's application: says which versions it runs with, and waits.
trap 'exit 0' TERM
dpkg-query --show --showformat='${Package} ${Version}\n' perl-base libssl3 liblzma5 libpcre2-8-0 2>/dev/null
echo serving
while :; do sleep 1 & wait $!; done
