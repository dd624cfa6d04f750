# demo · test · check · bench: each makes its own .venv when there is none. `check` is `lint`, `test` and `slow`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FILES := analysis bot charts commands providers tests benchmarks

.PHONY: sbom chaos soak demo test fuzz slow engines lint check wheel bench docs system node chromium clean

demo: $(VENV)/demo
	$(BIN)/pitcrew demo $(DEMO)

test: $(VENV)/dev system node
	$(BIN)/python -m pytest -n auto --dist loadscope -m "not slow and not live"

# The property tests once more, on examples that nobody has seen: a thousand, or ten thousand with PROFILE=thorough.
fuzz: PROFILE ?= exploring
fuzz: $(VENV)/dev system node
	$(BIN)/python -m pytest -n auto --dist loadscope -m "not live and not engines and hypothesis" --hypothesis-profile $(PROFILE)

slow: $(VENV)/dev system node chromium
	$(BIN)/python -m pytest -n auto --dist loadscope -m "slow and not live and not engines"

# Engines beside DuckDB: they come as extras, and Spark needs a Java 17.
engines: $(VENV)/dev
	@command -v java >/dev/null || { apt-get update -qq && apt-get install -y -qq openjdk-17-jre-headless >/dev/null; } \
	|| { echo "Spark needs Java: install your system's package (Debian: openjdk-17-jre-headless)."; exit 1; }
	$(BIN)/python -m pip install -q -c constraints.txt -e ".[spark,clickhouse,trino]"
	$(BIN)/python -m pytest -m engines

lint: $(VENV)/dev
	$(BIN)/ruff format --check $(FILES)
	$(BIN)/ruff check $(FILES)
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/python -m bot.docs --check

check: lint
	$(MAKE) test
	$(MAKE) slow
	$(MAKE) engines

docs: $(VENV)/dev
	$(BIN)/python -m bot.docs

# The promises of docs/operations.md in their long form, on SQLite and PostgreSQL; CI runs them in short, as slow tests.
# INTO=docs/operations.md puts the lines that were tried into its matrix, of TRIALS="R2 R7" these alone.
chaos: $(VENV)/dev system
	$(BIN)/python -m benchmarks.chaos $(TRIALS) $(if $(INTO),--into $(INTO))

# A month in twenty minutes, or in MINUTES, with five requests a second, on both databases beside each other.
soak: $(VENV)/dev system
	$(BIN)/python -m benchmarks.soak $(if $(INTO),--into $(INTO))

# Everything that is installed with Pitcrew, in a bare environment, as a CycloneDX document; and the licences as a page.
sbom: $(VENV)/dev
	$(BIN)/python -m bot.licences
	$(PYTHON) -m venv build/sbom && build/sbom/bin/python -m pip install -q --upgrade "pip>=25.1"
	build/sbom/bin/python -m pip install -q -c constraints.txt .
	$(BIN)/python -m pip install -q -c constraints.txt --group sbom
	mkdir -p dist
	$(BIN)/python -m cyclonedx_py environment --pyproject pyproject.toml --of JSON -o dist/pitcrew.cdx.json build/sbom
	$(BIN)/python -m bot.licences --check dist/pitcrew.cdx.json build/sbom

wheel: $(VENV)/dev
	$(BIN)/python -m pip wheel -q --no-deps --wheel-dir dist .

# statsforecast pins an older pandas, so that it has an environment of its own; without it its rows say so.
bench: $(VENV)/dev node
	$(BIN)/python -m pip install -q -c constraints.txt --group bench
	@test -e build/peers/bin/statsforecast || { $(PYTHON) -m venv build/peers \
	&& build/peers/bin/python -m pip install -q statsforecast==2.1.1 && touch build/peers/bin/statsforecast; } \
	|| echo "statsforecast cannot be installed: its rows will be missing"
	$(BIN)/python -m benchmarks

# The tests start a PostgreSQL of their own, from the system's package; jq is what some printed commands use.
system:
	@command -v jq >/dev/null || { apt-get update -qq && apt-get install -y -qq jq >/dev/null; } \
	|| { echo "The tests need jq: install your system's package."; exit 1; }
	@ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null 2>&1 \
	|| { echo "installing PostgreSQL for the tests"; \
	     apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql >/dev/null; } \
	|| { echo "The tests need PostgreSQL: install your system's package (Debian: postgresql)."; exit 1; }

# What the tests start that is written for Node, in exact versions; no lock file, which would name where they came from.
node: tests/node/node_modules/ready

tests/node/node_modules/ready: tests/node/package.json
	@command -v npm >/dev/null || { apt-get update -qq && apt-get install -y -qq nodejs npm >/dev/null; } \
	|| { echo "The tests need Node: install your system's packages nodejs and npm."; exit 1; }
	cd tests/node && npm install --no-package-lock --no-audit --no-fund --loglevel=error
	touch $@

# The browser of the system, for what is looked at as people see it.
chromium:
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	|| { apt-get update -qq && apt-get install -y -qq chromium >/dev/null; } \
	|| { echo "The slow tests need Chromium: install your system's package."; exit 1; }

# A bare environment for the demo, a full one for development; both pinned by constraints.txt.
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --upgrade "pip>=25.1"

$(VENV)/demo: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install -q -c constraints.txt -e .
	touch $@

$(VENV)/dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(BIN)/python -m pip install -q -c constraints.txt -e . --group dev
	touch $@ $(VENV)/demo

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
