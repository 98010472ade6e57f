# The two commands are `make demo` and `make test`.
.DELETE_ON_ERROR:
.PHONY: demo build test lint deny bench fuzz soak clean

demo: build
	rm -rf demo-out
	target/release/sealwright demo --out demo-out

build:
	scripts/install.sh run
	cargo build --release --locked

test:
	scripts/install.sh test
	scripts/test.sh

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --features failpoints --locked -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --locked --quiet

# Licences, sources and banned crates; the advisory database needs a network, see deny.toml.
deny:
	command -v cargo-deny >/dev/null || cargo install --locked --quiet cargo-deny
	cargo fetch --locked --quiet
	cargo deny --offline check bans licenses sources

bench: build
	scripts/install.sh test
	cargo bench --locked

# A minute for each of the targets that read documents.
fuzz:
	scripts/install.sh fuzz
	SECONDS_EACH=60 scripts/soak.sh seal raw pdf difference ofd ses cms timestamp certificate crl ocsp

# Long runs of every fuzz target, not part of `make test`.
soak:
	scripts/install.sh fuzz
	scripts/soak.sh

clean:
	scripts/postgres.sh stop
	rm -rf target demo-out .venv
