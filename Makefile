# CognObserve. `make run` serves it, `make test` proves it. Everything stays on this machine.
.DEFAULT_GOAL := help
SHELL := /bin/bash
TARGET := $(or $(CARGO_TARGET_DIR),target)
SPANS ?= 1000000
SECONDS_EACH ?= 60

.PHONY: help run demo test check fmt story browser bench soak fuzz setup

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-7s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## build and serve on http://127.0.0.1:4100, data in ./cognobserve-data
	@scripts/setup.sh compiler
	cargo build --release --locked -p cognobserve
	@exec $(TARGET)/release/cognobserve serve

demo: ## the same on a temporary directory with some weeks of made-up data
	@scripts/setup.sh compiler
	cargo build --release --locked -p cognobserve
	@exec $(TARGET)/release/cognobserve demo

test: ## everything a change must pass; installs what is missing and says so
	@scripts/test.sh

check: ## the quick look: format, lints, unit tests of the crates
	cargo fmt --all --check && cargo fmt --manifest-path sdks/rust/Cargo.toml --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	cargo test --workspace --exclude cognobserve-tests --locked --quiet

fmt: ## format all Rust sources
	cargo fmt --all && cargo fmt --manifest-path sdks/rust/Cargo.toml

story: ## only the tests that start the real server; NAME=word picks some
	@scripts/setup.sh compiler python databases
	cargo build --workspace --bins --locked
	COGNOBSERVE_TEST_BIN="$$(realpath $(TARGET))/debug/cognobserve" cargo test -p cognobserve-tests --locked -- $(NAME)

browser: ## only the tests of the pages in Chromium; NAME=word picks some
	@scripts/setup.sh compiler browser
	cargo build --locked -p cognobserve
	COGNOBSERVE_TEST_BIN="$$(realpath $(TARGET))/debug/cognobserve" tests/browser/run.sh $(NAME)

bench: ## print the table of docs/performance.md (SPANS=10000000 for the long version)
	@scripts/setup.sh compiler
	cargo build --release --locked -p cognobserve -p cognobserve-bench
	$(TARGET)/release/cognobserve-bench --spans $(SPANS)
	cargo bench --locked -p cognobserve-telemetry --bench track

soak: ## the long versions of the story tests: more kills, more users, more fuzzing
	@scripts/setup.sh compiler python databases
	cargo build --release --workspace --bins --locked
	COGNOBSERVE_TEST_BIN="$$(realpath $(TARGET))/release/cognobserve" COGNOBSERVE_TEST_SIZE=soak \
		cargo test --release -p cognobserve-tests --locked -- --test-threads=1

fuzz: ## fuzz every decoder for SECONDS_EACH seconds (cargo-fuzz)
	@scripts/setup.sh compiler fuzz
	@for target in $$(cargo fuzz list); do \
		echo "== $$target"; \
		RUSTC_BOOTSTRAP=1 cargo fuzz run $$target -- -max_total_time=$(SECONDS_EACH) -max_len=65536 -rss_limit_mb=2048 || exit 1; \
	done

setup: ## only install what `make test` needs
	@scripts/setup.sh compiler python databases browser
