# Baton, from a fresh machine: only Python >= 3.11 and make are needed. `make` alone lists what there is.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
LOCAL  := $(VENV)/.local.stamp
DEV    := $(VENV)/.dev.stamp
WEB    := $(VENV)/.browser.stamp
PORT   ?=
TESTS_AT_ONCE ?= 3
UP     := $(if $(PORT),--port $(PORT))

.DEFAULT_GOAL := help
.PHONY: help demo up down status logs test test-processors test-paddleocr test-pyannote test-llm-server test-browser browser screenshots check docs format bench-core bench-gpu bench-asr bench-ocr bench-dual bench-diarize bench-llm soak chaos simulate requirements clean docker-up docker-down

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ---- run it ----

demo: $(LOCAL) ## a video becomes subtitles on a throw-away stack, from upload to signed callback
	@$(BIN)/baton demo

up: $(LOCAL) ## start Redis, gateway and workers; they stay (PORT=8001 for another port)
	@$(BIN)/baton up $(UP)

down: $(LOCAL) ## stop what `make up` started
	@$(BIN)/baton down

status: $(LOCAL) ## show what runs
	@$(BIN)/baton status

logs: $(LOCAL) ## follow all logs
	@$(BIN)/baton logs

docker-up: ## the same in containers
	docker compose up --build --detach --wait

docker-down: ## stop the containers; their volumes stay
	docker compose down

# ---- work on it ----

test: $(DEV) ## run the tests, against a real Redis of their own
	$(BIN)/python -m pytest --numprocesses=$(TESTS_AT_ONCE) --dist=loadfile --no-loadscope-reorder $(ARGS)

test-processors: $(DEV) ## run the tests of the engines as on other processors, with and without a system ffmpeg
	$(BIN)/python -m tests.support.restricted_runs $(ARGS)

# Libraries too heavy for `make test` and `make demo`: each has a virtual environment, tests/engines/<name> and a pin file.
test-paddleocr: .venv-paddleocr/.stamp ## run the tests of PaddleOCR's own pipeline (its OpenCV is not rapidocr's)
	.venv-paddleocr/bin/python -m pytest tests/engines/paddleocr $(ARGS)

test-pyannote: .venv-pyannote/.stamp ## run the tests of the real pyannote.audio (installs torch)
	.venv-pyannote/bin/python -m pytest tests/engines/pyannote $(ARGS)

test-llm-server: .venv-pyannote/.llm-server.stamp ## run the llm tests against a real server with a tiny model (beside the same torch)
	.venv-pyannote/bin/python -m pytest tests/engines/llm $(ARGS)

test-browser: browser ## run the dashboard's tests in a real Chromium
	$(BIN)/python -m pytest tests/browser --timeout=300 $(ARGS)

browser: $(WEB) ## find a Chromium for them, or get one (CHROMIUM=/path/to/chrome names one)
	@$(BIN)/python -m tests.support.chromium

screenshots: browser ## take pictures of the dashboard, in docs/screenshots
	$(BIN)/python -m tests.browser.screenshots $(ARGS)

