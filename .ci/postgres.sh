# Starts Debian's PostgreSQL on a free port of this machine, for as long as the script that reads this file runs. Sets
# CMKIT_TEST_POSTGRES to its URL.
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || { apt-get update -q && apt-get install -q -y postgresql; }
postgres_bin=$(ls -d /usr/lib/postgresql/*/bin | sort -V | tail -1)
postgres_dir=$(mktemp -d)
# As root, PostgreSQL runs as the user that its package has made.
as_postgres() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
[ "$(id -u)" != 0 ] || chown postgres "$postgres_dir"
postgres_port=$(node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })')
as_postgres "$postgres_bin/initdb" -D "$postgres_dir/data" -U postgres -A trust -E UTF8 --locale=C >/dev/null
as_postgres "$postgres_bin/pg_ctl" -D "$postgres_dir/data" -w -l "$postgres_dir/log" \
  -o "-p $postgres_port -k $postgres_dir -c listen_addresses=127.0.0.1" start >/dev/null
stop_postgres() { as_postgres "$postgres_bin/pg_ctl" -D "$postgres_dir/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$postgres_dir"; }
export CMKIT_TEST_POSTGRES="postgres://postgres@127.0.0.1:$postgres_port/postgres"
