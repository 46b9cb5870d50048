#!/bin/sh
# Makes the namespace and the search attributes that Sluice uses. Runs at every `docker compose up`
# and may run again after any failure: what is there already counts as done.
set -eu

: "${TEMPORAL_ADDRESS:?}" "${TEMPORAL_NAMESPACE:?}"
retention=${TEMPORAL_RETENTION:-7d}
attempts=${ATTEMPTS:-60}
pause=${PAUSE_SECONDS:-2}

# Runs "$@" until it succeeds. The server answers some seconds before all of its parts do.
patiently() {
  attempt=1
  until "$@"; do
    if [ "$attempt" -ge "$attempts" ]; then
      echo "Gave up after $attempts attempts: $*" >&2
      exit 1
    fi
    attempt=$((attempt + 1))
    sleep "$pause"
  done
}

# The `temporal` command reads TEMPORAL_ADDRESS by itself. It reads TEMPORAL_NAMESPACE too, but not
# where a namespace is made.
namespace() {
  temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$retention"
}

attributes() {
  temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" \
    --name SluiceTarget --type Keyword \
    --name SluiceSource --type Keyword
}

patiently temporal operator cluster health
patiently namespace
patiently attributes
echo "The namespace $TEMPORAL_NAMESPACE is ready."
