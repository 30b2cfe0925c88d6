# tender.mk: how the tenders are built; included by the top Makefile.
#   TENDERS            build/mirage-hvt, build/mirage-spt
#   TENDER_TEST_OBJS   their objects without main(), with sanitizers, for tender/tests
#   TENDER_FUZZ_OBJS   the same for tender/fuzz
#
# They are static, position-independent and linked with musl: a process that starts in a tenth of
# the time of a static glibc one (README.md), and whose code is above the memory of any guest.

TENDER_CPU  := $(shell uname -m)
# Files of other CPUs end in _CPU.c.
tender_of   = $(filter-out %_x86_64.c %_aarch64.c,$(wildcard $1)) $(filter %_$(TENDER_CPU).c,$(wildcard $1))
TENDER_SPT_S := tender/spt/signals_$(TENDER_CPU).S
TENDER_C    := $(sort $(call tender_of,tender/*.c))
TENDER_HVT_C := $(sort $(call tender_of,tender/hvt/*.c))
TENDER_SPT_C := $(sort $(call tender_of,tender/spt/*.c))
TENDERS     := $(if $(TENDER_HVT_C),$(BUILD)/mirage-hvt) $(if $(TENDER_SPT_C),$(BUILD)/mirage-spt)

TENDER_PARTS     := $(filter-out %/main.c,$(TENDER_C) $(TENDER_HVT_C) $(TENDER_SPT_C))
TENDER_TEST_OBJS := $(TENDER_PARTS:%.c=$(BUILD)/san/%.o) $(TENDER_SPT_S:%.S=$(BUILD)/san/%.o)
TENDER_FUZZ_OBJS := $(TENDER_PARTS:%.c=$(BUILD)/fuzzobj/%.o) $(TENDER_SPT_S:%.S=$(BUILD)/fuzzobj/%.o)

# A program of the host, of the same version as the tool.
TENDER_FLAGS := -D_GNU_SOURCE -Itender \
	-DMIRAGE_VERSION='$(shell sed -n 's/^.define MIRAGE_VERSION *//p' cli/version.h)'
$(BUILD)/san/tender/% $(BUILD)/fuzzobj/tender/%: LANG_FLAGS += $(TENDER_FLAGS)

MUSL_LIB     := /usr/lib/$(TENDER_CPU)-linux-musl
# musl's headers, then those of the compiler, then the kernel's.
MUSL_INCLUDE := -nostdinc -isystem /usr/include/$(TENDER_CPU)-linux-musl \
	-isystem $(shell $(CC) -print-file-name=include) \
	-idirafter /usr/include -idirafter /usr/include/$(TENDER_CPU)-linux-gnu
TENDER_HARD  := -fPIE -fstack-protector-strong -fstack-clash-protection -ffunction-sections -fdata-sections
TENDER_LINK  := -nostdlib -static-pie -Wl,-z,relro,-z,now,-z,noexecstack,--gc-sections,--build-id=none

$(BUILD)/tender/%.o: %.c
	$(call say,CC $@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LANG_FLAGS) $(TENDER_FLAGS) $(CFLAGS) $(TENDER_HARD) $(MUSL_INCLUDE) -Iabi -MMD -MP -c $< -o $@

$(BUILD)/tender/%.o: %.S
	$(call say,CC $@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -c $< -o $@

# $1 program, $2 sources of its own, $3 objects of its own
define tender_rule
$(BUILD)/$1: $(TENDER_C:%.c=$(BUILD)/tender/%.o) $(2:%.c=$(BUILD)/tender/%.o) $3
	$$(call say,LD $$@)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(CFLAGS) $$(TENDER_LINK) $$(LDFLAGS) $(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o $$^ \
		$(MUSL_LIB)/libc.a -lgcc $(MUSL_LIB)/crtn.o -o $$@
endef
$(eval $(call tender_rule,mirage-hvt,$(TENDER_HVT_C)))
$(eval $(call tender_rule,mirage-spt,$(TENDER_SPT_C),$(TENDER_SPT_S:%.S=$(BUILD)/tender/%.o)))

.PHONY: tenders
tenders: $(TENDERS) ## build the tenders at build/mirage-hvt and build/mirage-spt

# The least that tenders could do, and what measures (bench/start.sh).
$(BUILD)/bench/floor-hvt $(BUILD)/bench/floor-spt: $(BUILD)/bench/%: bench/%.c
	$(call say,CC $@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LANG_FLAGS) $(CFLAGS) -fPIE $(MUSL_INCLUDE) $(TENDER_LINK) $(MUSL_LIB)/rcrt1.o $(MUSL_LIB)/crti.o \
		$< $(MUSL_LIB)/libc.a -lgcc $(MUSL_LIB)/crtn.o -o $@
$(BUILD)/bench/start: bench/start.c
	$(call say,CC $@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LANG_FLAGS) $(CFLAGS) $< -o $@

# mirage-spt for aarch64, with the C library of Debian's cross compiler: runs under qemu-user with
# --x-no-sandbox (tender/tests/spt.t).
TENDER_ARM_C := $(filter-out %_x86_64.c,$(wildcard tender/*.c tender/spt/*.c)) \
	tender/spt/signals_aarch64.S
$(BUILD)/aarch64/mirage-spt: $(TENDER_ARM_C) $(wildcard tender/*.h tender/spt/*.h abi/mir/*.h)
	$(call say,CC $@)
	@mkdir -p $(@D)
	$(Q)aarch64-linux-gnu-gcc $(LANG_FLAGS) $(TENDER_FLAGS) $(CFLAGS) -fPIE -static-pie -Iabi $(TENDER_ARM_C) -o $@

# mirage-hvt for aarch64, for an emulated machine (tests/long/aarch64.t).
TENDER_ARM_HVT_C := $(filter-out %_x86_64.c,$(wildcard tender/*.c tender/hvt/*.c))
$(BUILD)/aarch64/mirage-hvt: $(TENDER_ARM_HVT_C) $(wildcard tender/*.h tender/hvt/*.h abi/mir/*.h)
	$(call say,CC $@)
	@mkdir -p $(@D)
	$(Q)aarch64-linux-gnu-gcc $(LANG_FLAGS) $(TENDER_FLAGS) $(CFLAGS) -fPIE -static-pie -Iabi $(TENDER_ARM_HVT_C) -o $@
