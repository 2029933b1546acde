# Every command a person types. Needs the Rust toolchain, Python 3.11 or newer with venv, a C compiler, and make;
# everything else is installed into .tools, at pinned versions.

STAGE ?= dev
CONFIG = $(if $(filter dev,$(STAGE)),default,$(STAGE))
STACK = $(if $(filter local,$(STAGE)),local,gatehouse-$(STAGE))
E2E_TESTS := cargo test --workspace
E2E_THREADS ?= 1
SOAK_MINUTES ?= 10
SOAK_SEED ?= 1
# Found before the path changes below: a venv can't be renewed by its own interpreter.
PYTHON := $(or $(PYTHON),$(shell command -v python3))

SHELL := /bin/bash
VENV := .tools/venv
TOOLS := $(VENV)/installed
PEERS := .tools/peers/installed
API := .tools/api/installed
API_PYTHON := tests/api/requirements
IDEMPOTENCY := .tools/idempotency/installed
IDEMPOTENCY_PYTHON := benches/idempotency/requirements/powertools
PLOT := .tools/plot/installed
INTEROP := .tools/interop/installed
INTEROP_PYTHON := tests/interop/requirements
PEERS_PYTHON := $(addprefix benches/peers/requirements/,bench cmake libvips opencv)
# What `cargo install` builds, each into a folder of its own that names its version.
DENY := .tools/cargo-deny-0.20.2
MACHETE := .tools/cargo-machete-0.9.2
CYCLONEDX := .tools/cargo-cyclonedx-0.5.9
# The project's own tools first: `sam build` looks for zig beside the first python3 it finds.
export PATH := $(CURDIR)/$(VENV)/bin:$(CURDIR)/$(DENY)/bin:$(CURDIR)/$(MACHETE)/bin:$(CURDIR)/$(CYCLONEDX)/bin:$(PATH)
export PYTHONPATH := $(CURDIR)/tools
export PYTHONDONTWRITEBYTECODE := 1
export SAM_CLI_TELEMETRY := 0

SAM_LINT := sam validate --lint --region us-east-1
STEPS := python3 tools/steps.py
LOCAL := python3 -m gatehouse_local

.DEFAULT_GOAL := help
.PHONY: help setup run demo send flags stop resume test iam soak trace model tool bench bench-function bench-power bench-bids bench-backfill bench-peers bench-idempotency cost check audit sbom reproducible deploy lock clean

help: ## Show this list
	@echo "make TARGET, where TARGET is one of"
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "  %-18s %s\n", $$1, $$2 }'

setup: $(TOOLS) $(DENY)/installed $(MACHETE)/installed ## Install the tools into .tools (the other targets do it by themselves)

run: $(TOOLS) ## Deploy to a local AWS, send the samples through, hold two auctions; stays up until Ctrl-C (SAMPLES=folder for your own)
	@$(LOCAL) run

demo: $(TOOLS) ## The same, then stop; fails unless every sample and every winner comes out right
	@$(LOCAL) demo

send: $(TOOLS) ## Send one photo through the stack that `make run` keeps up: make send PHOTO=me.jpg
	@$(LOCAL) send "$(PHOTO)"

# The end-to-end tests are the ignored ones; with the whole workspace, so that nothing is built twice. Auctions mostly wait for
# their close, so they do that beside the others. The API is compared with its contract on the same local AWS.
test: $(TOOLS) $(API) $(INTEROP) ## Every test: unit, template, decoders, interop, end to end on a local AWS
	@$(STEPS) \
	  "unit tests" "cargo test --workspace" \
	  "template tests" "python3 -m unittest discover -s tests/template" \
	  "tool tests" "python3 -m unittest discover -s tests/tools" \
	  "tests of the soak" "python3 -m unittest discover -s tests/soak" \
	  "tests of the cost" "python3 -m unittest discover -s benches/power" \
	  "decoder tests" "python3 -m unittest discover -s tests/decoders" \
	  "interop tests" ".tools/interop/venv/bin/python -m unittest discover -s tests/interop" \
	  "end-to-end tests" "$(LOCAL) test -- $(STEPS) \
	    'on the local AWS' '$(E2E_TESTS) --tests --no-fail-fast -- --ignored --test-threads=$(E2E_THREADS) --skip deployed_auctions::' \
	    'sizes' 'python3 tools/sizes.py --all' \
	    --beside \
	    'auctions on the local AWS' '$(E2E_TESTS) --test bids_deployed -- --ignored --test-threads=3' \
	    'the API and its contract' '.tools/api/bin/python tests/api' \
	    'what the roles may not do' 'python3 tests/iam denied'"

