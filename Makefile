# make run    the demo, on http://127.0.0.1:8080
# make test   every test, on SQLite and on PostgreSQL
# make prove  the same with full counts and fresh seeds
# make schema write schema.graphql anew

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.PHONY: run test prove schema web check test-rust test-http test-oracle

PYTHON ?= python3
POSTGRES := $(CURDIR)/target/postgres

run: web
	cargo build --release --bin faelled
	mkdir -p var
	FAELLED_SERVER__DEMO=true exec target/release/faelled serve

web: web/dist/index.html

web/dist/index.html: web/package-lock.json $(shell find web -type f -not -path 'web/node_modules/*' -not -path 'web/dist/*' 2>/dev/null)
	cd web
	npm ci --no-audit --no-fund --loglevel=error
	npm run build

schema:
	cargo run --quiet --bin faelled -- schema > schema.graphql

test: check test-rust test-http test-oracle

# Formatting, lints, documentation, licences.
check: web
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked --quiet
	$(PYTHON) tests/licences.py

# Unit tests; the record, the API and the process (a killed one, too) on both databases.
test-rust: web
	cargo build --locked --bin faelled
	eval "$$(tests/postgres.sh start $(POSTGRES) | sed 's/^/export /')"
	trap 'tests/postgres.sh stop $(POSTGRES)' EXIT
	cargo test --workspace --locked

# The transports and pages, judged by other people's clients.
test-http: web
	cargo build --bin faelled --locked
	tests/http.sh target/debug/faelled

# The engine, judged by a second reading of docs/MATCHING.md.
test-oracle:
	cargo build --bin faelled --locked
	tests/oracle.sh target/debug/faelled

prove: export FAELLED_PROVE = 1
prove: test
