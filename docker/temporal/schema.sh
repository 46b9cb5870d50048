#!/bin/sh
# Creates Temporal's two databases, or brings their schemas up to this version. Runs at every
# `docker compose up`: each step finds out by itself that its work is done.
set -eu

: "${POSTGRES_SEEDS:?}" "${POSTGRES_USER:?}" "${SQL_PASSWORD:?}"
port=${DB_PORT:-5432}
schemas=${TEMPORAL_SCHEMAS:-/etc/temporal/schema/postgresql/v12}

# The tool prints each statement; that is worth reading only where one failed.
sql() {
  output=$(
    temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_SEEDS" -p "$port" -u "$POSTGRES_USER" "$@" 2>&1
  ) || {
    echo "$output" >&2
    exit 1
  }
}

prepare() {
  sql --db "$1" create
  sql --db "$1" setup-schema -v 0.0
  sql --db "$1" update-schema -d "$schemas/$2/versioned"
  echo "The schema of the database $1 is up to date."
}

prepare temporal temporal
prepare temporal_visibility visibility