iam: $(TOOLS) ## Each permission of each role and key: what fails without it (minutes; writes docs/iam.md)
	@$(LOCAL) test -- python3 tests/iam

# On a stack of its own. What is killed are the functions' processes on this stack, found through /proc.
soak: $(TOOLS) tool ## Ten minutes of mixed load with faults on, then a balance: is anything lost? SOAK_MINUTES=1 SOAK_SEED=7
	@GATEHOUSE_FAULTS_SEED=$(SOAK_SEED) SOAK_MINUTES=$(SOAK_MINUTES) $(LOCAL) test -- python3 tests/soak

trace: $(TOOLS) ## One trace of one photo, from its upload to its publication, as JSON with all of its spans (minutes)
	@$(LOCAL) test -- cargo test --quiet --workspace --test tracing from_its_upload -- --ignored --nocapture

model: ## Every state of the protocols, and what breaks without each of their clauses (tests/model); TRACE=text shows how
	@cargo run --quiet --release --package gatehouse-model -- $(if $(TRACE),--trace "$(TRACE)")

tool: ## Build the gatehouse command: target/release/gatehouse, one file that runs on any Linux
	cargo tool

# One after the other, even with -j: they would disturb each other.
bench: ## All of the following
	@$(MAKE) --no-print-directory bench-function
	@$(MAKE) --no-print-directory bench-bids
	@$(MAKE) --no-print-directory bench-backfill
	@$(MAKE) --no-print-directory bench-peers
	@$(MAKE) --no-print-directory bench-idempotency

bench-function: $(TOOLS) ## Cold start, size, memory and time per photo of the function as it ships
	@$(LOCAL) test -- cargo run --quiet --package gatehouse-tests --bin measure

bench-bids: $(TOOLS) ## 2,000 bids by 50 bidders at once on one auction: bids per second, requests and tries per bid (minutes)
	@$(LOCAL) test -- env GATEHOUSE_BIDS_EACH=40 cargo test --quiet --package gatehouse-tests --test auction_race of_the_bids \
	  -- --ignored --nocapture

bench-backfill: $(TOOLS) ## 1,000 photos that lay in the source bucket before, stopped in the middle and resumed (minutes)
	@$(LOCAL) test -- env GATEHOUSE_BACKFILL_OBJECTS=1000 cargo test --quiet --package gatehouse-tests --test backfill \
	  -- --ignored --nocapture

bench-peers: $(PEERS) ## CPU time and memory of redaction beside GraphicsMagick, libvips, OpenCV and others (benches/peers)
	@.tools/peers/venv/bin/python benches/peers/bench

bench-idempotency: $(TOOLS) $(IDEMPOTENCY) ## The idempotency protocol beside Powertools for Python and TypeScript (benches/idempotency)
	@python3 benches/idempotency/bench

# Not part of `bench`: it makes a control group, which takes root.
bench-power: $(TOOLS) $(PLOT) ## Time and price of each function with the processor share of 128 to 3,008 MB (docs/cost.md)
	@mkdir -p .local
	@$(LOCAL) test -- sh -c 'cargo build --quiet --workspace --bin power && target/debug/power > .local/power.json'
	@mv .local/power.json benches/power/measured.json
	@.tools/plot/bin/python benches/power/curve.py
	@$(MAKE) --no-print-directory cost

cost: ## Recompute the tables of docs/cost.md from the prices (benches/power/prices.toml) and the last bench-power
	@$(PYTHON) benches/power/cost.py

check: $(TOOLS) $(DENY)/installed $(MACHETE)/installed ## Format, lints, docs, dependencies, licences, sizes, template
	@$(STEPS) \
	  "format" "cargo fmt --all --check" \
	  "lints" "cargo clippy --workspace --all-targets -- -D warnings" \
	  "docs" "RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps" \
	  "dependencies" "cargo deny check --hide-inclusion-graph licenses bans sources" \
	  "unused dependencies" "cargo machete" \
	  "sizes" "python3 tools/sizes.py" \
	  "template (sam)" "$(SAM_LINT)" \
	  "template (cfn-lint)" "cfn-lint --template template.yaml --append-rules cfn_lint_serverless.rules"

