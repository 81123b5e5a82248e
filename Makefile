# make book   build the book into _build/html, running every chapter
# make test   run the tests
# make lab    open the chapters in JupyterLab
# make figures  redraw the README's picture
# make assignments   write the problem sets for students, course/handout/
# make grade SUBMISSIONS=folder   grade what they handed in, course/grades.csv
# make test-teaching   all tests of grading, about ten minutes
# make pdf    print the built book into _build/book.pdf, with Chromium
# make test-browser   the built book in Chromium, both sizes and modes
# make test-scale   many processes on one cache: Dask, shards, kills
# make clean  remove what the build wrote (not .venv)
#
# Only Python >= 3.11, git and make are needed: .venv is made on demand.
# For a CPU-only torch on Linux (200 MB instead of several GB) pass
#   PIP_FLAGS="--extra-index-url https://download.pytorch.org/whl/cpu"

PYTHON ?= python3
PIP_FLAGS ?=
COURSE ?= course
ASSIGNMENTS ?=
SUBMISSIONS ?=
AGAIN ?=
BIN := .venv/bin
STAMP := .venv/.installed
# Of this environment alone: elsewhere a page may open as it always did.
LAB_SETTINGS := .venv/share/jupyter/lab/settings/overrides.json
BROWSER := .venv/.browser
SCALE := .venv/.scale

.PHONY: book test lab figures assignments grade test-teaching \
  test-browser test-scale pdf clean

book: $(STAMP)
	NCLIB_CACHE="$(CURDIR)/_build/nclib-cache" \
	  $(BIN)/jupyter-book build . -W --keep-going --all

test: $(STAMP)
	$(BIN)/python -m pytest

lab: $(STAMP)
	$(BIN)/jupytext-config --settings-file $(LAB_SETTINGS) \
	  set-default-viewer markdown myst
	$(BIN)/jupyter lab book

figures: $(STAMP)
	$(BIN)/python -m nclib figure 1 --out book/_static/figure_1.png

# One option for both commands: which course, and which problem sets of it.
CHOSEN = --course "$(COURSE)" $(addprefix --assignment ,$(ASSIGNMENTS))

assignments: $(STAMP)
	$(BIN)/python -m classroom release $(CHOSEN)

grade: $(STAMP)
	$(if $(SUBMISSIONS),,$(error name a folder: make grade SUBMISSIONS=...))
	$(BIN)/python -m classroom grade "$(SUBMISSIONS)" $(CHOSEN) \
	  $(if $(AGAIN),--again)

test-teaching: $(STAMP)
	$(BIN)/python -m pytest -m "" tests/test_classroom

pdf: $(BROWSER)
	$(BIN)/python book/print_pdf.py

test-browser: $(BROWSER)
	$(BIN)/python -m pytest -m browser -rs tests/test_browser.py

test-scale: $(SCALE)
	$(BIN)/python -m pytest -m scale -rs -s tests/test_scale.py

$(SCALE): $(STAMP)
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[scale]'
	touch $@

$(BROWSER): $(STAMP)
	$(BIN)/python -m pip install -q -c constraints.txt -e '.[browser]'
	touch $@

$(STAMP): Makefile pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) \
	  and "nclib needs Python 3.11 or newer: make PYTHON=python3.12")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install $(PIP_FLAGS) -c constraints.txt \
	  -e '.[book,teach,test]'
	touch $@

clean:
	rm -rf _build .pytest_cache .ruff_cache
	find book nclib tests -name __pycache__ -prune -exec rm -rf {} +
