# net.mk: the relay, the tools and the checks of tests/net.
#
# Included by the Makefile of the tree, or alone: make -f tests/net/net.mk [check-net]

BUILD ?= build
CC ?= cc
NET := tests/net
NET_OUT := $(BUILD)/tests/net
NET_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -Wshadow -Wpointer-arith -Wcast-qual \
	-Wsign-compare -Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes -Wvla -MMD -MP \
	-Itypes -Ilib/impair
NET_SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=all

NET_RELAY := relay options port
NET_IMPAIR := impair codel toobig # of lib/impair
NET_TOOLS := $(patsubst $(NET)/tools/%.c,%,$(filter-out $(NET)/tools/lib%.c,$(wildcard $(NET)/tools/*.c)))
NET_PROGRAMS := $(NET_OUT)/relay $(NET_OUT)/relay-unit $(NET_OUT)/relay-fd $(addprefix $(NET_OUT)/,$(NET_TOOLS)) \
	$(NET_OUT)/cable $(NET_OUT)/peer $(NET_OUT)/handshake

.PHONY: net-tools check-net
net-tools: $(NET_PROGRAMS)

check-net: net-tools
	prove --exec '' $(NET)/*.t

$(NET_OUT)/%.o: $(NET)/%.c
	@mkdir -p $(@D)
	$(CC) $(NET_CFLAGS) -c -o $@ $<

$(NET_OUT)/impair/%.o: lib/impair/%.c
	@mkdir -p $(@D)
	$(CC) $(NET_CFLAGS) -c -o $@ $<

$(NET_OUT)/relay: $(NET_RELAY:%=$(NET_OUT)/%.o) $(NET_IMPAIR:%=$(NET_OUT)/impair/%.o)
	$(CC) -o $@ $^

$(NET_OUT)/relay-fd: $(NET_OUT)/relay-fd.o
	$(CC) -o $@ $^

$(NET_OUT)/tools/%.o: $(NET)/tools/%.c
	@mkdir -p $(@D)
	$(CC) $(NET_CFLAGS) -c -o $@ $<

$(NET_TOOLS:%=$(NET_OUT)/%): $(NET_OUT)/%: $(NET_OUT)/tools/%.o \
	$(patsubst $(NET)/%.c,$(NET_OUT)/%.o,$(wildcard $(NET)/tools/lib*.c))
	$(CC) -o $@ $^

$(NET_OUT)/cable: bench/cable.c
	@mkdir -p $(@D)
	$(CC) $(NET_CFLAGS) -o $@ $<

# Only for benchmarks: needs liblwip-dev.
$(NET_OUT)/lwip: bench/lwip.c
	@mkdir -p $(@D)
	$(CC) $(filter-out -Wcast-qual -Wshadow,$(NET_CFLAGS)) -isystem /usr/include/lwip -o $@ $< -llwip

$(NET_OUT)/handshake: bench/handshake.c
	@mkdir -p $(@D)
	$(CC) $(NET_CFLAGS) -o $@ $< -lssl -lcrypto

PEER_C := $(addprefix bench/,peer.c server.c client.c) lib/digest/sha256.c
$(NET_OUT)/peer: $(PEER_C) bench/peer.h bench/pattern.h
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(NET_CFLAGS)) -Ilib/digest -o $@ $(filter %.c,$^)

# The engine again, under sanitizers.
$(NET_OUT)/relay-unit: $(NET)/relay-unit.c $(NET_IMPAIR:%=lib/impair/%.c) $(wildcard lib/impair/mir/*.h)
	@mkdir -p $(@D)
	$(CC) $(filter-out -MMD -MP,$(NET_CFLAGS)) $(NET_SANITIZE) -o $@ $(filter %.c,$^)

-include $(wildcard $(NET_OUT)/*.d $(NET_OUT)/*/*.d)
