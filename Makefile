# make run   the whole product on this machine: http://localhost:8080, mail on :2525
# make test  everything that continuous integration runs
# make check formatting, lints, types: the quick part

CARGO ?= cargo
UI = services/inbox/console services/web-chat/widget

.PHONY: run test check build ui tools fmt bench-idle bench-sms bench-chat bench-smtp bench-inbox screenshots fuzz deny clean

run: build data/owner.password
	@echo "sign in as owner@acme.example with the password $$(cat data/owner.password)"
	@FRONTDESK_OWNER__PASSWORD_FILE=data/owner.password exec target/release/frontdesk up --config deploy/sandbox.toml

data/owner.password:
	@mkdir -p data && umask 077 && python3 -c 'import secrets; print(secrets.token_urlsafe(12))' > $@

build: ui
	$(CARGO) build --release --locked -p frontdesk

# The console and the widget; without Node the executable builds all the same and says what is missing.
ui: $(UI:%=%/dist/.built)

define web_part
$(1)/node_modules/.installed: $(1)/package-lock.json
	cd $(1) && npm ci --no-audit --no-fund --loglevel=error && touch node_modules/.installed
$(1)/dist/.built: $(1)/node_modules/.installed $$(shell find $(1)/src $(1)/types $(1)/*.json $(1)/*.ts $(1)/*.html -type f 2>/dev/null)
	cd $(1) && npm run build --silent && touch dist/.built
endef
$(foreach part,$(UI),$(eval $(call web_part,$(part))))

tools:
	.ci/tools all

test:
	.ci/test

check: ui
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings
	for package in $(UI); do (cd $$package && npm run check --silent) || exit 1; done

fmt:
	$(CARGO) fmt --all

# Resident memory and time to ready of the release executable, printed.
bench-idle: build
	$(CARGO) run --release --locked -p load -- idle

# Signed webhooks a second to a durable 2xx, beside bare JetStream publishing and a receiver in Node, printed.
bench-sms: build
	$(CARGO) run --release --locked -p load -- sms

# Memory of an idle widget and answers a second to 1,000 and 10,000 of them, beside Socket.IO and ws, printed.
bench-chat: build
	$(CARGO) run --release --locked -p load -- chat

# Mails a second to a durable 250, beside Haraka, Postfix and its smtp-sink, printed.
bench-smtp: build
	.ci/tools nats mail
	$(CARGO) run --release --locked -p load -- smtp

# How long agents wait, with up to a million tickets, on SQLite and on PostgreSQL, printed. Takes an hour and 30 GB.
bench-inbox: build
	.ci/tools postgres
	$(CARGO) run --release --locked -p load -- inbox

# Pictures of the console, the sandbox and the widget, desktop and phone, light and dark, into docs/.
screenshots: build tests/browser/node_modules/.installed
	cd tests/browser && node screenshots.mjs

tests/browser/node_modules/.installed: tests/browser/package-lock.json
	cd tests/browser && npm ci --no-audit --no-fund --loglevel=error && touch node_modules/.installed

# Fuzzes the reader of mail on the wire, the understanding of mails and of their words; FUZZ_SECONDS=600 each.
fuzz:
	tests/fuzz/run

# Licences, duplicates and sources of all dependencies (needs cargo-deny).
deny:
	$(CARGO) deny check licenses bans sources

clean:
	$(CARGO) clean
	rm -rf $(UI:%=%/dist) $(UI:%=%/node_modules)