check: $(DEV) ## lint, types, layers; compose file and Dockerfiles where the tools are there
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@if docker compose version >/dev/null 2>&1; then set -e -x; docker compose config --quiet; \
	  COMPOSE_FILE=docker-compose.yml:compose.external-redis.yml docker compose config --quiet; \
	  DOCKER_GROUP=0 COMPOSE_FILE=docker-compose.yml:compose.restart-containers.yml docker compose config --quiet; \
	  COMPOSE_FILE=docker-compose.yml:compose.gpu.yml docker compose config --quiet; \
	  else echo "docker compose is not here: docker-compose.yml was not checked"; fi
	@if command -v hadolint >/dev/null; then set -x; hadolint */Dockerfile */*/Dockerfile; \
	  else echo "hadolint is not here: the Dockerfiles were not checked"; fi

docs: $(DEV) ## write the reference (docs/reference) from the code
	$(BIN)/python -m docs.writer

format: $(DEV) ## format the code and fix what can be fixed
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench-core: $(DEV) ## measure submission, latency and events against the plain way
	$(BIN)/python -m bench.core $(ARGS)

bench-gpu: $(DEV) ## measure the GPU lock against the usual ones, and models that stay against loading each time
	$(BIN)/python -m bench.gpu $(ARGS)
	$(BIN)/python -m bench.residency

bench-asr: $(DEV) ## measure transcription against plain faster-whisper
	$(BIN)/python -m bench.asr $(ARGS)

bench-ocr: $(DEV) ## measure subtitle extraction against plain OCR of sampled frames
	$(BIN)/python -m bench.ocr $(ARGS)

bench-dual: $(DEV) ## measure two streams against one engine after the other, and against plain threads
	$(BIN)/python -m bench.dual $(ARGS)
	$(BIN)/python -m bench.overlap

bench-diarize: .venv-pyannote/.stamp ## measure diarization against the plain pyannote pipeline
	.venv-pyannote/bin/python -m bench.diarize $(ARGS)

bench-llm: $(DEV) ## measure translation against plain calls, one after the other
	$(BIN)/python -m bench.llm $(ARGS)

soak: $(DEV) ## run 300 transcriptions through one worker, and see that nothing grows
	$(BIN)/python -m bench.soak $(ARGS)

chaos: $(DEV) ## hurt the whole stack for an hour, then see that every promise held (ARGS="--minutes 5 --seed 7")
	$(BIN)/python -m tests.chaos $(ARGS)

simulate: $(DEV) ## run the states of tasks on a virtual clock with lost calls, deaths and partitions (ARGS="--seeds 5000")
	$(BIN)/python -m tests.simulation $(ARGS)

# Every file is compiled under the pins of the widest one, so that all images run the same versions.
# PaddleOCR pins versions of its own, so its files stand alone.
ALONE    := $(wildcard requirements/paddleocr_pipeline*.in)
NARROWER := $(filter-out requirements/dev.in $(ALONE),$(wildcard requirements/*.in))
TORCH    := requirements/pyannote.txt requirements/llm_server.txt
COMPILE   = $(BIN)/uv pip compile --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --quiet
requirements: $(LOCAL) ## compile requirements/*.in to pinned *.txt (ARGS=--upgrade for newer ones)
	$(BIN)/pip install --quiet uv
	$(COMPILE) $(ARGS) requirements/dev.in --output-file requirements/dev.txt
	@set -e -x; for file in $(NARROWER); do \
	  $(COMPILE) --constraint requirements/dev.txt $$file --output-file $${file%.in}.txt; done
	@set -e -x; for file in $(ALONE); do $(COMPILE) $(ARGS) $$file --output-file $${file%.in}.txt; done
	@# torch brings the CUDA packages that its build wants
	sed -i.all -E '/^(nvidia-[^m]|cuda-|triton)/d' $(TORCH) && rm $(TORCH:=.all)

clean: ## remove the virtual environment and caches; share/ and .baton/ stay
	@if [ -x $(BIN)/baton ]; then $(BIN)/baton down; fi
	rm -rf $(VENV) .venv-* *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ---- the virtual environment: a stamp is as new as what was installed, so a second run is instant ----

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON). Install Python >= 3.11, or name one: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is $$($(PYTHON) --version 2>&1); Baton needs Python >= 3.11. Name another: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv. Or name another: make PYTHON=..."; exit 1; }
	@echo "making $(VENV)"
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
	@# for its models, and to compare with; without the OpenCV that it asks for
	@.venv-paddleocr/bin/python -m pip install --quiet --disable-pip-version-check --no-deps "$$(grep ^rapidocr== requirements/paddleocr.txt)"
	@touch $@

.venv-%/.stamp: requirements/%.txt requirements/dev.txt | $(BIN)/python
	@echo "installing requirements/$*.txt into .venv-$* (it is large)"
	@$(PYTHON) -m venv .venv-$*
	@.venv-$*/bin/python -m pip install --quiet --disable-pip-version-check --requirement requirements/dev.txt --requirement $<
	@# torchaudio's extension wants CUDA's libraries, which torch for the CPU has not; pyannote needs only its Python part
	@if [ -d .venv-$*/lib/python3.*/site-packages/torchaudio ]; then .venv-$*/bin/python -c 'import torchaudio' 2>/dev/null \
	  || rm -rf .venv-$*/lib/python3.*/site-packages/torchaudio/lib; fi
	@touch $@

.venv-pyannote/.llm-server.stamp: requirements/llm_server.txt .venv-pyannote/.stamp
	@.venv-pyannote/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@