# Not part of `check`: it needs a git repository on another host, which is not always there.
audit: $(DENY)/installed ## Look the dependencies up among known vulnerabilities
	cargo deny check advisories

sbom: $(CYCLONEDX)/installed ## What each function and the tool are made of: CycloneDX files in target/sbom
	@$(PYTHON) tools/sbom.py

reproducible: $(TOOLS) ## Build the functions twice, in two folders, and compare them (long); FUNCTIONS="bid-publish ..." for some
	@python3 tools/reproducible.py $(FUNCTIONS)

# Credentials and region are yours, from the environment or AWS_PROFILE.
deploy: $(TOOLS) ## Deploy to AWS: make deploy STAGE=dev|prod
	sam build --config-env $(CONFIG)
	sam deploy --config-env $(CONFIG)

stop: $(TOOLS) ## Switch all work off, should a loop ever run: make stop STAGE=local|dev|prod
	@python3 tools/switch.py stop $(STACK)

flags: $(TOOLS) ## Show the runtime flags, or throw some: make flags STAGE=local|dev|prod SET="publish=off" (docs/flags.md)
	@python3 tools/flags.py $(STACK) $(SET)

resume: $(TOOLS) ## Switch it on again: make resume STAGE=local|dev|prod
	@python3 tools/switch.py resume $(STACK)

lock: ## Pin requirements.in, with hashes, in requirements.txt; the same for the API tests, the interop tests and the benches
	@$(PYTHON) -m venv .tools/lock
	@.tools/lock/bin/pip install --quiet pip-tools==7.6.2
	@for list in requirements $(API_PYTHON) $(INTEROP_PYTHON) $(PEERS_PYTHON) $(IDEMPOTENCY_PYTHON); do \
	  .tools/lock/bin/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras --no-header \
	    --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file $$list.txt $$list.in || exit 1; \
	done

clean: ## Remove everything that was built or installed
	cargo clean
	rm -rf .aws-sam .local .tools

# No dependencies are resolved: requirements.txt already names every one of them.
$(TOOLS): requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; PYTHON=path names one."; exit 1; }
	@echo "Installing the tools into .tools (about a minute, once)"
	@$(PYTHON) -m venv --clear $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement requirements.txt
	@touch $@

$(API): $(API_PYTHON).txt
	@echo "Installing schemathesis into .tools (once)"
	@$(PYTHON) -m venv --clear .tools/api
	@.tools/api/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement $<
	@touch $@

# The bench beside the peers has pinned what plots take.
$(PLOT): benches/peers/requirements/bench.txt
	@echo "Installing matplotlib into .tools (once)"
	@$(PYTHON) -m venv --clear .tools/plot
	@.tools/plot/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --requirement $<
	@touch $@

# Tried again while something is missing: the installer makes this file when it has everything.
$(PEERS): $(PEERS_PYTHON:=.txt) benches/peers/Cargo.lock benches/peers/node/package-lock.json
	@$(PYTHON) benches/peers/bench/install.py

# The same.
$(IDEMPOTENCY): $(IDEMPOTENCY_PYTHON).txt benches/idempotency/node/package-lock.json
	@$(PYTHON) benches/idempotency/bench/install.py

$(INTEROP): $(INTEROP_PYTHON).txt tests/interop/install.py tests/interop/node/package-lock.json
	@$(PYTHON) tests/interop/install.py

# Unoptimised: they build in half the time, and are still done with the workspace in seconds. The stem is NAME-VERSION.
.tools/cargo-%/installed:
	@echo "Building cargo-$* into .tools (about a minute, once)"
	@CARGO_PROFILE_DEV_DEBUG=0 cargo install --quiet --locked --debug --no-track cargo-$(word 1,$(subst -, ,$*)) \
	  --version $(word 2,$(subst -, ,$*)) --root $(@D) --target-dir .tools/build-$*
	@rm -rf .tools/build-$*
	@touch $@
