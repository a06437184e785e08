#!/usr/bin/env bash
# The tests without browser, load and the exhaustive ones, against a throw-away server of Debian's packages.
set -euo pipefail
cd "$(dirname "$0")/.."

bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1 || true)
if [ ! -x "${bin:-}/initdb" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "… 安装 Debian 的 PostgreSQL"
  (apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends postgresql) >/dev/null
  bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
fi
if [ ! -x "${bin:-}/initdb" ]; then
  echo "需要 Debian 的 PostgreSQL，请运行：sudo apt-get install --yes postgresql" >&2
  exit 2
fi

home=$(mktemp -d /tmp/yiwang-pg.XXXXXX)
as() { if [ "$(id -u)" = 0 ]; then chown -R nobody "$home"; setpriv --reuid=nobody --clear-groups "$@"; else "$@"; fi; }
stop() { as "$bin/pg_ctl" -D "$home/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$home"; }
trap stop EXIT

as "$bin/initdb" -D "$home/data" -U app -E UTF8 --locale=C.UTF-8 --auth=trust >/dev/null
cat >> "$home/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$home'
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 100
timezone = 'Asia/Shanghai'
CONF
as "$bin/pg_ctl" -D "$home/data" -l "$home/log" -w start >/dev/null
"$bin/psql" -q -h "$home" -U app -d postgres -c "CREATE ROLE yiwang_owner LOGIN CREATEDB" -c "CREATE ROLE yiwang_web LOGIN" -c "GRANT yiwang_web TO yiwang_owner" -c "CREATE DATABASE yiwang OWNER yiwang_owner"
echo "PostgreSQL $("$bin/postgres" --version | cut -d' ' -f3)"
YIWANG_TEST_URL="postgresql://yiwang_owner@${home//\//%2F}:5432/yiwang" \
  .venv/bin/pytest -q -n "${JOBS:-2}" --dist loadgroup --no-loadscope-reorder -m "not browser and not load and not thorough" "$@"
