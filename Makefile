# Each target is a command or two that a person could type; `make help` lists them.
#
#   PYTHON       the interpreter that makes .venv          (make book PYTHON=python3.12)
#   IRLIB_SCALE  smoke, pocket (the default) or paper      (IRLIB_SCALE=smoke make book)
#   SOLUTIONS    yes (the default) or no: a book without solutions, in _build/without-solutions

PYTHON ?= python3
SOLUTIONS ?= yes
BIN := .venv/bin
STAMP := .venv/irlib-installed
SYSTEMS := restormer promptir perceive-ir nafnet airnet dppd pivpnet am-promptir dfpir instructir
# What the last stages of the shipped network's training have in common.
LAST := --patch 128 --batch 6 --warmup 20 --scenes 128 --twigs 0.6 --glare 0.6 --thinnest-haze 0.35
ifeq ($(SOLUTIONS),yes)
PLACE := .
else
PLACE := _build/without-solutions
endif
# The lock is made on Linux (its torch brings CUDA libraries); elsewhere the ranges decide.
ifeq ($(shell uname -s),Linux)
INSTALL := -r requirements.lock
else
INSTALL := -e ".[book,test,lab]"
endif

.DEFAULT_GOAL := help
.PHONY: help book test lab lint reproduce clean

help:  ## list the targets
	@grep -hE '^[a-z.]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-11s %s\n", $$1, $$2}'

.venv: $(STAMP)  ## make the virtual environment and install irlib in it (2-5 minutes, once)

$(STAMP): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing into .venv: a few gigabytes, a few minutes, once."
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(INSTALL)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	$(BIN)/python -m irlib.viz.restore_here book/browser/package.json
	@touch $(STAMP)

book: $(STAMP)  ## train a pocket PromptIR here, evaluate it, render the book (about 10 minutes, CPU)
	$(BIN)/irlib live
	IRLIB_SOLUTIONS=$(SOLUTIONS) $(BIN)/jupyter-book build . --path-output $(PLACE) -W -n --keep-going
	@echo
	@echo "The book is ready. Open $(abspath $(PLACE))/_build/html/index.html"

test: lint  ## lint, all tests, notebooks at smoke, strict build, pages in a browser (about 20 minutes)
	IRLIB_SCALE=smoke OMP_NUM_THREADS=1 $(BIN)/pytest tests notebooks -n 2 --dist loadscope \
	    --nbval-lax --nbval-cell-timeout=300 --nbval-sanitize-with tests/nbval_sanitize.cfg

lint: $(STAMP)  ## check code and notebooks with ruff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

lab: $(STAMP)  ## open JupyterLab on the notebooks
	$(BIN)/jupyter-lab --notebook-dir=. --LabApp.default_url=/lab/tree/notebooks \
	    --LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate

reproduce: $(STAMP)  ## train the shipped networks again and measure them (five hours on CPU; for tables: irlib reproduce)
	$(BIN)/irlib train promptir --scale pocket --steps 10000 --warmup 100 --scenes 128 \
	    --run runs/promptir-pocket-64 --record promptir-pocket/training-first
	$(BIN)/irlib train promptir --scale pocket --init runs/promptir-pocket-64/weights.safetensors \
	    --patch 96 --batch 9 --turns deblur=3 dehaze=2 derain=2 --steps 1600 --rate 0.0008 \
	    --warmup 50 --ema 0.998 --scenes 128 --seed 1 \
	    --run runs/promptir-pocket-96 --record promptir-pocket/training-second
	$(BIN)/irlib train promptir --scale pocket --init runs/promptir-pocket-96/weights.safetensors \
	    --patch 96 --batch 9 --turns deblur=4 derain=2 --steps 500 --rate 0.0004 --warmup 20 \
	    --ema 0.99 --scenes 128 --seed 2 --run runs/promptir-pocket --record promptir-pocket/training
	$(BIN)/irlib train promptir --scale pocket --init runs/promptir-pocket/weights.safetensors \
	    $(LAST) --turns deblur=4 derain=2 dehaze=2 denoise=2 --steps 1300 --rate 0.0007 --ema 0.99 \
	    --faded 0.5 --intact 0.15 --seed 3 \
	    --run runs/promptir-pocket-128 --record promptir-pocket/training-fourth
	$(BIN)/irlib train promptir --scale pocket --init runs/promptir-pocket-128/weights.safetensors \
	    $(LAST) --turns deblur=4 derain=3 denoise=2 --steps 700 --rate 0.0005 --ema 0.995 \
	    --faded 0.6 --intact 0.2 --seed 4 \
	    --run runs/promptir-pocket-last --record promptir-pocket/training-fifth
	$(BIN)/irlib train promptir --scale pocket --init runs/promptir-pocket-128/weights.safetensors \
	    $(LAST) --turns deblur=4 derain=2 denoise=2 --steps 700 --rate 0.0005 --ema 0.995 \
	    --faded 0.6 --seed 5 \
	    --run runs/promptir-pocket-keen --record promptir-pocket/training-sixth
	$(BIN)/irlib train promptir --scale pocket --init runs/promptir-pocket-keen/weights.safetensors \
	    $(LAST) --turns deblur=4 derain=2 dehaze=3 denoise=2 --steps 600 --rate 0.0005 --ema 0.99 \
	    --faded 0.6 --seed 6 \
	    --run runs/promptir-pocket-haze --record promptir-pocket/training-seventh
	$(BIN)/irlib models average runs/promptir-pocket-haze/weights.safetensors \
	    runs/promptir-pocket-last/weights.safetensors runs/promptir-pocket-keen/weights.safetensors \
	    --shares 0.5 0.35 0.15 --out irlib/weights/promptir-pocket.safetensors \
	    --record promptir-pocket/training-average
	$(BIN)/irlib evaluate --weights promptir-pocket --embedded --record promptir-pocket/embedded
	$(BIN)/irlib tiles --record promptir-pocket/tiles
ifdef IRLIB_DATA
	$(BIN)/irlib evaluate --weights promptir-pocket --benchmark cbsd68 --sigma 25 --record promptir-pocket/cbsd68-sigma25
	$(BIN)/irlib evaluate --weights promptir-pocket --benchmark rain100l --record promptir-pocket/rain100l
	$(BIN)/irlib evaluate --weights promptir-pocket --benchmark sots-outdoor --record promptir-pocket/sots
	$(BIN)/irlib evaluate --weights promptir-pocket --benchmark lol-train --record promptir-pocket/lol
	$(BIN)/irlib evaluate --weights promptir-pocket --benchmark gopro --record promptir-pocket/gopro
	$(BIN)/irlib evaluate --weights promptir-pocket --pairs $(IRLIB_DATA)/GoPro_patch256 --record promptir-pocket/gopro-patches
endif
	$(BIN)/irlib models card promptir-pocket --picture book/_static/before-after.jpg
	$(BIN)/irlib reproduce equal-budget --scale pocket --seeds 1 --again
	for model in $(SYSTEMS); do \
	    cp runs/equal-budget/$$model/seed-0/weights.safetensors irlib/weights/$$model-equal.safetensors && \
	    $(BIN)/irlib models card $$model-equal || exit 1; \
	done

clean:  ## remove what was built here; .venv and runs/ stay
	rm -rf _build build book/_generated book/tables book/reference .ruff_cache .hypothesis
